"""Train and Tune at the same time: their events alternate, and previousEventId tells whose each is."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.following.events import AttemptFailed, RunEnded, RunEvent, StepEnded, StepStarted
from cli.following.history import read_history

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TRAINED = {"TrainingJobName": "train-1"}
TUNED = {"HyperParameterTuningJobName": "tune-1"}


class History:
    """Events as AWS numbers them: each names the one that it follows in its branch."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.add("ExecutionStarted", 0, None)

    def add(self, kind: str, second: float, after: int | None, **details: Any) -> int:
        number = len(self.events) + 1
        event = {
            "id": number,
            "previousEventId": after or 0,
            "type": kind,
            "timestamp": START + timedelta(seconds=second),
        }
        self.events.append({**event, **details})
        return number

    def enter(self, name: str, second: float, after: int) -> int:
        return self.add("TaskStateEntered", second, after, stateEnteredEventDetails={"name": name})

    def succeed(self, second: float, after: int, output: dict[str, Any]) -> int:
        return self.add("TaskSucceeded", second, after, taskSucceededEventDetails={"output": json.dumps(output)})

    def fail(self, second: float, after: int, cause: dict[str, Any]) -> int:
        details = {"error": "States.TaskFailed", "cause": json.dumps(cause)}
        return self.add("TaskFailed", second, after, taskFailedEventDetails=details)

    def exit(self, name: str, second: float, after: int) -> int:
        return self.add("TaskStateExited", second, after, stateExitedEventDetails={"name": name})

    def read(self) -> list[RunEvent]:
        return read_history(self.events)


def begun() -> tuple[History, int, int]:
    """A Parallel state with Train and Tune under way, and the number of the newest event of each."""
    history = History()
    parallel = history.add("ParallelStateEntered", 1, 1, stateEnteredEventDetails={"name": "Learn"})
    started = history.add("ParallelStateStarted", 1, parallel)
    train = history.enter("Train", 1, started)
    tune = history.enter("Tune", 1, started)
    return history, history.add("TaskScheduled", 1, train), history.add("TaskScheduled", 1, tune)


def ended(events: list[RunEvent]) -> dict[str, StepEnded]:
    return {event.step: event for event in events if isinstance(event, StepEnded)}


def test_each_branch_keeps_its_own_job() -> None:
    history, train, tune = begun()
    train = history.succeed(5, train, TRAINED)
    history.exit("Train", 5, train)
    tune = history.succeed(9, tune, TUNED)
    history.exit("Tune", 9, tune)
    events = history.read()
    assert [event.step for event in events if isinstance(event, StepStarted)] == ["Train", "Tune"]
    found = ended(events)
    assert (found["Train"].job, found["Train"].seconds) == (("training", "train-1"), 4.0)
    assert (found["Tune"].job, found["Tune"].seconds) == (("tuning", "tune-1"), 8.0)


def test_without_numbers_a_step_still_ends_by_its_name() -> None:
    history, train, tune = begun()
    history.exit("Train", 5, train)
    history.exit("Tune", 9, tune)
    bare = [{k: v for k, v in event.items() if k not in ("id", "previousEventId")} for event in history.events]
    assert {name: step.seconds for name, step in ended(read_history(bare)).items()} == {"Train": 4.0, "Tune": 8.0}


def test_a_failed_branch_ends_both_steps_where_the_parallel_is_left() -> None:
    """No TaskStateExited is written for a task whose failure the Parallel state caught."""
    history, train, tune = begun()
    failed = history.fail(6, train, {**TRAINED, "FailureReason": "No validation rows."})
    left = history.add("ParallelStateExited", 7, failed, stateExitedEventDetails={"name": "Learn"})
    history.add("ExecutionFailed", 8, left, executionFailedEventDetails={"error": "E", "cause": "No validation rows."})
    events = history.read()
    found = ended(events)
    assert found["Train"].error == AttemptFailed(
        "Train", START + timedelta(seconds=6), "States.TaskFailed", "No validation rows."
    )
    assert found["Train"].job == ("training", "train-1")
    assert found["Tune"].error is not None
    assert found["Tune"].error.error == "Stopped"
    assert tune
    assert isinstance(events[-1], RunEnded)
    assert sum(isinstance(event, StepEnded) for event in events) == 2


@pytest.mark.parametrize("kind", ["ExecutionAborted", "ExecutionTimedOut"])
def test_what_was_under_way_when_the_run_was_stopped_is_told_as_stopped(kind: str) -> None:
    history, _, _ = begun()
    history.add(kind, 3, 1)
    *_, train, tune, run = history.read()
    assert [type(one) for one in (train, tune, run)] == [StepEnded, StepEnded, RunEnded]
    assert isinstance(train, StepEnded)
    assert (train.step, train.seconds) == ("Train", 2.0)


def test_a_longer_history_begins_with_the_same_events() -> None:
    history, train, tune = begun()
    train = history.succeed(5, train, TRAINED)
    history.exit("Train", 5, train)
    failed = history.fail(9, tune, TUNED)
    history.add("ParallelStateFailed", 9, failed)
    history.add("ExecutionFailed", 9, failed, executionFailedEventDetails={})
    whole = history.read()
    for length in range(len(history.events)):
        seen = read_history(history.events[:length])
        assert whole[: len(seen)] == seen
