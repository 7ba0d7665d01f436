"""Waiting in the demo, where what does not come is a failed stage."""

import time
from collections.abc import Callable
from typing import TypeVar

from cli.demo.stages import StageFailedError
from cli.waiting import look_until_found

Awaited = TypeVar("Awaited")

LOOK_EVERY_SECONDS = 0.15


def wait_for(
    what: str,
    look: Callable[[], Awaited | None],
    limit_seconds: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Awaited:
    """The first thing that `look` finds. Raises StageFailedError when it finds nothing for `limit_seconds`."""
    found = look_until_found(
        look, every_seconds=LOOK_EVERY_SECONDS, limit_seconds=limit_seconds, sleep=sleep, clock=clock
    )
    if found is None:
        raise StageFailedError(f"{what} within {limit_seconds:.0f} s: it did not happen")
    return found
