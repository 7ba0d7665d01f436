"""Many small waits at once."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

AT_ONCE: Final = 8

Item = TypeVar("Item")


def in_parallel(work: Callable[[Item], None], items: Iterable[Item]) -> None:
    """All of them, a few at a time; the first error is raised after the running ones have ended."""
    todo = list(items)
    if len(todo) <= 1:
        for item in todo:
            work(item)
        return
    with ThreadPoolExecutor(min(AT_ONCE, len(todo)), "parallel") as pool:
        futures = [pool.submit(work, item) for item in todo]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
