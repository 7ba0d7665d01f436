"""Whether a request's records can be scored, told before an endpoint is asked.

The model is the judge: nothing is refused here that it would score, and a contract test holds both against each other.
What this adds: several mistakes told at once, and told at once where the endpoint is asynchronous. A missing feature or
a level that training never saw is no mistake. Of a long request the first rows are looked at; the rest the model sees.
"""

import csv
import io
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sluice.inference.media_types import Kind
from sluice.inference.problem import bad_request
from sluice.inference.schema import NUMERIC, Schema

CHECKED_ROWS = 100
SHOWN = 10
"""Mistakes that are told, and names that are listed."""
_LARGEST_NUMBER = 3.4028234663852886e38
"""Of 32-bit floats, which is what XGBoost holds features in."""


def check_records(schema: Schema | None, kind: Kind, body: bytes) -> None:
    """Raises ProblemError, with a sentence for each mistake. Without a schema the model alone judges the rows."""
    text = _text(body)
    if not text.strip():
        raise bad_request("The request holds no row: send at least one.")
    if schema is None or schema.own_container:
        return
    found = _csv_errors(schema, text) if kind == "csv" else _json_errors(schema, kind, text)
    errors = tuple(itertools.islice(found, SHOWN))
    if errors:
        raise bad_request(errors[0] if len(errors) == 1 else f"{errors[0]} There are more: see errors.", errors)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad_request(f"The request is not UTF-8 text: {error}.") from None


def _csv_errors(schema: Schema, text: str) -> Iterator[str]:
    """Rows in a header's order, or in the features'. The model tells a header by most of its cells being columns."""
    rows = _csv_rows(text)
    try:
        first = next(rows, [])
        names = [cell.strip() for cell in first]
        if 2 * len(schema.known.intersection(names)) <= len(names):
            together = itertools.chain([first] if first else [], rows)
            yield from _positional_errors(schema, itertools.islice(together, CHECKED_ROWS))
            return
        yield from _name_errors(schema, names, "the header")
        yield from _rows_under_header(schema, names, rows)
    except csv.Error as error:
        yield f"The request cannot be read as CSV: {error}."


def _csv_rows(text: str) -> Iterator[list[str]]:
    """Without blank lines; plain text as the model reads it, with no limit to a cell's length."""
    if '"' not in text and "\r" not in text:
        return (line.split(",") for line in text.split("\n") if line)
    return (row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row)


def _rows_under_header(schema: Schema, names: Sequence[str], rows: Iterator[list[str]]) -> Iterator[str]:
    if len(set(names)) < len(names):
        yield "The header names a column twice: send each column once."
        return
    number = 0
    for number, row in enumerate(itertools.islice(rows, CHECKED_ROWS), start=1):
        if len(row) != len(names):
            yield f"row {number} has {len(row)} values, the header {len(names)}."
        else:
            yield from _cell_errors(schema, dict(zip(names, row, strict=True)), number)
    if number == 0:
        yield "The request holds a header and no row: send at least one."


def _json_errors(schema: Schema, kind: Kind, text: str) -> Iterator[str]:
    try:
        rows = _json_rows(kind, text)
    except (ValueError, RecursionError) as error:
        yield f"The request is not JSON{' Lines' if kind == 'json-lines' else ''}: {error}."
        return
    if not isinstance(rows, list):
        yield 'Send a record {…}, a list of records, or {"instances": […]}.'
    elif not rows:
        yield "The request holds no row: send at least one."
    elif isinstance(rows[0], list):
        yield from _kind_errors(rows)
        yield from _positional_errors(schema, (row for row in rows[:CHECKED_ROWS] if isinstance(row, list)))
    elif isinstance(rows[0], dict):
        yield from _kind_errors(rows)
        yield from _named_errors(schema, rows[:CHECKED_ROWS])
    else:
        yield f"row 1 is a {_json_type(rows[0])}: send records by name or lists by position."


def _named_errors(schema: Schema, rows: Sequence[Any]) -> Iterator[str]:
    for number, row in enumerate(rows, start=1):
        if isinstance(row, dict):
            yield from _name_errors(schema, row, f"row {number}")
            yield from _cell_errors(schema, row, number)


def _json_rows(kind: Kind, text: str) -> Any:
    """NaN and Infinity, which JSON does not know, are read as these words, as the model reads them."""
    if kind == "json-lines":
        lines = (line for line in text.split("\n") if line.strip())
        return [json.loads(line, parse_constant=str) for line in lines]
    document = json.loads(text, parse_constant=str)
    if isinstance(document, dict) and isinstance(document.get("instances"), list):
        return document["instances"]
    return [document] if isinstance(document, dict) else document


def _kind_errors(rows: Sequence[Any]) -> Iterator[str]:
    first = type(rows[0])
    for number, row in enumerate(rows[:CHECKED_ROWS], start=1):
        if type(row) is not first:
            yield f"row {number} is a {_json_type(row)}, row 1 a {_json_type(rows[0])}: send one kind."


def _positional_errors(schema: Schema, rows: Iterator[Sequence[Any]]) -> Iterator[str]:
    for number, row in enumerate(rows, start=1):
        if len(row) == len(schema.features):
            yield from _cell_errors(schema, dict(zip(schema.features, row, strict=True)), number)
        else:
            yield (
                f"row {number} has {len(row)} values, the model takes {len(schema.features)}: "
                f"{_listed(schema)} in this order; or send them by name."
            )


def _name_errors(schema: Schema, names: Sequence[str] | Mapping[str, Any], where: str) -> Iterator[str]:
    for name in names:
        if name not in schema.known:
            yield f"{where}, column {name!r}: the model does not know it; it knows {_listed(schema)}."
    if not any(name in schema.features for name in names):
        yield f"{where} names none of the model's columns: {_listed(schema)}."


def _cell_errors(schema: Schema, cells: Mapping[str, Any], row: int) -> Iterator[str]:
    for name, kind in schema.features.items():
        value = cells.get(name)
        if isinstance(value, dict | list):
            yield f"row {row}, column {name!r}: a {_json_type(value)} is not a single value."
        elif kind == NUMERIC and not _is_number(value, schema.missing_values):
            yield f"row {row}, column {name!r}: {_shown(value)} is not a finite number."


def _is_number(value: Any, missing_values: frozenset[str]) -> bool:
    """Missing cells are fine. As the codec has it: no underscores, and nothing that a 32-bit float cannot hold."""
    if value is None:
        return True
    if isinstance(value, bool):
        return str(value) in missing_values
    if isinstance(value, str):
        text = value.strip()
        if not text or text in missing_values:
            return True
        if "_" in value:
            return False
        value = text
    try:
        return math.fabs(float(value)) <= _LARGEST_NUMBER
    except (ValueError, OverflowError):
        return False


def _listed(schema: Schema) -> str:
    names = list(schema.features)
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _json_type(value: Any) -> str:
    names = {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
