"""What the batch state machine sends to StartBatch and what it gets back."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sluice.events import ExecutionStatusChange, ObjectCreated


class StartBatchRequest(BaseModel):
    """The execution's input, which is an event, and the execution's own ARN."""

    model_config = ConfigDict(frozen=True)

    event: Annotated[ObjectCreated | ExecutionStatusChange, Field(discriminator="detail_type")]
    execution_arn: str


@dataclass(frozen=True)
class Answer:
    """`batch` carries the plan, `clean-up` the names of what a stopped execution may have left.

    Every other outcome ends the execution, with its reason in sight.
    """

    outcome: Literal["batch", "clean-up", "duplicate", "quarantined", "not-live", "nothing"]
    reason: str
    plan: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
