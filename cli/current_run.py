"""Which run to follow: right after an upload it is not in the state table yet."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sluice.aws.runs import Run


def find_run(
    newest_first: Callable[[], list[Run]],
    is_starting: Callable[[], bool],
    is_refused: Callable[[], bool],
    *,
    every_seconds: float,
    limit_seconds: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Run | None:
    """The newest active run; else one that is just starting, as soon as it is planned; else the newest of all.

    None when there is no run and none has come up after `limit_seconds`, or at once when the upload was refused.
    """
    deadline = clock() + limit_seconds
    while True:
        starting = is_starting()  # asked first: a run that is planned in between is then found below
        runs = newest_first()
        active = next((run for run in runs if run.status == "RUNNING"), None)
        if active or (not starting and (runs or is_refused())):
            return active or next(iter(runs), None)
        if clock() >= deadline:
            return runs[0] if runs else None
        sleep(every_seconds)


def is_on_its_way(uploaded_at: datetime | None, newest: Run | None, refused: bool) -> bool:
    """Whether an upload has yet to start its run: events take a moment. `refused`: one was, since the newest run."""
    if uploaded_at is None or refused:
        return False
    return newest is None or uploaded_at > datetime.fromisoformat(newest.started_at)


def execution_is_active(states: Any, state_machine_arn: str) -> bool:
    """An execution that is under way may have no run yet: StartRun plans it."""
    listed = states.list_executions(stateMachineArn=state_machine_arn, statusFilter="RUNNING", maxResults=1)
    return bool(listed["executions"])
