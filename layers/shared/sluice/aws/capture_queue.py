"""Keeps the captured record of a request before its caller is answered: on a queue, or at once in S3."""

import logging
from dataclasses import dataclass
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from sluice.aws.objects import Objects
from sluice.inference.capture import Capture, capture_objects

MAX_MESSAGE_BYTES: Final = 256 * 1024
"""template.yaml gives the queue this limit. SQS takes four times as much, but bills by 64 KB, and a batch has 6 MB."""

_log = logging.getLogger(__name__)


class Queues(Protocol):
    """boto3's sqs client, for which there are no types in the project."""

    def send_message(self, **request: Any) -> Any: ...


class CaptureLostError(Exception):
    """Neither the queue nor the bucket took the record."""


@dataclass(frozen=True)
class CaptureQueue:
    client: Queues
    url: str
    objects: Objects

    def keep(self, capture: Capture) -> None:
        """When this returns the record is stored. Raises CaptureLostError."""
        message = capture.to_message()
        if len(message.encode()) <= MAX_MESSAGE_BYTES:
            try:
                self.client.send_message(QueueUrl=self.url, MessageBody=message)
                return
            except (BotoCoreError, ClientError) as error:
                _log.warning("the capture queue takes no message, the record goes to S3: %s", error)
        self._write(capture)

    def _write(self, capture: Capture) -> None:
        try:
            write_captures(self.objects, [capture])
        except (BotoCoreError, ClientError) as error:
            raise CaptureLostError(f"record {capture.event_id} of {capture.model}: {error}") from error


def write_captures(objects: Objects, captures: list[Capture]) -> None:
    """Where SageMaker's own data capture would write them. Errors are boto3's."""
    for made in capture_objects(captures):
        objects.write(made.key, made.body, "application/jsonlines")
