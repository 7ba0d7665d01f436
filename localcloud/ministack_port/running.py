"""The execution that a thread works for; MiniStack copies the context into the threads that it starts."""

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager

from localcloud.executions import Execution

current: contextvars.ContextVar[Execution | None] = contextvars.ContextVar("localcloud_execution", default=None)


@contextmanager
def own_end() -> Iterator[Execution | None]:
    """In the block, what can end before its execution does (a branch, a task with a timeout) has an end of its own.

    The execution's end is its end, too.
    """
    execution = current.get()
    if execution is None:
        yield None
        return
    part = Execution(execution.arn, execution.role_arn)
    token = current.set(part)
    try:
        with execution.cancelling(part.end):
            yield part
    finally:
        current.reset(token)
