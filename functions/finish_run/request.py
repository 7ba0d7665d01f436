"""What ends a run: the state machine's last step, or EventBridge when the execution never came to it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from sluice.events import ExecutionStatusChange
from sluice.failures import describe_failure


class FinishRequest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    execution_arn: str
    outcome: Literal["succeeded", "failed"]
    verdict: str | None = None
    package_arn: str | None = None
    reason: str = ""


class _StateMachineError(BaseModel):
    Error: str
    Cause: str = ""


class _FailedStep(BaseModel):
    """What a Catch hands on."""

    execution_arn: str
    error: _StateMachineError


_REQUEST: TypeAdapter[ExecutionStatusChange | _FailedStep | FinishRequest] = TypeAdapter(
    ExecutionStatusChange | _FailedStep | FinishRequest
)


def finish_request(event: dict[str, Any]) -> FinishRequest:
    """One shape for the three ways to the end of a run."""
    received = _REQUEST.validate_python(event)
    if isinstance(received, FinishRequest):
        return received
    if isinstance(received, _FailedStep):
        reason = describe_failure(received.error.Error, received.error.Cause)
        return FinishRequest(execution_arn=received.execution_arn, outcome="failed", reason=reason)
    detail = received.detail
    reason = f"the execution ended as {detail.status}"
    if detail.error or detail.cause:
        reason = f"{reason}: {describe_failure(detail.error or '', detail.cause or '')}"
    return FinishRequest(execution_arn=detail.execution_arn, outcome="failed", reason=reason)
