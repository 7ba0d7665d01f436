import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest

from job import BadData
from monitoring.distributions import LevelCounts, NumberCounts
from monitoring.observed import SliceCounts
from monitoring.reference import Attribution, Metric, read_reference

NUMBERS = {
    "type": "numeric",
    "missing": 3,
    "minimum": 0,
    "maximum": 2.5,
    "mean": 1.2,
    "deviation": 0.4,
    "whole": False,
    "edges": [1, 2.5],
    "counts": [40, 57, 0],
}
TRAINING: dict[str, Any] = {
    "format_version": 1,
    "rows": 100,
    "features": {
        "tenure": NUMBERS,
        "plan": {"type": "categorical", "missing": 1, "counts": {"a": 99}},
        "empty": {"type": "numeric", "missing": 100, "edges": [], "counts": [0], "minimum": None, "mean": None},
    },
}
TEST: dict[str, Any] = {
    "format_version": 1,
    "task": "binary",
    "rows": 20,
    "threshold": 0.5,
    "positive_label": "Yes",
    "outputs": {"score": {**NUMBERS, "missing": 0}},
    "labels": {"counts": {"Yes": 5, "No": 15}},
    "metrics": {"auc": {"value": 0.8, "deviation": 0.02}, "brier": {"value": None, "deviation": None}},
    "slices": [
        {"column": "sex", "value": "f", "kind": "value", "rows": 12, "selected": 4, "positives": 3,
         "true_positives": 2, "false_positives": 2}
    ],
    "attributions": {"tenure": {"absolute": 0.4, "mean": -0.1}, "plan": {"absolute": 0.1, "mean": None}},
}  # fmt: skip


def _write(folder: Path, training: Any = TRAINING, test: Any = TEST) -> tuple[Path, Path]:
    for name, document in (("baseline", training), ("evaluation", test)):
        (folder / name).mkdir(exist_ok=True)
        text = document if isinstance(document, str) else json.dumps(document)
        (folder / name / "reference.json").write_text(text, encoding="utf-8")
    return folder / "baseline", folder / "evaluation"


def test_what_a_run_wrote_is_read(tmp_path: Path):
    baseline, evaluation = _write(tmp_path)
    (baseline / "constraints.json").write_text('{"features": []}')
    found = read_reference(baseline, evaluation)
    tenure, plan, empty = (found.features[name] for name in ("tenure", "plan", "empty"))
    assert isinstance(tenure, NumberCounts)
    assert (tenure.edges.tolist(), tenure.counts.tolist(), tenure.missing, tenure.mean) == (
        [1, 2.5],
        [40, 57, 0],
        3,
        1.2,
    )
    assert plan == LevelCounts({"a": 99}, 1)
    assert isinstance(empty, NumberCounts)
    assert (empty.present, math.isnan(empty.mean)) == (0, True)
    assert found.metrics == {"auc": Metric(0.8, 0.02), "brier": Metric(None, None)}
    assert found.slices == (SliceCounts("sex", "f", "value", 12, 4, 12, 3, 2, 2),)
    assert found.attributions["plan"] == Attribution(0.1, None)
    assert found.labels == LevelCounts({"Yes": 5, "No": 15}, 0)
    assert (found.rows, found.test_rows, found.task, found.threshold) == (100, 20, "binary", 0.5)
    assert found.constraints == {"features": []}


def test_a_regression_has_no_labels_and_its_slices_only_rows(tmp_path: Path):
    slices = [{"column": "sex", "value": "f", "kind": "value", "rows": 12}]
    test = {**TEST, "task": "regression", "threshold": None, "positive_label": None, "slices": slices}
    del test["labels"]
    found = read_reference(*_write(tmp_path, test=test))
    assert (found.labels, found.slices) == (None, (SliceCounts("sex", "f", "value", 12, labelled=12),))


def test_a_version_of_a_time_before_checks_says_what_to_do(tmp_path: Path):
    baseline, evaluation = _write(tmp_path)
    (evaluation / "reference.json").unlink()
    with pytest.raises(BadData, match=r"trained before production was monitored.*Evaluate step.*Train|Train the model"):
        read_reference(baseline, evaluation)
    (baseline / "reference.json").unlink()
    with pytest.raises(BadData, match="its Preprocess step writes the file"):
        read_reference(baseline, evaluation)


def _with(document: dict[str, Any], value: Any, *path: str) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    part = changed
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("training", "test", "message"),
    [
        ("{", TEST, "is not JSON"),
        ("[]", TEST, "has format version None, this code reads 1"),
        (_with(TRAINING, 2, "format_version"), TEST, "has format version 2, this code reads 1"),
        (_with(TRAINING, "date", "features", "plan", "type"), TEST, "feature 'plan' has the type 'date'"),
        (_with(TRAINING, [1], "features", "tenure", "edges"), TEST, "3 counts do not fit 1 rising edges"),
        (_with(TRAINING, [2, 1], "features", "tenure", "edges"), TEST, "3 counts do not fit 2 rising edges"),
        (_with(TRAINING, {"a": -1}, "features", "plan", "counts"), TEST, "-1 is no number of rows"),
        (_with(TRAINING, None, "features"), TEST, "cannot be compared with"),
        (TRAINING, {key: value for key, value in TEST.items() if key != "metrics"}, "it lacks 'metrics'"),
        (TRAINING, _with(TEST, None, "rows"), "None is no number of rows"),
    ],
)
def test_a_file_that_is_not_as_agreed_is_refused(tmp_path: Path, training: Any, test: Any, message: str):
    with pytest.raises(BadData, match=message):
        read_reference(*_write(tmp_path, training, test))
