from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.demo.findings import Uploaded
from cli.demo.predict import choose
from cli.demo.run import check, is_of
from cli.demo.stages import StageFailedError
from cli.evaluation_numbers import metrics_of
from cli.following.events import AttemptFailed, RunEnded, StepEnded

NOW = datetime(2026, 11, 20, tzinfo=UTC)
UPLOAD = Uploaded("bucket", "models/churn/raw/churn.csv", "v1")


def event(key: str, version: str | None) -> dict:
    return {"detail": {"object": {"key": key, **({"version-id": version} if version else {})}}}


@pytest.mark.parametrize(
    ("document", "ours"),
    [
        (event(UPLOAD.key, "v1"), True),
        (event(UPLOAD.key, None), True),
        (event(UPLOAD.key, "v0"), False),
        (event("models/churn/raw/other.csv", "v1"), False),
        ({"detail": {"model": "churn"}}, False),
        ({}, False),
    ],
)
def test_the_execution_is_known_by_the_object_version_in_its_input(document: dict, ours: bool) -> None:
    assert is_of(document, UPLOAD) is ours


def ended(status: str = "FAILED") -> RunEnded:
    return RunEnded(status, NOW, 5.0, "States.TaskFailed", "a long story")


def test_a_failed_job_is_reported_with_its_reason_and_its_own_log(tmp_path: Path) -> None:
    log = tmp_path / "jobs" / "prep-1" / "algo-1.log"
    log.parent.mkdir(parents=True)
    log.write_text("last words")
    failure = AttemptFailed("Preprocess", NOW, "States.TaskFailed", "No rows\nare left.")
    steps = [StepEnded("Preprocess", NOW, 2.0, ("processing", "prep-1"), {}, failure)]
    with pytest.raises(StageFailedError, match=r"^Preprocess: No rows are left\.$") as caught:
        check(ended(), steps, tmp_path)
    assert caught.value.log == log


def test_a_quarantined_upload_is_reported_with_its_reason(tmp_path: Path) -> None:
    answer = {"outcome": "quarantined", "reason": "the file is empty"}
    steps = [StepEnded("StartRun", NOW, 1.0, None, answer)]
    with pytest.raises(StageFailedError, match=r"no run was started \(quarantined\): the file is empty"):
        check(ended(), steps, tmp_path)


def test_any_other_end_is_reported_with_its_cause(tmp_path: Path) -> None:
    with pytest.raises(StageFailedError, match=r"the run ended FAILED: States\.TaskFailed a long story"):
        check(ended(), [], tmp_path)


def test_a_run_that_succeeded_passes(tmp_path: Path) -> None:
    check(ended("SUCCEEDED"), [StepEnded("StartRun", NOW, 1.0, None, {"outcome": "run"})], tmp_path)


def test_the_records_show_both_classes_where_there_are_both() -> None:
    rows = [{"n": str(n), "churned": "No"} for n in range(5)] + [{"n": "5", "churned": "Yes"}]
    assert [row["n"] for row in choose(rows, "churned")] == ["0", "1", "5"]
    assert [row["n"] for row in choose(rows[:5], "churned")] == ["0", "1", "2"]


def test_curves_and_matrices_are_no_metrics() -> None:
    found = metrics_of(
        {
            "binary_classification_metrics": {
                "auc": {"value": 0.8, "standard_deviation": 0.01},
                "confusion_matrix": {"0": {"0": 1, "1": 2}},
                "receiver_operating_characteristic_curve": {"false_positive_rates": []},
            }
        }
    )
    assert found == {"auc": {"value": 0.8, "standard_deviation": 0.01}}
