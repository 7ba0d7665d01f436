"""A running execution of a state machine, and how one of its tasks ends."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class TaskFailed(Exception):
    """A task's failure as the state machine sees it: Retry and Catch match on `error`."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class ExecutionEnded(Exception):
    """The execution was stopped or timed out meanwhile: no Retry, no Catch, nothing more is called."""


@dataclass
class Execution:
    """`end()` is called once, when the execution (or a task with a timeout of its own) is ended from outside."""

    arn: str
    role_arn: str
    ended: threading.Event = field(default_factory=threading.Event)
    _on_end: list[Callable[[], None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def cancelling(self, action: Callable[[], None]) -> Iterator[None]:
        """While the block runs, the end of the execution calls `action`; at once, if it has ended already."""
        with self._lock:
            self._on_end.append(action)
            late = self.ended.is_set()
        try:
            if late:
                action()
            yield
        finally:
            with self._lock:
                self._on_end.remove(action)

    def end(self) -> None:
        with self._lock:
            self.ended.set()
            actions = list(self._on_end)
        for action in actions:
            action()
