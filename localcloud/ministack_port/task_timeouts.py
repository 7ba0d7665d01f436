"""A task's TimeoutSeconds may be a JSONata expression, which MiniStack hands on as it stands.

Step Functions Developer Guide, "Transforming data with JSONata": TimeoutSeconds takes an expression that gives an
integer.
"""

from typing import Any

from ministack.services import stepfunctions as sfn

_EXPRESSION = "localcloud:TimeoutSeconds"
"""A state that is entered again has its expression worked out again."""


def install() -> None:
    apply = sfn._apply_jsonata_arguments

    def apply_arguments(state: dict[str, Any], raw_input: Any, context: dict[str, Any] | None = None) -> Any:
        expression = state.get(_EXPRESSION) or state.get("TimeoutSeconds")
        if isinstance(expression, str):
            state[_EXPRESSION] = expression
            state["TimeoutSeconds"] = _seconds(sfn._apply_jsonata_template(expression, raw_input, context))
        return apply(state, raw_input, context)

    sfn._apply_jsonata_arguments = apply_arguments


def _seconds(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value <= 0:
        raise sfn._ExecutionError("States.QueryEvaluationError", f"TimeoutSeconds is {value!r}: it must be an integer")
    return int(value)
