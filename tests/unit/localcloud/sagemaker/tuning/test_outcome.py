"""Counters, the best job and the end, from descriptions of training jobs alone."""

import math
from datetime import UTC, datetime

import pytest

from localcloud.sagemaker.tuning.outcome import Child, best, counters, failure, summarize, value_of

METRIC = "auc"


def summary(name, status, value=None, reason=""):
    job = {
        "TrainingJobName": name,
        "TrainingJobArn": f"arn:{name}",
        "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
        "TrainingJobStatus": status,
        "FinalMetricDataList": [{"MetricName": "loss", "Value": 9.0}],
    }
    if value is not None:
        job["FinalMetricDataList"].append({"MetricName": METRIC, "Value": value})
    if reason:
        job["FailureReason"] = reason
    return summarize(Child(0, name, {"eta": "0.1"}), job, METRIC)


def test_a_summary_holds_what_was_searched_and_what_came_of_it():
    found = summary("a", "Completed", 0.8)
    assert found["TunedHyperParameters"] == {"eta": "0.1"}
    assert found["FinalHyperParameterTuningJobObjectiveMetric"] == {"MetricName": METRIC, "Value": 0.8}
    assert found["ObjectiveStatus"] == "Succeeded"
    assert "FinalMetricDataList" not in found


@pytest.mark.parametrize(
    ("status", "value", "objective"),
    [
        ("InProgress", None, "Pending"),
        ("Stopping", 0.5, "Pending"),
        ("Completed", 0.5, "Succeeded"),
        ("Completed", None, "Failed"),
        ("Completed", math.nan, "Failed"),
        ("Completed", math.inf, "Failed"),
        ("Stopped", 0.5, "Succeeded"),
        ("Stopped", None, "Failed"),
        ("Failed", 0.5, "Failed"),
    ],
)
def test_the_objective_has_a_status_of_its_own(status, value, objective):
    found = summary("a", status, value)
    assert found["ObjectiveStatus"] == objective
    assert ("FinalHyperParameterTuningJobObjectiveMetric" in found) is (objective == "Succeeded")


def test_every_job_is_counted_twice():
    found = counters(
        [
            summary("a", "Completed", 0.5),
            summary("b", "Completed"),
            summary("c", "InProgress"),
            summary("d", "Stopping"),
            summary("e", "Stopped", 0.4),
            summary("f", "Failed", reason="AlgorithmError: no rows"),
            summary("g", "Failed", reason="InternalServerError: ours"),
        ]
    )
    assert found["TrainingJobStatusCounters"] == {
        "Completed": 2, "InProgress": 2, "RetryableError": 1, "NonRetryableError": 1, "Stopped": 1,
    }  # fmt: skip
    assert found["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 2, "Failed": 3}


@pytest.mark.parametrize(("maximize", "name"), [(True, "b"), (False, "a")])
def test_the_best_is_the_first_of_the_best(maximize, name):
    jobs = [summary("a", "Completed", 0.5), summary("b", "Completed", 0.9), summary("c", "Completed", 0.9)]
    assert best([summary("x", "Failed"), *jobs], maximize=maximize)["TrainingJobName"] == name


def test_a_stopped_job_is_best_for_want_of_a_whole_one():
    stopped, whole = summary("a", "Stopped", 0.9), summary("b", "Completed", 0.8)
    assert best([stopped, whole], maximize=True) is whole
    assert best([stopped, summary("c", "Completed")], maximize=True) is stopped
    assert best([summary("c", "Completed")], maximize=True) is None
    assert value_of(stopped) == 0.9


def test_a_tuning_job_fails_when_all_its_jobs_fail_and_says_why():
    jobs = [summary(name, "Failed", reason=f"AlgorithmError: {name} has no rows") for name in ("a", "b")]
    said = failure(jobs, METRIC)
    assert said.startswith("No training job succeeded after 2 attempts.")
    assert said.endswith("a: AlgorithmError: a has no rows")
    assert failure([*jobs, summary("c", "Completed", 0.5)], METRIC) == ""


def test_a_reason_fits_into_the_answer():
    assert len(failure([summary("a", "Failed", reason="x" * 1024)], METRIC)) == 1024


def test_a_tuning_job_fails_when_no_job_emits_the_objective():
    said = failure([summary("a", "Completed"), summary("b", "Failed", reason="no")], METRIC)
    assert said.startswith("No objective metrics found after running 2 training jobs.")
    assert METRIC in said


def test_five_ended_jobs_are_enough_to_give_up():
    jobs = [summary(str(number), "Failed", reason="no") for number in range(4)]
    assert failure([*jobs, summary("e", "InProgress")], METRIC, attempts=5) == ""
    assert "after 5 attempts" in failure([*jobs, summary("e", "Failed", reason="no")], METRIC, attempts=5)
