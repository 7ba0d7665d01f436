"""labelled.csv: the captured rows whose truth is known, as a file that preprocess.py takes beside an upload."""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from codec.cells import cell_text
from codec.codec import CATEGORICAL, REGRESSION, Codec
from definition import DataDefinition
from monitoring.request_rows import Row
from monitoring.tallies import LevelNames

MOST_ROWS = 1_000_000


class LabelledRows:
    """Columns: the definition's, without dropped ones. The target in its own words; key "captured-<event id>-<row>";
    weight 1; the column of a split by time holds the time of the request, unless it is sent."""

    def __init__(self, path: Path, definition: DataDefinition, codec: Codec, columns: Sequence[str]) -> None:
        """columns: of the rows that will be written."""
        self.path, self._codec = path, codec
        self._definition = definition
        self._header = labelled_columns(definition)
        place = {name: at for at, name in enumerate(columns)}
        self._places = [place.get(name) for name in self._header]
        levels = {one.name: frozenset(one.levels) for one in codec.features if one.type == CATEGORICAL}
        self._levels = {name: LevelNames(found, codec.missing_values) for name, found in levels.items()}
        self._stream: IO[str] | None = None
        self._writer: Any = None

    def write(self, event_id: str, number: int, at: float, row: Row, truth: float) -> None:
        """number: of the row in its request, from 0. truth: the class's code or the number."""
        if self._writer is None:
            self._stream = self.path.open("w", newline="", encoding="utf-8")
            self._writer = csv.writer(self._stream)
        ours = self._ours(event_id, number, at, truth)
        sent = zip(self._header, self._places, strict=True)
        cells = [(name, "" if place is None else self._sent(name, row[place])) for name, place in sent]
        self._writer.writerow([cell or ours.get(name, "") for name, cell in cells])

    def __enter__(self) -> "LabelledRows":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def _ours(self, event_id: str, number: int, at: float, truth: float) -> dict[str, str]:
        definition, target = self._definition, self._codec.target
        known = {definition.target: repr(truth) if target.task == REGRESSION else target.classes[int(truth)]}
        if definition.key:
            known[definition.key] = f"captured-{event_id}-{number + 1}"
        if definition.weight:
            known[definition.weight] = "1"
        if definition.split.method == "time" and definition.split.column:
            known[definition.split.column] = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return known

    def _sent(self, name: str, cell: Any) -> str:
        """As the codec read it: JSON's true as the level that it is."""
        if isinstance(cell, bool) and name in self._levels:
            return self._levels[name].name(cell) or ""
        return cell_text(cell)


def labelled_columns(definition: DataDefinition) -> tuple[str, ...]:
    named = (*definition.features, definition.target, definition.key, definition.weight, definition.split.column)
    return tuple(dict.fromkeys(name for name in (*named, *definition.evaluation.slices) if name))


def kept_columns(definition: DataDefinition) -> tuple[str, ...]:
    """Raw columns that a request may hold beside the features, and that labelled.csv or a slice needs."""
    ours = {definition.target, definition.key, definition.weight}
    return tuple(name for name in labelled_columns(definition) if name not in ours)


def join_parts(parts: Iterable[Path], target: Path, definition: DataDefinition, most: int = MOST_ROWS) -> int:
    """One file with a header, and how many rows it holds; no file where there is none."""
    written = 0
    with target.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(labelled_columns(definition))
        for part in sorted(path for path in parts if path.exists()):
            with part.open(newline="", encoding="utf-8") as rows:
                for row in csv.reader(rows):
                    if written == most:
                        return written
                    writer.writerow(row)
                    written += 1
    if not written:
        target.unlink()
    return written
