import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.following.events import RunEvent, StepEnded, TuningProgressed
from cli.following.telling import line_of
from cli.following.tuning import TuningWatch, watch_of
from cli.following.watching import follow

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def described(status: str, best: float | None, **counters: int) -> dict[str, Any]:
    document: dict[str, Any] = {
        "HyperParameterTuningJobName": "tune-1",
        "HyperParameterTuningJobStatus": status,
        "HyperParameterTuningJobConfig": {"HyperParameterTuningJobObjective": {"MetricName": "validation:auc"}},
        "TrainingJobStatusCounters": counters,
    }
    if best is not None:
        document["BestTrainingJob"] = {"FinalHyperParameterTuningJobObjectiveMetric": {"Value": best}}
    return document


class TuningJobs:
    """A SageMaker client that answers each look with the next description; None: there is no such job."""

    def __init__(self, *looks: dict[str, Any] | None, code: str = "ResourceNotFound") -> None:
        self._looks = iter(looks)
        self._code = code

    def describe_hyper_parameter_tuning_job(self, HyperParameterTuningJobName: str) -> dict[str, Any]:
        found = next(self._looks)
        if found is None:
            raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, "DescribeHyperParameterTuningJob")
        return found


def told(jobs: TuningJobs, looks: int) -> list[TuningProgressed | None]:
    watch = TuningWatch(jobs, "tune-1", 20, lambda: NOW)
    return [watch() for _ in range(looks)]


def test_what_has_changed_is_told_once() -> None:
    jobs = TuningJobs(
        None,
        described("InProgress", None, InProgress=2),
        described("InProgress", 0.81, Completed=1, InProgress=2),
        described("InProgress", 0.81, Completed=1, InProgress=1, RetryableError=1),
        described("Completed", 0.84, Completed=17, Stopped=2, NonRetryableError=1),
    )
    first = TuningProgressed(NOW, 1, 20, "validation:auc", 0.81)
    last = TuningProgressed(NOW, 20, 20, "validation:auc", 0.84)
    assert told(jobs, 5) == [None, None, first, None, last]


def test_an_ended_job_is_not_asked_again() -> None:
    ended = TuningJobs(described("Completed", 0.8, Completed=20))
    first, *rest = told(ended, 3)
    assert first is not None
    assert rest == [None, None]


def test_what_may_not_be_looked_at_is_an_error() -> None:
    with pytest.raises(ClientError):
        told(TuningJobs(None, code="AccessDeniedException"), 1)


def test_a_run_that_does_not_tune_has_nothing_to_tell() -> None:
    for plan in ({}, {"tuning": None}):
        assert watch_of(TuningJobs(), plan)() is None
    assert isinstance(watch_of(TuningJobs(), {"tuning": {"job_name": "tune-1", "max_jobs": 20}}), TuningWatch)


def test_progress_is_told_until_the_step_has_ended() -> None:
    """Each look: the history first, then the progress."""
    entered = {"type": "TaskStateEntered", "timestamp": NOW, "stateEnteredEventDetails": {"name": "Tune"}}
    exited = {"type": "TaskStateExited", "timestamp": NOW, "stateExitedEventDetails": {"name": "Tune"}}
    ended = {"type": "ExecutionSucceeded", "timestamp": NOW}
    output = json.dumps({"HyperParameterTuningJobName": "tune-1"})
    done = {"type": "TaskSucceeded", "timestamp": NOW, "taskSucceededEventDetails": {"output": output}}
    looks = iter([[entered], [entered, done, exited], [entered, done, exited, ended]])
    asked: list[int] = []

    class States:
        def get_paginator(self, operation: str) -> "States":
            return self

        def paginate(self, **_: Any) -> list[dict[str, Any]]:
            return [{"events": next(looks)}]

    def progress() -> RunEvent:
        asked.append(1)
        return TuningProgressed(NOW, 1, 20, "validation:auc", 0.8)

    events = list(follow(States(), "arn", every_seconds=1, limit_seconds=9, progress=progress, sleep=lambda _: None))
    assert [type(event).__name__ for event in events] == ["StepStarted", "TuningProgressed", "StepEnded", "RunEnded"]
    assert len(asked) == 1


def no_seconds(kind: str, name: str) -> None:
    return None


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (TuningProgressed(NOW, 0, 20, "validation:auc", None), "Tune: 0 of 20 jobs"),
        (TuningProgressed(NOW, 7, 20, "validation:auc", 0.85123), "Tune: 7 of 20 jobs, best validation:auc 0.8512"),
        (
            StepEnded("Tune", NOW, 93.0, ("tuning", "tune-1"), described("Completed", 0.8731, Completed=20)),
            "Tune: done in 93.0 s (job tune-1, 20 jobs, best validation:auc 0.8731)",
        ),
        (
            StepEnded("Gate", NOW, 0.4, None, {"verdict": "needs-human", "checks": []}),
            "Gate: done in 0.4 s (verdict needs-human)",
        ),
        (
            StepEnded("Validate", NOW, 9.0, None, {"ExecutionArn": "a", "Output": {"verdict": "fail", "reason": "no"}}),
            "Validate: done in 9.0 s (verdict fail)",
        ),
        (
            StepEnded(
                "Register", NOW, 0.4, None, {"package_arn": "a", "version": 3, "status": "PendingManualApproval"}
            ),
            "Register: done in 0.4 s (version 3 is PendingManualApproval)",
        ),
    ],
)
def test_lines(event: RunEvent, line: str) -> None:
    assert line_of(event, no_seconds) == line
