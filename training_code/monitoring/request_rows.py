"""The rows of a captured request as cells by column, read as serving/ reads them.

What the endpoint refuses for a column that it does not know is counted here, so that a check can say so: only what has
no rows at all is BadRequest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from codec.codec import Codec
from monitoring.captures import Payload
from monitoring.json_text import with_whole_characters
from serving.bad_request import BadRequest
from serving.media_types import CSV
from serving.records import csv_columns
from serving.requests import csv_rows, read_request

Row = Sequence[Any]


@dataclass(frozen=True)
class RequestRows:
    """rows: cells in the order of RowReader.columns; None where a cell is empty or was not sent.

    unknown: rows that hold a column which the model does not know; absent: rows in which a feature was not sent.
    """

    rows: Sequence[Row]
    unknown: Mapping[str, int] = field(default_factory=dict)
    absent: Mapping[str, int] = field(default_factory=dict)


class RowReader:
    def __init__(self, codec: Codec, more: Iterable[str] = ()) -> None:
        """more: raw columns that are no features and are kept where a request holds them."""
        self.codec = codec
        self.columns = (*codec.names, *(name for name in dict.fromkeys(more) if name not in codec.names))
        self._features = frozenset(codec.names)
        self._rest = (None,) * (len(self.columns) - len(codec.names))

    def read(self, sent: Payload) -> RequestRows:
        """BadRequest where nothing can be read."""
        request = read_request(_body(sent), sent.kind)
        if request.kind == CSV:
            return self._csv(request.text)
        rows = request.rows
        if type(rows[0]) is dict:
            return self._records(rows)
        return RequestRows(self._positional(rows))

    def _records(self, rows: Sequence[Any]) -> RequestRows:
        known, features, columns = self.codec.known, self._features, self.columns
        unknown: dict[str, int] = {}
        absent: dict[str, int] = {}
        cells = []
        for number, row in enumerate(rows, start=1):
            if type(row) is not dict:
                raise BadRequest(f"row {number} is a {type(row).__name__}, row 1 a dict")
            if not known.issuperset(row):
                _count(unknown, (name for name in row if name not in known))
            if not features.issubset(row):
                _count(absent, (name for name in features if name not in row))
            cells.append([row.get(name) for name in columns])
        return RequestRows(cells, unknown, absent)

    def _positional(self, rows: Sequence[Any]) -> list[Row]:
        width = len(self.codec.names)
        for number, row in enumerate(rows, start=1):
            if type(row) is not list:
                raise BadRequest(
                    f"row {number} is a {type(row).__name__}: records by name or lists by position are read"
                )
            if len(row) != width:
                raise BadRequest(f"row {number} has {len(row)} values, the model takes {width}")
        return [[*row, *self._rest] for row in rows]

    def _csv(self, text: str) -> RequestRows:
        rows = csv_rows(text)
        if not rows:
            raise BadRequest("The request holds no row")
        names = self._header(rows[0])
        if names is None:
            return RequestRows(self._positional(rows))
        return self.named_rows(names, rows[1:])

    def named_rows(self, names: Sequence[str], rows: Sequence[Row]) -> RequestRows:
        """Of rows below a header."""
        position = {name: at for at, name in enumerate(names)}
        places = [position.get(name) for name in self.columns]
        for number, row in enumerate(rows, start=1):
            if len(row) != len(names):
                raise BadRequest(f"row {number} has {len(row)} values, the header {len(names)}")
        return RequestRows(
            [[None if at is None else row[at] for at in places] for row in rows],
            {name: len(rows) for name in names if name not in self.codec.known},
            {name: len(rows) for name in self.codec.names if name not in position},
        )

    def _header(self, first: Sequence[str]) -> list[str] | None:
        """None where the first line is a row."""
        header = [cell.strip() for cell in first]
        try:
            has_header = csv_columns(self.codec, first).has_header
        except BadRequest:
            # A header with a name that the model does not know, or twice the same.
            if len(set(header)) < len(header):
                raise
            has_header = True
        return header if has_header else None


def _body(sent: Payload) -> bytes:
    body = sent.body
    text = body.encode() if isinstance(body, str) else body
    return text if sent.kind == CSV else with_whole_characters(text)


def _count(counts: dict[str, int], names: Iterable[str]) -> None:
    for name in names:
        counts[name] = counts.get(name, 0) + 1
