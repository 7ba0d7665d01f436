from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codec.codec import BINARY, MULTICLASS, REGRESSION, encode_rows
from evaluation import importance
from evaluation.artifacts import open_artifact
from evaluation.importance import FEWEST_ROWS, contributions, importance_document
from lean_xgboost import xgboost
from serving.artifact import Artifact
from tests.unit.training_code.evaluation.models import make_model, raw_rows


def _model(folder: Path, task: str) -> tuple[Artifact, Any]:
    artifact = open_artifact(make_model(folder / task, task))
    rows = raw_rows(task, count=120, seed=4)
    return artifact, encode_rows(artifact.codec, [[row[name] for name in artifact.codec.names] for row in rows])


@pytest.mark.parametrize(("task", "shape"), [(BINARY, (120, 3)), (MULTICLASS, (120, 3, 3)), (REGRESSION, (120, 3))])
def test_contributions_add_up_to_the_models_raw_output(tmp_path: Path, task: str, shape: tuple[int, ...]):
    artifact, rows = _model(tmp_path, task)
    found = contributions(artifact, rows)
    assert found.shape == shape
    data = xgboost.DMatrix(rows, feature_types=artifact.codec.xgboost_types, enable_categorical=True)
    gaps = artifact.booster.predict(data, output_margin=True, validate_features=False) - found.sum(axis=-1)
    # What is left is the bias, the same for each row.
    assert gaps == pytest.approx(np.broadcast_to(gaps[0], gaps.shape), abs=1e-4)


@pytest.mark.parametrize("task", [BINARY, MULTICLASS, REGRESSION])
def test_what_decides_comes_first_and_every_feature_is_there(tmp_path: Path, task: str):
    """visits makes the label, city a little; income is noise."""
    artifact, rows = _model(tmp_path, task)
    found = importance_document(artifact, contributions(artifact, rows))
    for values in found.values():
        assert set(values) == {"income", "visits", "city"}
        assert next(iter(values)) == "visits"
        assert list(values.values()) == sorted(values.values(), reverse=True)
    assert sum(found["gain"].values()) == pytest.approx(1)
    assert found["gain"]["visits"] > 0.6


def test_a_model_without_a_split_leans_on_nothing(tmp_path: Path):
    artifact, rows = _model(tmp_path, BINARY)
    data = xgboost.DMatrix(
        rows, np.arange(120) % 2, feature_types=artifact.codec.xgboost_types, enable_categorical=True
    )
    stump = xgboost.train({"max_depth": 1, "gamma": 1e9, "objective": "binary:logistic"}, data, 2)
    found = importance_document(
        Artifact(stump, artifact.codec, {}), contributions(Artifact(stump, artifact.codec, {}), rows)
    )
    assert found == {kind: dict.fromkeys(("income", "visits", "city"), 0.0) for kind in ("gain", "shap")}


def test_features_are_known_by_name_where_the_model_knows_their_names(tmp_path: Path):
    artifact, rows = _model(tmp_path, BINARY)
    unnamed = importance_document(artifact, contributions(artifact, rows))
    artifact.booster.feature_names = list(artifact.codec.names)
    assert importance_document(artifact, contributions(artifact, rows)) == unnamed


def test_a_large_model_is_asked_about_fewer_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    artifact, rows = _model(tmp_path, BINARY)
    size = len(artifact.booster.save_raw())
    every = contributions(artifact, rows)
    monkeypatch.setattr(importance, "MODEL_BYTES", 50 * size)
    assert np.array_equal(contributions(artifact, rows), every[:50])
    monkeypatch.setattr(importance, "MODEL_BYTES", 0)
    assert len(contributions(artifact, rows)) == FEWEST_ROWS
