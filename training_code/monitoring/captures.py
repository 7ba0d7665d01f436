"""Captured requests and answers: JSON Lines as SageMaker's data capture writes them.

Format: SageMaker Developer Guide, "Data capture". One object a line: captureData.endpointInput and .endpointOutput
{observedContentType, mode, data, encoding}, and eventMetadata {eventId, inferenceId?, inferenceTime}.
"""

import base64
import binascii
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from monitoring.json_text import names_surrogates, with_whole_characters
from serving.bad_request import BadRequest
from serving.media_types import CSV, JSON, content_kind

# A request has at most 25 MB (InvokeEndpoint), its answer likewise, and escaping makes both longer.
LONGEST_LINE = 128 << 20


class UnreadableLine(ValueError):
    """The message says why, without where."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What was sent or answered: text, or bytes where the capture keeps them in base64."""

    content_type: str
    encoding: str
    data: str

    @property
    def kind(self) -> str:
        """CSV, JSON or JSON_LINES, by the content type; a type of the user's own by what capture takes it for.

        BadRequest where neither says it.
        """
        try:
            return content_kind(self.content_type or None)
        except BadRequest:
            if self.encoding in ("CSV", "JSON"):
                return CSV if self.encoding == "CSV" else JSON
            raise

    @property
    def body(self) -> str | bytes:
        """BadRequest where it is not what its encoding says."""
        if self.encoding != "BASE64":
            return self.data
        try:
            return base64.b64decode(self.data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadRequest(f"The data is not base64: {error}.") from None


@dataclass(frozen=True, slots=True)
class Captured:
    """at: seconds since 1970. inference_id: empty where the caller gave none. line: its number in the file, from 1."""

    event_id: str
    inference_id: str
    at: float
    sent: Payload | None
    answered: Payload | None
    line: int


def read_lines(file: Path) -> Iterator[bytes]:
    """Lines of a file, plain or .gz. UnreadableLine where the file breaks off or a line is longer than any request."""
    with cast(BinaryIO, gzip.open(file) if file.suffix == ".gz" else file.open("rb")) as stream:
        try:
            while line := stream.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    raise UnreadableLine(f"a line of more than {LONGEST_LINE >> 20} MiB: the file is read no further")
                yield line
        except (EOFError, OSError, zlib.error) as error:
            raise UnreadableLine(f"the file breaks off: {error}") from error


def parse_capture(line: bytes, number: int) -> Captured:
    """Raises UnreadableLine."""
    document = _object(line)
    try:
        metadata, data = document["eventMetadata"], document["captureData"]
        event_id, inference_id, at = _metadata(metadata)
        sent, answered = data.get("endpointInput"), data.get("endpointOutput")
        return Captured(event_id, inference_id, at, _payload(sent), _payload(answered), number)
    except KeyError as error:
        raise UnreadableLine(f"it lacks {error.args[0]}: it is no captured request") from None
    except (TypeError, AttributeError):
        raise UnreadableLine("it is no captured request: a part of it is of another type") from None


def parse_event(line: bytes, number: int) -> Captured:
    """As parse_capture, without looking at what was sent and answered, at a fifth of the price. Raises UnreadableLine.

    In JSON text a quote within a string has a backslash before it, so these letters are a key and nothing else.
    """
    at = line.rfind(b'"eventMetadata":')
    if at < 0 or names_surrogates(line):
        return parse_capture(line, number)
    try:
        metadata, _ = _DECODER.raw_decode(line[at + len(b'"eventMetadata":') :].decode().lstrip())
        event_id, inference_id, seconds = _metadata(metadata)
    except (ValueError, KeyError, TypeError, AttributeError):
        return parse_capture(line, number)
    return Captured(event_id, inference_id, seconds, None, None, number)


_DECODER = json.JSONDecoder()


def _object(line: bytes) -> dict[str, Any]:
    try:
        document = _DECODER.decode(with_whole_characters(line).decode())
    except RecursionError:
        raise UnreadableLine("its JSON is nested too deeply") from None
    except ValueError as error:
        raise UnreadableLine(f"it is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise UnreadableLine("it is not a JSON object")
    return document


def _metadata(metadata: dict[str, Any]) -> tuple[str, str, float]:
    event_id = metadata["eventId"]
    if not isinstance(event_id, str) or not event_id:
        raise UnreadableLine("its eventId is no text")
    return event_id, str(metadata.get("inferenceId") or ""), _seconds(metadata["inferenceTime"])


@lru_cache(maxsize=4096)
def _seconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableLine(f"its inferenceTime {text[:40]!r} is no point in time in ISO 8601") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _payload(side: dict[str, Any] | None) -> Payload | None:
    if side is None:
        return None
    data = side["data"]
    if not isinstance(data, str):
        raise UnreadableLine("its data is no text")
    return Payload(str(side.get("observedContentType") or ""), str(side.get("encoding") or "").upper(), data)
