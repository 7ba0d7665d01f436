"""`Step Functions Execution Status Change`: how an execution that was stopped or timed out still comes to an end."""

from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope


class ExecutionDetail(Detail):
    execution_arn: str = Field(alias="executionArn")
    state_machine_arn: str = Field(alias="stateMachineArn")
    name: str
    status: Literal["FAILED", "TIMED_OUT", "ABORTED", "RUNNING", "SUCCEEDED", "PENDING_REDRIVE"]
    input: str | None = Field(default=None, description="The execution's input as text; AWS leaves out a long one.")
    error: str | None = None
    cause: str | None = None


class ExecutionStatusChange(Envelope):
    source: Literal["aws.states"]
    detail_type: Literal["Step Functions Execution Status Change"] = Field(alias="detail-type")
    detail: ExecutionDetail
