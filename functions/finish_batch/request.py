"""What the batch state machine sends to FinishBatch."""

from pydantic import BaseModel, ConfigDict

from sluice.events import ObjectCreated


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Failure(_Part):
    """A Step Functions error: what a Catch hands on, or what the state machine found itself."""

    Error: str
    Cause: str = ""


class FinishBatchRequest(_Part):
    event: ObjectCreated
    """The upload that began it."""
    execution_arn: str
    """Of the batch: with the upload it gives the batch's names."""
    failure: Failure | None = None
    left_over: str = ""
    """What could not be deleted, as a person would name it."""
