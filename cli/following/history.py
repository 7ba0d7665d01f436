"""Step Functions' history of an execution as our events. Only tasks are steps: choices take no time worth telling."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cli.following.events import STOPPED, AttemptFailed, JobKind, RunEnded, RunEvent, StepEnded, StepStarted

_JOB_NAMES: dict[str, JobKind] = {
    "ProcessingJobName": "processing",
    "TrainingJobName": "training",
    "HyperParameterTuningJobName": "tuning",
}
_FAILURES = ("TaskFailed", "TaskTimedOut", "TaskStartFailed", "TaskSubmitFailed")
_LAMBDA_FAILURES = ("LambdaFunctionFailed", "LambdaFunctionTimedOut", "LambdaFunctionStartFailed")
_BRANCHES_ENDED = ("ParallelStateExited", "ParallelStateFailed", "ParallelStateAborted")
_ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}


def read_history(history: Sequence[Mapping[str, Any]]) -> list[RunEvent]:
    """A longer history of the same execution gives the same events first."""
    reader = _Reader(started_at=history[0]["timestamp"] if history else None)
    return [event for entry in history for event in reader.read(entry)]


@dataclass
class _Step:
    """A task under way. Several are at a time in a Parallel state."""

    started: StepStarted
    failure: AttemptFailed | None = None
    result: Mapping[str, Any] = field(default_factory=dict)

    def ended(self, at: datetime) -> StepEnded:
        return StepEnded(
            step=self.started.step,
            at=at,
            seconds=_seconds(self.started.at, at),
            job=job_of(self.result),
            result=_payload(self.result),
            error=self.failure,
        )

    def cut_short(self, at: datetime) -> StepEnded:
        """Nothing caught its own failure, or something else ended it: no history says that a state was left so."""
        name = self.started.step
        self.failure = self.failure or AttemptFailed(name, at, STOPPED, "it was stopped before it had ended")
        return self.ended(at)


@dataclass
class _Reader:
    started_at: datetime | None
    open: list[_Step] = field(default_factory=list)
    by_event: dict[int, _Step] = field(default_factory=dict)

    def read(self, entry: Mapping[str, Any]) -> Iterator[RunEvent]:
        kind = entry["type"]
        if kind in _ENDS:
            yield from self._cut_short(entry["timestamp"])
            yield self._end(entry)
        elif kind in _BRANCHES_ENDED:
            yield from self._cut_short(entry["timestamp"])
        elif kind == "TaskStateEntered":
            yield self._enter(entry)
        elif (step := self._step_of(entry)) is not None:
            self._belongs(entry, step)
            yield from self._within(step, entry)

    def _within(self, step: _Step, entry: Mapping[str, Any]) -> Iterator[RunEvent]:
        kind = entry["type"]
        if kind in _FAILURES or kind in _LAMBDA_FAILURES:
            yield _failed(step, entry)
        elif kind in ("TaskSucceeded", "LambdaFunctionSucceeded"):
            step.failure, step.result = None, _json(_details(entry).get("output"))
        elif kind == "TaskStateExited":
            self.open.remove(step)
            yield step.ended(entry["timestamp"])

    def _cut_short(self, at: datetime) -> Iterator[StepEnded]:
        for step in self.open:
            yield step.cut_short(at)
        self.open.clear()

    def _enter(self, entry: Mapping[str, Any]) -> StepStarted:
        started = StepStarted(entry["stateEnteredEventDetails"]["name"], entry["timestamp"])
        step = _Step(started)
        self.open.append(step)
        self._belongs(entry, step)
        return started

    def _step_of(self, entry: Mapping[str, Any]) -> _Step | None:
        """By its own name where it has one, else by the event before it; the newest step where neither is said."""
        name = entry.get("stateExitedEventDetails", {}).get("name")
        if name is not None:
            return next((step for step in reversed(self.open) if step.started.step == name), None)
        before = self.by_event.get(entry.get("previousEventId", 0))
        return before or (self.open[-1] if self.open else None)

    def _belongs(self, entry: Mapping[str, Any], step: _Step) -> None:
        if "id" in entry:
            self.by_event[entry["id"]] = step

    def _end(self, entry: Mapping[str, Any]) -> RunEnded:
        details = _details(entry)
        return RunEnded(
            status=_ENDS[entry["type"]],
            at=entry["timestamp"],
            seconds=_seconds(self.started_at, entry["timestamp"]),
            error=details.get("error", ""),
            cause=readable_cause(details.get("cause", "")),
        )


def _failed(step: _Step, entry: Mapping[str, Any]) -> AttemptFailed:
    details = _details(entry)
    cause = details.get("cause", "")
    step.failure = AttemptFailed(step.started.step, entry["timestamp"], details.get("error", ""), readable_cause(cause))
    step.result = _json(cause)
    return step.failure


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
    job = job_of(document)
    if job is None:
        return cause
    status = next((value for key, value in document.items() if key.endswith("JobStatus")), "failed")
    return f"{job[0]} job {job[1]} ended as {status} and gave no reason"


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
