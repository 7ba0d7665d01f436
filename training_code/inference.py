"""The endpoint: raw records in, probabilities out. SageMaker's script-mode functions.

On a laptop, after train.py:

    python training_code/inference.py --model-dir model --input records.csv

In: text/csv (with a header line, or in the order of features.json) or application/json (a record, a list of records,
or {"instances": [...]} of records by name or lists by position). A missing, null or empty cell is a missing value; a
level that training never saw is scored as one. Out: application/json or text/csv.
"""

import csv
import io
import json
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codec.cells import CellError
from codec.codec import Codec
from serving.artifact import THRESHOLD, Artifact, Scores, load_artifact, rows_of_table, score_rows
from serving.bad_request import BadRequest, Refusal

CSV, JSON = "text/csv", "application/json"
SHOWN_NAMES = 5


@dataclass(frozen=True)
class Request:
    """What was sent, read but not encoded."""

    rows: Sequence[Any]
    content_type: str


@dataclass(frozen=True)
class Prediction:
    scores: Scores
    codec: Codec


def model_fn(model_dir: str) -> Artifact:
    return load_artifact(Path(model_dir))


def transform_fn(model: Artifact, body: str | bytes, content_type: str, accept: str) -> tuple[str, str] | Refusal:
    """The whole way of a request. One function, because only what it returns can become a 400: see bad_request.py."""
    try:
        return write_answer(score_request(read_request(body, content_type), model), accept)
    except BadRequest as error:
        return Refusal(str(error))


def read_request(body: str | bytes | bytearray, content_type: str = JSON) -> Request:
    kind = _media_type(content_type)
    if kind not in (CSV, JSON):
        raise BadRequest(f"Content type {content_type!r} is not supported: send {CSV} or {JSON}.")
    text = _text(body)
    rows = _csv_rows(text) if kind == CSV else _json_rows(text)
    if not rows:
        raise BadRequest("The request holds no row: send at least one.")
    return Request(rows, kind)


def score_request(request: Request, model: Artifact) -> Prediction:
    codec = model.codec
    rows = _from_csv(codec, request.rows) if request.content_type == CSV else _from_json(codec, request.rows)
    try:
        return Prediction(score_rows(model, rows), codec)
    except CellError as error:
        raise BadRequest(str(error)) from None


def write_answer(prediction: Prediction, accept: str = JSON) -> tuple[str, str]:
    """The answer and its media type."""
    kind = _accepted(accept)
    scores = prediction.scores.tolist()
    if kind == CSV:
        return "".join(f"{score!r}\n" for score in scores), CSV
    labels = prediction.codec.target.classes
    answers = [{"probability": score, "label": labels[score >= THRESHOLD]} for score in scores]
    return json.dumps({"predictions": answers}), JSON


def _media_type(header: str | None) -> str:
    """Without parameters: "text/csv; charset=utf-8" is text/csv."""
    return (header or JSON).split(";")[0].strip().lower()


def _accepted(header: str | None) -> str:
    """The first type in the Accept header that we can answer with."""
    for choice in (header or JSON).split(","):
        kind = _media_type(choice)
        if kind in (CSV, JSON):
            return kind
        if kind in ("*/*", "application/*"):
            return JSON
        if kind == "text/*":
            return CSV
    raise BadRequest(f"Accept {header!r} is not supported: ask for {CSV} or {JSON}.")


def _text(body: str | bytes | bytearray) -> str:
    if isinstance(body, str):
        return body.removeprefix("\ufeff")
    try:
        return bytes(body).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The request is not UTF-8 text: {error}.") from None


def _csv_rows(text: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise BadRequest(f"The request cannot be read as CSV: {error}.") from None


def _json_rows(text: str) -> list[Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadRequest(f"The request is not JSON: {error}.") from None
    except RecursionError:
        raise BadRequest("The request is not a record: its JSON is nested too deeply.") from None
    if isinstance(document, dict) and isinstance(document.get("instances"), list):
        document = document["instances"]
    if isinstance(document, dict):
        return [document]
    if not isinstance(document, list):
        raise BadRequest('Send a record {…}, a list of records, or {"instances": […]}.')
    return document


def _from_csv(codec: Codec, rows: Sequence[Sequence[str]]) -> list[Sequence[str]] | list[list[Any]]:
    if not _is_header(codec, rows[0]):
        return _by_position(codec, rows)
    header = [name.strip() for name in rows[0]]
    _check_names(codec, header, "the header")
    if len(set(header)) < len(header):
        raise BadRequest("The header names a column twice: send each column once.")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            raise BadRequest(f"row {number} has {len(row)} values, the header {len(header)}.")
    if len(rows) == 1:
        raise BadRequest("The request holds a header and no row: send at least one.")
    return rows_of_table(codec, header, rows[1:])


def _is_header(codec: Codec, row: Sequence[str]) -> bool:
    """Most of its cells are names of columns. A header with a wrong name among them is still one."""
    return 2 * sum(cell.strip() in codec.known for cell in row) > len(row)


def _from_json(codec: Codec, rows: Sequence[Any]) -> list[Any]:
    first = type(rows[0])
    if first not in (dict, list):
        raise BadRequest(f"row 1 is a {first.__name__}: send records by name or lists by position.")
    for number, row in enumerate(rows, start=1):
        if type(row) is not first:
            raise BadRequest(f"row {number} is a {type(row).__name__}, row 1 a {first.__name__}: send one kind.")
    if first is list:
        return _by_position(codec, rows)
    for number, row in enumerate(rows, start=1):
        _check_names(codec, row, f"row {number}")
    return [[row.get(name) for name in codec.names] for row in rows]


def _by_position(codec: Codec, rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    for number, row in enumerate(rows, start=1):
        if len(row) != len(codec.names):
            raise BadRequest(
                f"row {number} has {len(row)} values, the model takes {len(codec.names)}: "
                f"{', '.join(codec.names[:SHOWN_NAMES])}, … in this order; or send them by name."
            )
    return list(rows)


def _check_names(codec: Codec, names: Sequence[str] | Mapping[str, Any], where: str) -> None:
    for name in names:
        if name not in codec.known:
            raise BadRequest(f"{where}, column {name!r}: the model does not know it; it knows {_shown(codec.names)}.")
    if not any(name in names for name in codec.names):
        raise BadRequest(f"{where} names none of the model's columns: {_shown(codec.names)}.")


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN_NAMES]) + (", …" if len(names) > SHOWN_NAMES else "")


def parse_arguments(argv: Sequence[str]) -> Namespace:
    import argparse

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model-dir", required=True)
    parser.add_argument("--input", type=Path, required=True, help="a .csv or .json file of raw records")
    parser.add_argument("--accept", default=CSV)
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    arguments = parse_arguments(argv)
    content_type = CSV if arguments.input.suffix == ".csv" else JSON
    request = read_request(arguments.input.read_bytes(), content_type)
    print(write_answer(score_request(request, model_fn(arguments.model_dir)), arguments.accept)[0], end="")


if __name__ == "__main__":
    main(sys.argv[1:])
