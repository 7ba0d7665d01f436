"""Follows an execution of the retrain state machine through its history, step by step.

History is read again on every look and parsed from its start: it is append-only and short (a few dozen events), so what
was reported before is a prefix of what is known now.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cli.errors import OperationFailedError
from cli.following.events import RunEnded, RunEvent, StepEnded
from cli.following.history import read_history

Progress = Callable[[], RunEvent | None]


def follow(
    states: Any,
    execution_arn: str,
    *,
    every_seconds: float,
    limit_seconds: float,
    progress: Progress = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[RunEvent]:
    """Each event once, as soon as a look finds it, up to and with RunEnded.

    `states` is a Step Functions client; `progress` is asked on each look for what no history tells. Raises
    OperationFailedError when the run has not ended after `limit_seconds`.
    """
    deadline, reported = clock() + limit_seconds, 0
    while True:
        events = read_history(load_history(states, execution_arn))
        yield from events[reported:]
        reported = len(events)
        if events and isinstance(events[-1], RunEnded):
            return
        if not _has_tuned(events) and (told := progress()) is not None:
            yield told
        if clock() >= deadline:
            raise OperationFailedError(
                f"the run has not ended after {limit_seconds:.0f} s. It goes on: follow it with sluice runs --follow"
            )
        sleep(every_seconds)


def _has_tuned(events: Sequence[RunEvent]) -> bool:
    """The step's own end tells the last of its progress."""
    return any(isinstance(event, StepEnded) and event.job and event.job[0] == "tuning" for event in events)


def load_history(states: Any, execution_arn: str) -> list[Mapping[str, Any]]:
    pages = states.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, includeExecutionData=True, PaginationConfig={"PageSize": 1000}
    )
    return [event for page in pages for event in page["events"]]
