"""Hosts of one job as threads of the test: a meeting without a network."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from cluster.meeting import Meeting

Result = TypeVar("Result")


@dataclass(frozen=True)
class Alone:
    rank: int = 0
    size: int = 1

    def gather(self, data: bytes) -> list[bytes]:
        return [data]


@dataclass(frozen=True)
class _Room:
    barrier: threading.Barrier
    table: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class ThreadMeeting:
    rank: int
    size: int
    room: _Room

    def gather(self, data: bytes) -> list[bytes]:
        self.room.table[self.rank] = data
        self.room.barrier.wait()
        answer = [self.room.table[rank] for rank in range(self.size)]
        # Nobody may put the next thing on the table before everybody has taken this one.
        self.room.barrier.wait()
        return answer


def in_threads(size: int, work: Callable[[Meeting], Result]) -> list[Result]:
    """Each host's result, by rank. The first host that fails makes the others fail too, and is what is raised."""
    room = _Room(threading.Barrier(size, timeout=60))

    def host(rank: int) -> Result:
        try:
            return work(ThreadMeeting(rank, size, room))
        except Exception:
            room.barrier.abort()
            raise

    with ThreadPoolExecutor(size) as pool:
        futures = [pool.submit(host, rank) for rank in range(size)]
    failures = [future.exception() for future in futures]
    for failure in failures:
        if failure and not isinstance(failure, threading.BrokenBarrierError):
            raise failure
    return [future.result() for future in futures]
