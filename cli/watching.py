"""Follows an execution of the retrain state machine through its history, step by step.

History is read again on every look and parsed from its start: it is append-only and short (a few dozen events), so what
was reported before is a prefix of what is known now.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from cli.errors import OperationFailedError

_JOB_NAMES: dict[str, "JobKind"] = {"ProcessingJobName": "processing", "TrainingJobName": "training"}
_FAILURES = ("TaskFailed", "TaskTimedOut", "TaskStartFailed", "TaskSubmitFailed")
_LAMBDA_FAILURES = ("LambdaFunctionFailed", "LambdaFunctionTimedOut", "LambdaFunctionStartFailed")
_ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}

JobKind = Literal["processing", "training"]


@dataclass(frozen=True)
class StepStarted:
    step: str
    at: datetime


@dataclass(frozen=True)
class AttemptFailed:
    """One attempt of a step; the state machine may try again or go to its Catch."""

    step: str
    at: datetime
    error: str
    cause: str


@dataclass(frozen=True)
class StepEnded:
    """`error` is set when the step's last attempt failed and a Catch took over."""

    step: str
    at: datetime
    seconds: float
    job: tuple[JobKind, str] | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    error: AttemptFailed | None = None


@dataclass(frozen=True)
class RunEnded:
    status: str
    at: datetime
    seconds: float
    error: str = ""
    cause: str = ""


RunEvent = StepStarted | AttemptFailed | StepEnded | RunEnded


def follow(
    states: Any,
    execution_arn: str,
    *,
    every_seconds: float,
    limit_seconds: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[RunEvent]:
    """Each event once, as soon as a look finds it, up to and with RunEnded.

    `states` is a Step Functions client. Raises OperationFailedError when the run has not ended after `limit_seconds`.
    """
    deadline, reported = clock() + limit_seconds, 0
    while True:
        events = read_history(load_history(states, execution_arn))
        yield from events[reported:]
        reported = len(events)
        if events and isinstance(events[-1], RunEnded):
            return
        if clock() >= deadline:
            raise OperationFailedError(
                f"the run has not ended after {limit_seconds:.0f} s. It goes on: follow it with sluice runs --follow"
            )
        sleep(every_seconds)


def load_history(states: Any, execution_arn: str) -> list[Mapping[str, Any]]:
    pages = states.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, includeExecutionData=True, PaginationConfig={"PageSize": 1000}
    )
    return [event for page in pages for event in page["events"]]


def read_history(history: Sequence[Mapping[str, Any]]) -> list[RunEvent]:
    """Step Functions' history events as ours. Only tasks are steps: choices and passes take no time worth telling."""
    reader = _Reader(started_at=history[0]["timestamp"] if history else None)
    return [event for entry in history if (event := reader.read(entry)) is not None]


@dataclass
class _Reader:
    started_at: datetime | None
    step: StepStarted | None = None
    failure: AttemptFailed | None = None
    result: Mapping[str, Any] = field(default_factory=dict)

    def read(self, entry: Mapping[str, Any]) -> RunEvent | None:
        kind = entry["type"]
        if kind == "TaskStateEntered":
            return self._enter(entry)
        if kind in _FAILURES or kind in _LAMBDA_FAILURES:
            return self._fail(entry)
        if kind in ("TaskSucceeded", "LambdaFunctionSucceeded"):
            self.failure = None
            self.result = _json(_details(entry).get("output"))
            return None
        if kind == "TaskStateExited":
            return self._exit(entry)
        return self._end(entry) if kind in _ENDS else None

    def _enter(self, entry: Mapping[str, Any]) -> StepStarted:
        self.failure, self.result = None, {}
        self.step = StepStarted(entry["stateEnteredEventDetails"]["name"], entry["timestamp"])
        return self.step

    def _fail(self, entry: Mapping[str, Any]) -> AttemptFailed | None:
        if self.step is None:
            return None
        details = _details(entry)
        self.failure = AttemptFailed(
            self.step.step, entry["timestamp"], details.get("error", ""), readable_cause(details.get("cause", ""))
        )
        self.result = _json(details.get("cause"))
        return self.failure

    def _exit(self, entry: Mapping[str, Any]) -> StepEnded | None:
        if self.step is None:
            return None
        step, self.step = self.step, None
        return StepEnded(
            step=step.step,
            at=entry["timestamp"],
            seconds=_seconds(step.at, entry["timestamp"]),
            job=job_of(self.result),
            result=_payload(self.result),
            error=self.failure,
        )

    def _end(self, entry: Mapping[str, Any]) -> RunEnded:
        details = _details(entry)
        return RunEnded(
            status=_ENDS[entry["type"]],
            at=entry["timestamp"],
            seconds=_seconds(self.started_at, entry["timestamp"]),
            error=details.get("error", ""),
            cause=readable_cause(details.get("cause", "")),
        )


def job_of(result: Mapping[str, Any]) -> tuple[JobKind, str] | None:
    """The SageMaker job that a `.sync` task's result, or a failed one's cause, describes."""
    for key, kind in _JOB_NAMES.items():
        if key in result:
            return kind, str(result[key])
    return None


def readable_cause(cause: str) -> str:
    """The sentence inside a cause that is JSON: a failed job's Describe output, or a Lambda's error."""
    document = _json(cause)
    for key in ("ExitMessage", "FailureReason", "errorMessage"):
        if document.get(key):
            return str(document[key])
    return cause


def _payload(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a Lambda answered: the lambda:invoke integration wraps it."""
    payload = result.get("Payload", result)
    return payload if isinstance(payload, Mapping) else {}


def _details(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one member of a history event that holds its details: `taskFailedEventDetails`, `executionFailed…`."""
    details = [value for key, value in entry.items() if key.endswith("EventDetails")]
    return details[0] if details else {}


def _json(text: object) -> Mapping[str, Any]:
    if not isinstance(text, str) or not text.startswith("{"):
        return {}
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _seconds(start: datetime | None, end: datetime) -> float:
    return (end - start).total_seconds() if start else 0.0
