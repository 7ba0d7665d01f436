"""Signs of life in a job's log: one line every few seconds of long work."""

import time
from collections.abc import Callable

SECONDS_BETWEEN_LINES = 10.0


class Progress:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = self._last = clock()

    def rows(self, what: str, count: int) -> None:
        """Says `read 2,000,000 rows (12 s)` unless the last line is fresh."""
        now = self._clock()
        if now - self._last >= SECONDS_BETWEEN_LINES:
            self._last = now
            print(f"{what} {count:,} rows ({now - self._started:.0f} s)", flush=True)
