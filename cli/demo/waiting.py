"""Waiting for something that another part of the system does."""

import time
from collections.abc import Callable
from typing import TypeVar

from cli.demo.stages import StageFailedError

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
    deadline = clock() + limit_seconds
    while True:
        found = look()
        if found is not None:
            return found
        if clock() >= deadline:
            raise StageFailedError(f"{what} within {limit_seconds:.0f} s: it did not happen")
        sleep(LOOK_EVERY_SECONDS)
