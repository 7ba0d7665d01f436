"""What the state machine sends to StartRun and what it gets back."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sluice.events import ObjectCreated, PendingUpload, RetrainRequested


class StartRunRequest(BaseModel):
    """The execution's input, which is an event, and the execution's own ARN."""

    model_config = ConfigDict(frozen=True)

    event: Annotated[ObjectCreated | PendingUpload | RetrainRequested, Field(discriminator="detail_type")]
    execution_arn: str


@dataclass(frozen=True)
class Answer:
    """`run` carries the plan; every other outcome ends the execution, with its reason in sight."""

    outcome: Literal["run", "duplicate", "pending", "quarantined", "nothing"]
    reason: str
    plan: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
