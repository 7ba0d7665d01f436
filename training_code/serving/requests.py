"""From a request's bytes to its text or its JSON rows. BadRequest says what cannot be read."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serving.bad_request import BadRequest
from serving.media_types import CSV, JSON, JSON_LINES, content_kind

# The JSON that is not JSON: NaN and Infinity are read as these words, as they would be in CSV. So the codec refuses
# them as numbers, naming row and column, unless the definition lists them among its missing values.
_DECODER = json.JSONDecoder(parse_constant=str)


@dataclass(frozen=True)
class Request:
    """What was sent: `text` of CSV, or `rows` of JSON (records by name, or lists by position)."""

    kind: str
    text: str = ""
    rows: Sequence[Any] = ()


def read_request(body: str | bytes | bytearray, content_type: str | None = JSON) -> Request:
    kind = content_kind(content_type)
    text = _text(body)
    if kind == CSV:
        return Request(kind, text=text)
    rows = _json_lines(text) if kind == JSON_LINES else _json_rows(text)
    if not rows:
        raise BadRequest("The request holds no row: send at least one.")
    return Request(kind, rows=rows)


def csv_rows(text: str) -> list[list[str]]:
    """Without blank lines."""
    try:
        if '"' not in text and "\r" not in text:
            return [line.split(",") for line in text.split("\n") if line]
        return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise BadRequest(f"The request cannot be read as CSV: {error}.") from None


def _text(body: str | bytes | bytearray) -> str:
    if isinstance(body, str):
        return body.removeprefix("\ufeff")
    try:
        return bytes(body).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The request is not UTF-8 text: {error}.") from None


def _json_rows(text: str) -> list[Any]:
    document = _decoded(text, "The request")
    if isinstance(document, dict) and isinstance(document.get("instances"), list):
        document = document["instances"]
    if isinstance(document, dict):
        return [document]
    if not isinstance(document, list):
        raise BadRequest('Send a record {…}, a list of records, or {"instances": […]}.')
    return document


def _json_lines(text: str) -> list[Any]:
    """One row a line; blank lines are left out, and not counted."""
    lines = (line for line in text.split("\n") if line.strip())
    return [_decoded(line, f"row {number}") for number, line in enumerate(lines, start=1)]


def _decoded(text: str, where: str) -> Any:
    try:
        return _DECODER.decode(text)
    except ValueError as error:
        raise BadRequest(f"{where} is not JSON: {error}.") from None
    except RecursionError:
        raise BadRequest(f"{where} is not a record: its JSON is nested too deeply.") from None
