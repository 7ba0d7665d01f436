"""Parallel and Map states as Step Functions runs them.

In MiniStack the branches beside one that has failed run on to their ends, and the state waits for them. Step Functions
ends them, and with them the jobs that they wait for. MiniStack also leaves out the JSONata fields of a Parallel state.
"""

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ministack.services import stepfunctions as sfn

from localcloud.executions import Execution, ExecutionEnded
from localcloud.ministack_port.running import current, own_end

Run = Callable[..., Any]


class _Siblings:
    """The branches of one attempt of one state."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[Execution] = []
        self.failure: Exception | None = None

    @contextmanager
    def branch(self) -> Iterator[None]:
        """One of them runs; raises ExecutionEnded when another has failed already."""
        with own_end() as execution:
            with self._lock:
                if self.failure:
                    raise ExecutionEnded("another branch has failed")
                if execution:
                    self._running.append(execution)
            try:
                yield
            except ExecutionEnded:
                raise
            except Exception as error:
                self._fail(error)
                raise

    def _fail(self, error: Exception) -> None:
        with self._lock:
            if self.failure:
                return
            self.failure = error
            others = list(self._running)
        for execution in others:
            execution.end()


_siblings: contextvars.ContextVar[_Siblings | None] = contextvars.ContextVar("localcloud_siblings", default=None)


def install() -> None:
    branch, items, distributed = sfn._run_sub_machine, sfn._run_map_items, sfn._run_distributed_map

    def run_branch(*arguments: Any) -> Any:
        siblings = _siblings.get()
        if siblings is None:
            return branch(*arguments)
        # A state of this branch has branches of its own.
        with _set(None), siblings.branch():
            return branch(*arguments)

    def run_distributed_map(*arguments: Any) -> Any:
        # Some of its children may fail, and how many is counted when all have ended.
        with _set(None):
            return distributed(*arguments)

    sfn._run_parallel_branches = _together(_with_jsonata(sfn._run_parallel_branches))
    sfn._run_map_items = _together(items)
    sfn._run_sub_machine = run_branch
    sfn._run_distributed_map = run_distributed_map


def _together(run: Run) -> Run:
    """The state fails with the error of the branch that failed first."""

    def run_all(*arguments: Any) -> Any:
        siblings = _Siblings()
        try:
            with _set(siblings):
                return run(*arguments)
        except sfn._ExecutionError as error:
            execution = current.get()
            if execution and execution.ended.is_set():
                raise ExecutionEnded(execution.arn) from error
            if siblings.failure is None or isinstance(siblings.failure, sfn._ExecutionError):
                raise (siblings.failure or error) from None
            raise sfn._ExecutionError(error.error, str(siblings.failure)) from siblings.failure

    return run_all


def _with_jsonata(run: Run) -> Run:
    """A JSONata state's Arguments, Output and Assign."""

    def run_branches(state: dict[str, Any], given: Any, execution: Any, context: Any) -> Any:
        if sfn._state_query_language(state, context) != "JSONata":
            return run(state, given, execution, context)
        arguments = sfn._apply_jsonata_arguments(state, given, context)
        results, _ = run({"Branches": state["Branches"]}, arguments, execution, context)
        output = sfn._apply_jsonata_output(state, given, context, result=results, default=results)
        sfn._apply_state_assign(state, given, context, result=results)
        return output, sfn._next_or_end(state)

    return run_branches


@contextmanager
def _set(siblings: _Siblings | None) -> Iterator[None]:
    token = _siblings.set(siblings)
    try:
        yield
    finally:
        _siblings.reset(token)
