"""The screening of a text file: its header and its first rows against the definition."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sluice.definition import Data
from sluice.uploads.errors import UnusableUploadError
from sluice.uploads.header import read_header
from sluice.uploads.target import TargetCheck, target_check
from sluice.uploads.text import Beginning


@dataclass(frozen=True)
class Screening:
    """What was seen of a file that passed."""

    rows: int | None
    """None where rows were not looked at."""
    complete: bool
    left: str = ""
    """What is left to check, and by whom; empty when nothing is."""


def screen(beginning: Beginning, data: Data, sliced: frozenset[str] = frozenset()) -> Screening:
    """Check a file's header and rows against the definition. sliced: columns that Evaluate groups by.

    What only a whole file can show is not held against a part. Raises UnusableUploadError.
    """
    lines = beginning.lines()
    header, delimiter = read_header(lines, data, sliced)
    seen = _Seen(header.index(data.target), header.index(data.key) if data.key else None, data, target_check(data))
    for number, row in _rows(csv.reader(lines, delimiter=delimiter), beginning):
        seen.add(number, row)
    if seen.rows == 0 and beginning.complete:
        raise UnusableUploadError("the file holds a header and no rows: upload a file with data")
    seen.target.finish(seen.rows, beginning.complete)
    left = "" if beginning.complete else "the rows behind the screened part: Preprocess checks them"
    return Screening(rows=seen.rows, complete=beginning.complete, left=left)


def _rows(reader: "Iterable[list[str]]", beginning: Beginning) -> Iterator[tuple[int, list[str]]]:
    """Each row and its number, the header being 1; of a part, without the row that the cut ends."""
    held: tuple[int, list[str]] | None = None
    try:
        for number, row in enumerate(reader, start=2):
            if held:
                yield held
            held = (number, row)
    except csv.Error as error:
        last = held[0] if held else 1
        raise UnusableUploadError(f"the row after row {last} is not CSV: {error}") from None
    if held and beginning.complete:
        yield held


@dataclass
class _Seen:
    """What the rows have shown so far. Keys are kept as hashes, so that memory stays small."""

    target_at: int
    key_at: int | None
    data: Data
    target: TargetCheck
    rows: int = 0
    keys: set[int] = field(default_factory=set)

    def add(self, number: int, row: Sequence[str]) -> None:
        if not row:
            return
        self.rows += 1
        if self.target_at < len(row):
            self._add_target(number, row[self.target_at].strip())
        if self.key_at is not None and self.key_at < len(row):
            self._add_key(number, row[self.key_at].strip())

    def _add_target(self, number: int, text: str) -> None:
        if text and text not in self.data.missing_values:
            self.target.add(number, text)

    def _add_key(self, number: int, key: str) -> None:
        digest = hash(key)
        if digest in self.keys:
            raise UnusableUploadError(
                f"row {number}: key {key!r} in column {self.data.key!r} appears a second time; keys must be unique, "
                "so remove the copy or name another key in model.yaml"
            )
        self.keys.add(digest)
