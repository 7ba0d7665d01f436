"""A batch of SQS messages, as Lambda's event source mapping hands it over, and its answer."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class QueuedMessage(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(alias="messageId")
    body: str


class MessageBatch(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    messages: tuple[QueuedMessage, ...] = Field(alias="Records")


def batch_answer(failed: Iterable[str]) -> dict[str, Any]:
    """ReportBatchItemFailures: the messages that stay on the queue, by their ids."""
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}
