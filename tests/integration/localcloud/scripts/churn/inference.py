# ruff: noqa: PTH118 - other people's code
"""The serving side of train.py, by the four functions that SageMaker's scikit-learn container calls."""

import json
import os

import joblib
from columns import FEATURES


def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))


def input_fn(body, content_type):
    if content_type != "application/json":
        raise ValueError(f"unsupported content type {content_type}")
    return [[float(record[name]) for name in FEATURES] for record in json.loads(body)["records"]]


def predict_fn(data, model):
    return model.predict_proba(data)[:, 1]


def output_fn(prediction, accept):
    return json.dumps({"scores": [float(score) for score in prediction]}), "application/json"
