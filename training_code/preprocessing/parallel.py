"""Work on many blocks at once, results in the blocks' order. Arrow and numpy leave Python's lock while they compute."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Workers:
    pool: ThreadPoolExecutor
    threads: int

    def in_order(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """At most two items more than threads are in work or wait for their turn: that bounds memory."""
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(self.pool.submit(work, item))
                if len(waiting) > self.threads + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


@contextmanager
def workers(threads: int) -> Iterator[Workers]:
    with ThreadPoolExecutor(threads) as pool:
        yield Workers(pool, threads)
