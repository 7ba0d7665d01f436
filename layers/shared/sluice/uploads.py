"""What an uploaded CSV must be before a job may start on it. Pure: text in, findings or a reason out."""

import csv
import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sluice.definition import Data
from sluice.errors import BadInputError

_OTHER_DELIMITERS = (";", "\t", "|")
_SHOWN = 5


class UnusableUploadError(BadInputError):
    """The file cannot be trained on; the message says what, where and what to do."""


@dataclass(frozen=True)
class Screening:
    """What was seen of a file that passed."""

    rows: int
    complete: bool
    """False when only the file's beginning was looked at; Preprocess then checks the whole."""


def decode_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines of a UTF-8 file, with or without a byte order mark, each with its line end.

    Raises UnusableUploadError naming the first byte that is not UTF-8.
    """
    rest, offset = b"", 0
    for chunk in chunks:
        block, newline, tail = (rest + chunk).rpartition(b"\n")
        if newline:
            yield from _decode(block + newline, offset).splitlines(keepends=True)
            offset += len(block) + 1
        rest = tail
    if rest:
        yield from _decode(rest, offset).splitlines(keepends=True)


def screen(lines: Iterable[str], data: Data, complete: bool) -> Screening:
    """Check a file's header and rows against the definition.

    `complete` says whether `lines` are the whole file; what only a whole file can show is not held against a part.
    Raises UnusableUploadError.
    """
    reader = csv.reader(lines)
    header = _header(reader)
    _check_columns(header, data)
    seen = _Seen(header.index(data.target), header.index(data.key) if data.key else None, data)
    try:
        for number, row in enumerate(reader, start=2):
            seen.add(number, row)
    except csv.Error as error:
        raise UnusableUploadError(f"line {reader.line_num} is not CSV: {error}") from None
    if seen.rows == 0:
        raise UnusableUploadError("the file holds a header and no rows: upload a file with data")
    if complete:
        seen.check_target()
    return Screening(rows=seen.rows, complete=complete)


def _decode(block: bytes, offset: int) -> str:
    try:
        return block.decode("utf-8-sig" if offset == 0 else "utf-8")
    except UnicodeDecodeError as error:
        where = offset + error.start
        raise UnusableUploadError(
            f"the file is not UTF-8: byte {where} is 0x{block[error.start]:02x}; save it as UTF-8 and upload it again"
        ) from None


def _header(reader: Iterator[list[str]]) -> list[str]:
    for row in islice(reader, 1):
        header = [name.strip() for name in row]
        if any(header):
            return header
    raise UnusableUploadError("the file is empty: upload a CSV with a header line and rows")


def _check_columns(header: Sequence[str], data: Data) -> None:
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise UnusableUploadError(f"column {_names(twice)} stands twice in the header: give each column its own name")
    if len(header) == 1 and len(data.required_columns) > 1:
        for delimiter in _OTHER_DELIMITERS:
            if delimiter in header[0]:
                raise UnusableUploadError(
                    f"the columns are separated by {delimiter!r}, but a comma is expected: save the file with commas"
                )
    missing = sorted(data.required_columns - set(header))
    if missing:
        raise UnusableUploadError(_missing(missing, header, data))
    new = [name for name in header if name not in data.columns]
    if new:
        raise UnusableUploadError(
            f"column {_names(new)} is not in model.yaml: add it to data.features or to data.drop, "
            "then upload the file again"
        )


def _missing(missing: Sequence[str], header: Sequence[str], data: Data) -> str:
    role = " (the target)" if data.target in missing else ""
    shown = data.target if data.target in missing else missing[0]
    close = difflib.get_close_matches(shown, header, n=1)
    hint = f"; is {close[0]!r} meant? Names must be equal, small and capital letters too" if close else ""
    return f"column {_names(missing)}{role} is missing from the header{hint}"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


@dataclass
class _Seen:
    """What the rows have shown so far. Keys are kept as hashes, so that memory stays small."""

    target_at: int
    key_at: int | None
    data: Data
    rows: int = 0
    targets: Counter[str] = field(default_factory=Counter)
    keys: set[int] = field(default_factory=set)

    def add(self, number: int, row: Sequence[str]) -> None:
        if not row:
            return
        self.rows += 1
        if self.target_at < len(row):
            self.targets[row[self.target_at].strip()] += 1
        if self.key_at is not None and self.key_at < len(row):
            self._add_key(number, row[self.key_at])

    def _add_key(self, number: int, key: str) -> None:
        digest = hash(key)
        if digest in self.keys:
            raise UnusableUploadError(
                f"row {number}: key {key!r} in column {self.data.key!r} appears a second time; keys must be unique, "
                "so remove the copy or name another key in model.yaml"
            )
        self.keys.add(digest)

    def check_target(self) -> None:
        target, positive = self.data.target, str(self.data.positive_label)
        values = [value for value in self.targets if value not in self.data.missing_values]
        if len(values) == 1:
            raise UnusableUploadError(
                f"column {target!r} holds one class only, {values[0]!r} in all rows: both classes are needed to learn"
            )
        if positive not in values:
            raise UnusableUploadError(
                f"column {target!r} never holds the positive label {positive!r}; it holds {_names(values)}: "
                "correct data.positive_label in model.yaml or the file"
            )
        if len(values) > 2:
            raise UnusableUploadError(
                f"column {target!r} holds {len(values)} different values, {_names(values)}: a binary target has two"
            )
