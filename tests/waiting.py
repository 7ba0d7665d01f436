"""Waiting in tests for what another thread, process or service does."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

LOOK_EVERY_SECONDS = 0.05


def eventually(look: Callable[[], Found | None], what: str = "what was looked for", seconds: float = 60.0) -> Found:
    """What `look` finds, as soon as it is truthy; an AssertionError that names `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s")
        time.sleep(LOOK_EVERY_SECONDS)
