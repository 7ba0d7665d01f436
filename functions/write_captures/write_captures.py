"""Writes the captured records of a batch: one object for each endpoint, variant and hour.

Powertools' batch processor goes message by message; here what succeeds or fails together is an object's worth of them.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from functions.write_captures.request import QueuedMessage
from sluice.aws.capture_queue import write_captures
from sluice.aws.objects import Objects
from sluice.inference.capture import Capture

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WriteCaptures:
    objects: Objects

    def handle(self, messages: Iterable[QueuedMessage]) -> list[str]:
        """The ids of the messages that were not written: no record, or S3 took none. The queue gives them again."""
        failed: list[str] = []
        by_hour: dict[str, dict[str, Capture]] = defaultdict(dict)
        for message in messages:
            try:
                capture = Capture.from_message(message.body)
            except ValidationError as error:
                _log.error("message %s is no captured record: %s", message.id, error.errors(include_input=False))
                failed.append(message.id)
            else:
                by_hour[capture.hour][message.id] = capture
        for hour, captures in by_hour.items():
            try:
                write_captures(self.objects, list(captures.values()))
            except (BotoCoreError, ClientError) as error:
                _log.error("%d records for %s were not written: %s", len(captures), hour, error)
                failed += captures
        return failed
