"""The history of states inside branches, and which event each event follows. MiniStack writes neither.

Step Functions records the tasks of a Parallel or Map state like any others, and each event names the one before it in
its own branch (`previousEventId`): that is how a reader tells branches apart.
"""

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions as sfn

_STARTED = 1
"""The id of ExecutionStarted, which comes before everything."""

_before: contextvars.ContextVar[tuple[str, int]] = contextvars.ContextVar("localcloud_event_before", default=("", 0))
"""The execution of this context's newest event, and the event's id. Branches begin with their parent's."""
_branch_of: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("localcloud_branch", default=None)
"""The record of the execution that this context runs a branch of."""
_lock = threading.Lock()


def install() -> None:
    _number_events()
    _mark_branches()
    for name in ("Task", "Pass", "Choice", "Wait", "Parallel", "Map"):
        function = f"_execute_{name.lower()}"
        setattr(sfn, function, _recorded(name, getattr(sfn, function)))


def _number_events() -> None:
    add = sfn._add_event

    def add_event(execution: dict[str, Any], kind: str, details: dict[str, Any] | None = None) -> Any:
        arn = execution["executionArn"]
        of, before = _before.get()
        with _lock:  # an id is the number of events: two branches must not count at the same time
            event = add(execution, kind, {**(details or {}), "previousEventId": before if of == arn else _STARTED})
        _before.set((arn, event["id"]))
        return event

    sfn._add_event = add_event


def _mark_branches() -> None:
    run = sfn._run_sub_machine

    def run_branch(states: Any, start_at: Any, given: Any, execution: dict[str, Any], context: dict[str, Any]) -> Any:
        token = _branch_of.set(execution)
        try:
            # Each branch is in a state of its own; variables stay those of the execution.
            return run(states, start_at, given, execution, {**context})
        finally:
            _branch_of.reset(token)

    sfn._run_sub_machine = run_branch


def _recorded(kind: str, execute: Callable[..., Any]) -> Callable[..., Any]:
    """Outside of branches MiniStack records a state itself."""

    def recorded(state: dict[str, Any], given: Any, *rest: Any) -> Any:
        execution = _branch_of.get()
        if execution is None:
            return execute(state, given, *rest)
        name = rest[-1]["State"]["Name"]
        entered = {"name": name, "input": json.dumps(given)}
        sfn._add_event(execution, f"{kind}StateEntered", {"stateEnteredEventDetails": entered})
        output, next_name = execute(state, given, *rest)
        left = {"name": name, "output": json.dumps(output)}
        sfn._add_event(execution, f"{kind}StateExited", {"stateExitedEventDetails": left})
        return output, next_name

    return recorded
