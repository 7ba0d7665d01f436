import json
from typing import Any

import pytest

from sluice.plan import CodeVersion, RunPlan, Surroundings, Upload, definition_document, plan_run
from tests.definitions import definition

CUSTOM = "000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:3"


def plan(**changes: Any) -> RunPlan:
    code = CodeVersion("ab12", "s3://b/code/ab12/processing/", "s3://b/code/ab12/sourcedir.tar.gz")
    surroundings = Surroundings("dev", "b", "role", "xgboost-image", code, None)
    upload = Upload("b", "models/churn/raw/churn.csv", "v1", "e", 10, "o")
    return plan_run("261120202448-3fa2", definition(**changes), upload, surroundings, None)


def test_the_jobs_read_the_features_in_the_definitions_order() -> None:
    """It is the order in which an endpoint takes a row without names."""
    features = {"zeta": {"type": "numeric"}, "alpha": {"type": "categorical"}}

    document = json.loads(definition_document(definition(data__features=features)))

    assert list(document["data"]["features"]) == ["zeta", "alpha"]


def test_the_definition_reaches_the_script_as_hyperparameters() -> None:
    training = {"hyperparameters": {"eta": 0.1}, "class_weight": "balanced", "checkpoint_rounds": 10}

    planned = plan(training=training, evaluation={"threshold": "cost", "cost_ratio": 5})

    assert planned.training.hyperparameters == {
        "eta": "0.1",
        "algorithm": "xgboost",
        "class_weight": "balanced",
        "checkpoint_rounds": "10",
        "memory_share": "0.6",
        "decision_threshold": "cost:5",
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": "s3://b/code/ab12/sourcedir.tar.gz",
    }


def test_constraints_reach_the_script_as_json_text() -> None:
    """The container decodes each hyperparameter once, and passes an object on as name=value,name=value."""
    constraints = {"age": "increasing"}

    sent = plan(training={"monotone_constraints": constraints}).training.hyperparameters["monotone_constraints"]

    assert json.loads(json.loads(sent)) == constraints


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_only_a_binary_task_has_a_threshold(task: str) -> None:
    assert "decision_threshold" not in plan(data__task=task, data__positive_label=None).training.hyperparameters


def test_a_custom_image_gets_csv_and_its_own_hyperparameters_only() -> None:
    training = {"algorithm": "custom", "image": CUSTOM, "hyperparameters": {"depth": 3, "algorithm": "mine"}}

    planned = plan(training=training)

    assert planned.training.image_uri == CUSTOM
    assert planned.training.hyperparameters == {"depth": "3", "algorithm": "mine"}
    assert (planned.split_format, planned.split_content_type) == ("csv", "text/csv")
    assert planned.image_uri == "xgboost-image"


def test_only_preprocess_is_spread_over_instances() -> None:
    planned = plan(data__mode="append", processing={"instance_count": 3, "instance_type": "ml.m5.xlarge"})

    assert (planned.preprocess.instance_count, planned.evaluate.instance_count) == (3, 1)
    assert {planned.preprocess.instance_type, planned.evaluate.instance_type} == {"ml.m5.xlarge"}
