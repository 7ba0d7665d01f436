"""What is kept of a request where SageMaker keeps nothing: one line in the format of its own data capture.

Format: SageMaker Developer Guide, "Data capture". Consumers need not know who wrote a line. A line may be there twice,
because a queue delivers at least once: whoever counts takes each eventId once.
"""

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from sluice.inference.media_types import bare, capture_encoding
from sluice.naming import MODEL_NAME_MAX_LENGTH, MODEL_NAME_PATTERN, ModelPrefix

_SAGEMAKER_NAME = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class EventMetadata(_Message):
    event_id: str = Field(alias="eventId", min_length=1, max_length=64)
    inference_id: str = Field(alias="inferenceId", min_length=1, max_length=64)
    inference_time: datetime = Field(alias="inferenceTime")


class CaptureRecord(_Message):
    capture_data: Mapping[str, Any] = Field(alias="captureData")
    event_metadata: EventMetadata = Field(alias="eventMetadata")
    event_version: str = Field(default="0", alias="eventVersion")


class Capture(_Message):
    """A record, and what served it: the message from the API to WriteCaptures."""

    model: str = Field(pattern=MODEL_NAME_PATTERN, max_length=MODEL_NAME_MAX_LENGTH)
    endpoint_name: str = Field(pattern=_SAGEMAKER_NAME)
    variant: str = Field(pattern=_SAGEMAKER_NAME)
    record: CaptureRecord

    def to_message(self) -> str:
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_message(cls, body: str) -> Self:
        """Raises pydantic's ValidationError."""
        return cls.model_validate_json(body)

    @property
    def line(self) -> str:
        return self.record.model_dump_json(by_alias=True)

    @property
    def event_id(self) -> str:
        return self.record.event_metadata.event_id

    @property
    def hour(self) -> str:
        """The folder of its hour, in UTC."""
        at = self.record.event_metadata.inference_time.astimezone(UTC)
        return f"{ModelPrefix(self.model).captures}{self.endpoint_name}/{self.variant}/{at:%Y/%m/%d/%H}/"


@dataclass(frozen=True)
class Payload:
    content_type: str
    body: bytes

    def as_captured(self, mode: str) -> dict[str, str]:
        encoding = capture_encoding(self.content_type)
        packed = base64.b64encode(self.body) if encoding == "BASE64" else self.body
        return {
            "observedContentType": bare(self.content_type),
            "mode": mode,
            "data": packed.decode("utf-8", "replace"),
            "encoding": encoding,
        }


def capture_record(sent: Payload, answered: Payload, event_id: str, inference_id: str, at: datetime) -> CaptureRecord:
    return CaptureRecord(
        capture_data={
            "endpointInput": sent.as_captured("INPUT"),
            "endpointOutput": answered.as_captured("OUTPUT"),
        },
        event_metadata=EventMetadata(event_id=event_id, inference_id=inference_id, inference_time=at),
    )


def is_captured(inference_id: str, percent: int) -> bool:
    """Drawn by the id, so that a request that is sent again is drawn alike."""
    return int.from_bytes(hashlib.sha256(inference_id.encode()).digest()[:8]) % 100 < percent


@dataclass(frozen=True)
class CaptureObject:
    """One object of JSON Lines."""

    key: str
    captures: tuple[Capture, ...]

    @property
    def body(self) -> str:
        return "".join(f"{capture.line}\n" for capture in self.captures)


def capture_objects(captures: Iterable[Capture]) -> list[CaptureObject]:
    """An object for each endpoint, variant and hour. The same records make the same object, in whatever order."""
    by_hour: dict[str, dict[str, Capture]] = defaultdict(dict)
    for capture in captures:
        by_hour[capture.hour][capture.event_id] = capture
    return [_object(hour, tuple(found.values())) for hour, found in sorted(by_hour.items())]


def _object(hour: str, captures: tuple[Capture, ...]) -> CaptureObject:
    def place(capture: Capture) -> tuple[datetime, str]:
        return capture.record.event_metadata.inference_time, capture.event_id

    ordered = tuple(sorted(captures, key=place))
    begun = ordered[0].record.event_metadata.inference_time.astimezone(UTC)
    digest = hashlib.sha256(json.dumps([one.event_id for one in ordered]).encode()).hexdigest()[:16]
    return CaptureObject(f"{hour}{begun:%M-%S}-{digest}.jsonl", ordered)
