"""History events as Step Functions documents them (and as MiniStack leaves some members out)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.errors import OperationFailedError
from cli.following.events import AttemptFailed, RunEnded, StepEnded, StepStarted
from cli.following.history import read_history
from cli.following.telling import line_of
from cli.following.watching import follow

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def event(kind: str, seconds: float, **details: Any) -> dict[str, Any]:
    return {"type": kind, "timestamp": at(seconds), **details}


def started() -> dict[str, Any]:
    return event("ExecutionStarted", 0, executionStartedEventDetails={"input": "{}"})


def entered(name: str, seconds: float, kind: str = "Task") -> dict[str, Any]:
    return event(f"{kind}StateEntered", seconds, stateEnteredEventDetails={"name": name, "input": "{}"})


def exited(name: str, seconds: float, kind: str = "Task") -> dict[str, Any]:
    return event(f"{kind}StateExited", seconds, stateExitedEventDetails={"name": name, "output": "{}"})


def succeeded(seconds: float, output: dict[str, Any]) -> dict[str, Any]:
    return event("TaskSucceeded", seconds, taskSucceededEventDetails={"output": json.dumps(output)})


def failed(seconds: float, error: str, cause: str) -> dict[str, Any]:
    return event("TaskFailed", seconds, taskFailedEventDetails={"error": error, "cause": cause})


def test_a_job_step_names_its_job_and_its_seconds() -> None:
    history = [
        started(),
        entered("Train", 1),
        event("TaskScheduled", 1, taskScheduledEventDetails={"resource": "createTrainingJob.sync"}),
        succeeded(5, {"TrainingJobName": "sluice-dev-churn-x-train", "TrainingJobStatus": "Completed"}),
        exited("Train", 5.5),
        event("ExecutionSucceeded", 6, executionSucceededEventDetails={"output": "{}"}),
    ]
    begun, ended, run = read_history(history)
    assert begun == StepStarted("Train", at(1))
    assert isinstance(ended, StepEnded)
    assert (ended.seconds, ended.job, ended.error) == (4.5, ("training", "sluice-dev-churn-x-train"), None)
    assert run == RunEnded("SUCCEEDED", at(6), 6.0)


def test_a_lambda_step_gives_its_payload() -> None:
    history = [started(), entered("Gate", 1), succeeded(2, {"Payload": {"verdict": "pass"}}), exited("Gate", 2)]
    ended = read_history(history)[1]
    assert isinstance(ended, StepEnded)
    assert ended.result == {"verdict": "pass"}


def test_choices_and_passes_are_no_steps() -> None:
    history = [started(), entered("Which", 1, "Choice"), exited("Which", 1, "Choice"), entered("Shape", 1, "Pass")]
    assert read_history(history) == []


def test_a_retry_is_told_and_a_success_after_it_counts() -> None:
    history = [
        started(),
        entered("Train", 1),
        failed(2, "SageMaker.ThrottlingException", "slow down"),
        succeeded(4, {"TrainingJobName": "x"}),
        exited("Train", 4),
    ]
    _, attempt, ended = read_history(history)
    assert attempt == AttemptFailed("Train", at(2), "SageMaker.ThrottlingException", "slow down")
    assert isinstance(ended, StepEnded)
    assert ended.error is None


def test_a_caught_failure_stays_with_its_step() -> None:
    cause = json.dumps(
        {"ProcessingJobName": "prep-1", "FailureReason": "AlgorithmError", "ExitMessage": "No rows left."}
    )
    history = [
        started(),
        entered("Preprocess", 1),
        failed(3, "States.TaskFailed", cause),
        exited("Preprocess", 3),
        entered("Finish", 3),
        succeeded(4, {"Payload": {}}),
        exited("Finish", 4),
        event("ExecutionFailed", 4, executionFailedEventDetails={"error": "RunFailed", "cause": "No rows left."}),
    ]
    events = read_history(history)
    caught = events[2]
    assert isinstance(caught, StepEnded)
    assert caught.error is not None
    assert caught.error.cause == "No rows left."
    assert caught.job == ("processing", "prep-1")
    assert events[-1] == RunEnded("FAILED", at(4), 4.0, "RunFailed", "No rows left.")
    finished = events[-2]
    assert isinstance(finished, StepEnded)
    assert finished.error is None


def test_a_job_that_was_stopped_by_hand_gives_no_reason() -> None:
    cause = json.dumps({"HyperParameterTuningJobName": "tune-1", "HyperParameterTuningJobStatus": "Stopped"})
    history = [started(), entered("Tune", 1), failed(2, "States.TaskFailed", cause)]
    attempt = read_history(history)[1]
    assert isinstance(attempt, AttemptFailed)
    assert attempt.cause == "tuning job tune-1 ended as Stopped and gave no reason"


def test_a_lambdas_error_is_its_message() -> None:
    cause = json.dumps({"errorType": "DefectError", "errorMessage": "no evaluation.json", "stackTrace": []})
    history = [started(), entered("Gate", 1), failed(2, "DefectError", cause)]
    attempt = read_history(history)[1]
    assert isinstance(attempt, AttemptFailed)
    assert attempt.cause == "no evaluation.json"


class GrowingHistory:
    """A Step Functions client whose execution has one more event on every look."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events
        self.looks = 0

    def get_paginator(self, operation: str) -> "GrowingHistory":
        assert operation == "get_execution_history"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        self.looks += 1
        seen = self._events[: self.looks]
        # Two pages, as AWS may answer.
        return [{"events": seen[:1]}, {"events": seen[1:]}]


def test_following_tells_each_event_once_and_ends_with_the_run() -> None:
    history = [
        started(),
        entered("Train", 1),
        succeeded(5, {"TrainingJobName": "x"}),
        exited("Train", 5),
        event("ExecutionSucceeded", 6, executionSucceededEventDetails={}),
    ]
    pauses: list[float] = []
    client = GrowingHistory(history)
    events = list(follow(client, "arn", every_seconds=2, limit_seconds=60, sleep=pauses.append, clock=lambda: 0.0))
    assert [type(one) for one in events] == [StepStarted, StepEnded, RunEnded]
    assert pauses == [2] * 4


def test_following_gives_up_after_the_limit_and_says_what_to_do() -> None:
    ticks = iter(range(0, 1000, 10))
    client = GrowingHistory([started()])
    with pytest.raises(OperationFailedError, match=r"has not ended after 30 s.*--follow"):
        list(follow(client, "arn", every_seconds=1, limit_seconds=30, sleep=lambda _: None, clock=lambda: next(ticks)))


def test_lines() -> None:
    ended = StepEnded("Train", at(5), 4.25, ("training", "job-1"))
    assert line_of(ended, lambda kind, name: 3.5) == "Train: done in 4.2 s (job job-1, itself 3.5 s)"
    assert line_of(StepEnded("Gate", at(5), 1.0), lambda kind, name: None) == "Gate: done in 1.0 s"
    broken = StepEnded("Train", at(5), 4.25, error=AttemptFailed("Train", at(5), "E", "why"))
    assert line_of(broken, lambda kind, name: None) == "Train: failed after 4.2 s"
    assert line_of(RunEnded("FAILED", at(9), 9, "E", "why"), lambda kind, name: None) == "run FAILED after 9.0 s: E why"
