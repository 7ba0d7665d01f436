"""labelled.csv: the captured rows whose truth is known, as a file that preprocess.py takes beside an upload."""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from codec.cells import CellError, cell_text
from codec.codec import CATEGORICAL, REGRESSION, Codec
from definition import DataDefinition
from monitoring.known_ids import KnownIds, digest
from monitoring.request_rows import Row
from monitoring.tallies import LevelNames

MOST_ROWS = 1_000_000
BLOCK_ROWS = 10_000


class LabelledRows:
    """Columns: the definition's, without dropped ones. The target in its own words; weight 1; the column of a split by
    time holds the time of the request, unless it is sent.

    The key decides in which split a row is. It is the one that was sent; of a row without one it is made of the row's
    features and target: what is asked again and again must not be trained on and tested with.

    Each line of a part of the file is a JSON list: what equal rows share (empty without a key column), then the cells.
    """

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

    def write(self, at: float, row: Row, truth: float) -> None:
        """truth: the class's code or the number."""
        if self._stream is None:
            self._stream = self.path.open("w", encoding="utf-8")
        places = zip(self._header, self._places, strict=True)
        cells = {name: "" if place is None else self._sent(name, row[place]) for name, place in places}
        ours, shared = self._ours(at, truth), ""
        if self._definition.key:
            content = self._content(cells, ours[self._definition.target])
            ours[self._definition.key] = f"captured-{content}"
            shared = f"{content} {cells[self._definition.key]}"
        self._stream.write(json.dumps([shared, *(cell or ours.get(name, "") for name, cell in cells.items())]) + "\n")

    def __enter__(self) -> "LabelledRows":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()

    def _content(self, cells: Mapping[str, str], target: str) -> str:
        """The same for rows with the same features and target."""
        content = json.dumps([*(cells[name] for name in self._definition.features), target])
        return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()

    def _ours(self, at: float, truth: float) -> dict[str, str]:
        definition, target = self._definition, self._codec.target
        known = {definition.target: repr(truth) if target.task == REGRESSION else target.classes[int(truth)]}
        if definition.weight:
            known[definition.weight] = "1"
        if definition.split.method == "time" and definition.split.column:
            known[definition.split.column] = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return known

    def _sent(self, name: str, cell: Any) -> str:
        """As the codec read it: JSON's true as the level that it is. A list, which no feature can be, is empty."""
        if isinstance(cell, bool) and name in self._levels:
            return self._levels[name].name(cell) or ""
        try:
            return cell_text(cell)
        except CellError:
            return ""


def labelled_columns(definition: DataDefinition) -> tuple[str, ...]:
    named = (*definition.features, definition.target, definition.key, definition.weight, definition.split.column)
    return tuple(dict.fromkeys(name for name in (*named, *definition.evaluation.slices) if name))


def kept_columns(definition: DataDefinition) -> tuple[str, ...]:
    """Raw columns that a request may hold beside the features, and that labelled.csv or a slice needs."""
    ours = {definition.target, definition.weight}
    return tuple(name for name in labelled_columns(definition) if name not in ours)


def join_parts(
    parts: Iterable[Path], target: Path, definition: DataDefinition, written: KnownIds, most: int = MOST_ROWS
) -> int:
    """One file with a header, and how many rows it holds; no file where there is none.

    With a key column one of equal rows: Preprocess takes a key that stands in it twice for two things. Without one
    equal rows are in the same split, and how often they come counts. written: keeps on disk which rows are there.
    """
    count = 0
    with target.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(labelled_columns(definition))
        rows = _rows(sorted(path for path in parts if path.exists()))
        while count < most and (block := list(islice(rows, BLOCK_ROWS))):
            is_new = written.claim([digest(shared) for shared, *_ in block]) if definition.key else [True] * len(block)
            kept = [cells for (_, *cells), new in zip(block, is_new, strict=True) if new][: most - count]
            writer.writerows(kept)
            count += len(kept)
    if not count:
        target.unlink()
    return count


def _rows(parts: Iterable[Path]) -> Iterator[list[str]]:
    for part in parts:
        with part.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)
