"""From the rows of a request to cells in feature order. BadRequest names the row or the column that does not fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codec.codec import Codec
from serving.bad_request import BadRequest

SHOWN_NAMES = 5


@dataclass(frozen=True)
class Columns:
    """How CSV rows were sent: their width, and for each feature the position of its cell (None: it has none)."""

    width: int
    positions: Sequence[int | None]
    has_header: bool


def csv_columns(codec: Codec, first: Sequence[str]) -> Columns:
    """From the first line: a header (most of its cells are names of columns), or a row in feature order.

    A header with a wrong name among right ones is still a header.
    """
    header = [cell.strip() for cell in first]
    if 2 * len(codec.known.intersection(header)) <= len(header):
        return Columns(len(codec.names), range(len(codec.names)), has_header=False)
    return named_columns(codec, header)


def named_columns(codec: Codec, header: Sequence[str]) -> Columns:
    _check_names(codec, header, "the header")
    if len(set(header)) < len(header):
        raise BadRequest("The header names a column twice: send each column once.")
    position = {name: at for at, name in enumerate(header)}
    return Columns(len(header), [position.get(name) for name in codec.names], has_header=True)


def csv_cells(codec: Codec, columns: Columns, rows: Sequence[Sequence[str]]) -> Sequence[Sequence[Any]]:
    """rows: without the header."""
    if not columns.has_header:
        return _by_position(codec, rows)
    for number, row in enumerate(rows, start=1):
        if len(row) != columns.width:
            raise BadRequest(f"row {number} has {len(row)} values, the header {columns.width}.")
    return [[None if at is None else row[at] for at in columns.positions] for row in rows]


def json_cells(codec: Codec, rows: Sequence[Any]) -> Sequence[Sequence[Any]]:
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


def _by_position(codec: Codec, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    width = len(codec.names)
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise BadRequest(
                f"row {number} has {len(row)} values, the model takes {width}: {_shown(codec.names)} in this order, in "
                "CSV separated by commas; or send them by name, in CSV under a header."
            )
    return rows


def _check_names(codec: Codec, names: Sequence[str] | Mapping[str, Any], where: str) -> None:
    for name in names:
        if name not in codec.known:
            raise BadRequest(f"{where}, column {name!r}: the model does not know it; it knows {_shown(codec.names)}.")
    if not any(name in names for name in codec.names):
        raise BadRequest(f"{where} names none of the model's columns: {_shown(codec.names)}.")


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN_NAMES]) + (", …" if len(names) > SHOWN_NAMES else "")
