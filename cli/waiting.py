"""Waiting for something that another part of the system does."""

import time
from collections.abc import Callable
from typing import TypeVar

Awaited = TypeVar("Awaited")


def look_until_found(
    look: Callable[[], Awaited | None],
    *,
    every_seconds: float,
    limit_seconds: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Awaited | None:
    """The first thing that `look` finds; None when it found nothing for `limit_seconds`."""
    deadline = clock() + limit_seconds
    while True:
        found = look()
        if found is not None or clock() >= deadline:
            return found
        sleep(every_seconds)
