import csv
import json
from typing import Any

import numpy as np
import pytest

import inference
from codec.codec import encode_rows
from serving.artifact import Artifact
from serving.bad_request import Refusal
from tests.unit.training_code.serving.conftest import CLASSES, FEATURES
from tests.unit.training_code.tiny import score_rows

ROWS = [[25, "Bonn", 2000, "a"], [70, "Köln", None, "b"], [None, "Oslo", 1500.5, None]]
NAMES = [feature.name for feature in FEATURES]


def _answer(model: Artifact, accept: str | None, rows: Any = ROWS) -> str:
    found = inference.transform_fn(model, json.dumps(rows), "application/json", accept)
    assert isinstance(found, tuple), found
    return found[0]


def _json(model: Artifact, parameters: str) -> list[dict[str, Any]]:
    lines = _answer(model, f"application/jsonlines{parameters}").splitlines()
    predictions = json.loads(_answer(model, f"application/json{parameters}"))["predictions"]
    assert [json.loads(line) for line in lines] == predictions
    return predictions


def _csv(model: Artifact, parameters: str) -> list[list[str]]:
    return list(csv.reader(_answer(model, f"text/csv{parameters}").splitlines(), strict=True))


def _floats(texts: list[str]) -> list[np.float32]:
    return [np.float32(text) for text in texts]


def test_binary(binary: Artifact):
    scores = score_rows(binary, ROWS)
    labels = [CLASSES["binary"][int(score >= 0.25)] for score in scores]
    assert len(set(labels)) == 2
    assert any(0.25 <= score < 0.5 for score in score_rows(binary, [[age, "Bonn", 2000, "a"] for age in range(90)]))
    both = _json(binary, "")
    assert both == _json(binary, "; output=both")
    assert [list(row) for row in both] == [["probability", "label"]] * 3
    assert _floats([row["probability"] for row in both]) == scores.tolist()
    assert [row["label"] for row in both] == labels
    assert _json(binary, ";output=label") == [{"label": label} for label in labels]
    assert _json(binary, ";output=probability") == [{"probability": row["probability"]} for row in both]
    assert _floats([row[0] for row in _csv(binary, "")]) == scores.tolist()
    assert _csv(binary, "; output=label") == [[label] for label in labels]
    assert [row[1:] for row in _csv(binary, "; output=both")] == [[label] for label in labels]


def test_the_threshold_is_the_one_of_training_json(binary: Artifact):
    rows = [[age, "Bonn", 2000, "a"] for age in range(18, 90)]
    for threshold in (None, 0.1, 0.9):
        model = Artifact(binary.booster, binary.codec, {"threshold": threshold})
        answers = json.loads(_answer(model, None, rows))["predictions"]
        chosen = 0.5 if threshold is None else threshold
        assert [row["label"] != "No" for row in answers] == [row["probability"] >= chosen for row in answers]


def test_multiclass(multiclass: Artifact):
    scores = score_rows(multiclass, ROWS)
    labels = [CLASSES["multiclass"][code] for code in scores.argmax(axis=1)]
    both = _json(multiclass, "")
    assert [row["label"] for row in both] == labels
    assert [list(row["probabilities"]) for row in both] == [list(CLASSES["multiclass"])] * 3
    assert [_floats(list(row["probabilities"].values())) for row in both] == scores.tolist()
    assert _json(multiclass, ";output=label") == [{"label": label} for label in labels]
    assert [_floats(row) for row in _csv(multiclass, "")] == scores.tolist()
    assert [row[3:] for row in _csv(multiclass, "; output=both")] == [[label] for label in labels]


def test_regression(regression: Artifact):
    scores = score_rows(regression, ROWS)
    assert _floats([row["prediction"] for row in _json(regression, "")]) == scores.tolist()
    assert [_floats(row) for row in _csv(regression, "")] == [[score] for score in scores.tolist()]
    refusal = inference.transform_fn(regression, json.dumps(ROWS), "application/json", "text/csv; output=label")
    assert refusal == Refusal("Accept has output=label, but this model predicts a number: leave output out.")


def test_contributions(any_model: Artifact):
    task = any_model.codec.target.task
    margins = any_model.booster.inplace_predict(encode_rows(any_model.codec, ROWS), predict_type="margin")
    contributions = [row["contributions"] for row in _json(any_model, ";contributions=true")]
    width = {"binary": 1, "multiclass": 3, "regression": 1}[task]
    table = np.array([_floats(row[width:]) for row in _csv(any_model, ";contributions=true")])
    if task == "multiclass":
        assert list(contributions[0]) == list(CLASSES[task])
        per_class = [list(row.values()) for row in contributions]
        assert all(list(names) == [*NAMES, "bias"] for row in per_class for names in row)
        values = np.array([[list(one.values()) for one in row] for row in per_class])
    else:
        assert all(list(row) == [*NAMES, "bias"] for row in contributions)
        values = np.array([list(row.values()) for row in contributions])
    np.testing.assert_allclose(values.sum(axis=-1), margins, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(values.reshape(len(values), -1).astype(np.float32), table)


@pytest.mark.parametrize("accept", ["text/csv", "application/json", "application/jsonl"])
def test_an_answer_has_the_type_that_was_asked_for(binary: Artifact, accept: str):
    assert inference.transform_fn(binary, json.dumps(ROWS), "application/json", accept)[1] == accept


@pytest.mark.parametrize(("told", "said"), [("7", 7), ("", None), ("7; rm", None)])
def test_json_names_the_version_where_the_container_was_told(
    binary: Artifact, monkeypatch: pytest.MonkeyPatch, told: str, said: int | None
):
    monkeypatch.setenv("SLUICE_MODEL_VERSION", told)

    assert json.loads(_answer(binary, "application/json")).get("model_version") == said
    assert "7" not in json.loads(_answer(binary, "application/jsonlines").splitlines()[0])
