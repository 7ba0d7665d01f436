"""The invocation that a Lambda is in: how much time it has left is asked far below its handler."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from aws_lambda_powertools.utilities.typing import LambdaContext

_current: ContextVar[LambdaContext | None] = ContextVar("invocation", default=None)


def current_invocation() -> LambdaContext | None:
    """None outside of one."""
    return _current.get()


@contextmanager
def invocation(context: LambdaContext) -> Iterator[None]:
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)
