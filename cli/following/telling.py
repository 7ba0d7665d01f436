"""A run's events as one line each."""

from collections.abc import Callable, Mapping
from typing import Any

from cli.following.events import (
    STOPPED,
    AttemptFailed,
    JobKind,
    RunEnded,
    RunEvent,
    StepEnded,
    StepStarted,
    TuningProgressed,
)
from cli.following.tuning import metric_of, progress_of

JobSeconds = Callable[[JobKind, str], float | None]


def line_of(event: RunEvent, job_seconds: JobSeconds) -> str:
    if isinstance(event, StepStarted):
        return f"{event.step} …"
    if isinstance(event, AttemptFailed):
        return f"{event.step}: an attempt failed: {failure_of(event)}"
    if isinstance(event, StepEnded):
        return _ended(event, job_seconds)
    if isinstance(event, TuningProgressed):
        return f"Tune: {event.done} of {event.total} jobs{_best(event.metric, event.best)}"
    return _run_ended(event)


def failure_of(event: AttemptFailed) -> str:
    """The cause on one line; the error's name where there is no cause."""
    return " ".join(event.cause.split()) or event.error


def outcome_of(event: StepEnded) -> str:
    """done, failed or stopped."""
    if event.error is None:
        return "done"
    return "stopped" if event.error.error == STOPPED else "failed"


def _ended(event: StepEnded, job_seconds: JobSeconds) -> str:
    outcome = {"done": "done in", "failed": "failed after", "stopped": "stopped after"}[outcome_of(event)]
    notes = [*_job_notes(event, job_seconds), *_result_notes(event.result)]
    return f"{event.step}: {outcome} {event.seconds:.1f} s" + (f" ({', '.join(notes)})" if notes else "")


def _job_notes(event: StepEnded, job_seconds: JobSeconds) -> list[str]:
    if event.job is None:
        return []
    kind, name = event.job
    seconds = job_seconds(kind, name)
    notes = [f"job {name}"] + ([f"itself {seconds:.1f} s"] if seconds is not None else [])
    if kind == "tuning" and "TrainingJobStatusCounters" in event.result:
        done, best = progress_of(event.result)
        notes.append(f"{done} jobs{_best(metric_of(event.result), best)}")
    return notes


def _result_notes(result: Mapping[str, Any]) -> list[str]:
    """What a step decided: the gate and the validation their verdict, the registration a version and its status."""
    nested = result.get("Output")  # of the validation's own state machine
    decided = nested if isinstance(nested, Mapping) else result
    if "verdict" in decided and ("checks" in decided or "reason" in decided):
        return [f"verdict {decided['verdict']}"]
    if "package_arn" in result and "version" in result:
        return [f"version {result['version']} is {result.get('status', 'registered')}"]
    return []


def _best(metric: str, best: float | None) -> str:
    return f", best {metric} {best:.4f}" if best is not None else ""


def _run_ended(event: RunEnded) -> str:
    reason = " ".join(f"{event.error} {event.cause}".split())
    return f"run {event.status} after {event.seconds:.1f} s" + (f": {reason}" if reason else "")
