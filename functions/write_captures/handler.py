"""The captured requests of a time window, from their queue to the bucket."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.write_captures.request import MessageBatch, batch_answer
from functions.write_captures.write_captures import WriteCaptures
from sluice.aws import clients
from sluice.aws.entry_point import entry_point
from sluice.aws.objects import Objects
from sluice.aws.settings import settings


@entry_point
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return batch_answer(_write_captures().handle(MessageBatch.model_validate(event).messages))


@cache
def _write_captures() -> WriteCaptures:
    return WriteCaptures(Objects(clients.s3(), settings().bucket))
