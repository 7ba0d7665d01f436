"""A file of ground truth, read as a stream: CSV where its name says so (.csv, .csv.gz), else JSON Lines.

Memory is bounded by the longest line.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, AnyStr

from sluice.trial.ground_truth import GroundTruth, UnreadableLabelError, columns_of, read_csv_row, read_ground_truth
from sluice.uploads.errors import UnusableUploadError

LONGEST_LINE = 8 << 20
"""In characters: more labels than a trial holds."""
_BUFFER = 1 << 16


@dataclass(frozen=True, slots=True)
class LabelLine:
    file: str
    number: int
    """From 1."""
    found: GroundTruth | UnreadableLabelError


def is_packed(name: str) -> bool:
    return name.endswith(".gz")


def read_label_file(name: str, blocks: Iterable[bytes], target: str) -> Iterator[LabelLine]:
    """Each label, and each line that is none. A wrong header, or a file that breaks off, is the last one.

    blocks: the unpacked file's; an UnusableUploadError of theirs is such a line. target: the name of its column.
    """
    is_csv = name.removesuffix(".gz").lower().endswith(".csv")
    stream = io.BufferedReader(_Blocks(blocks), _BUFFER)
    return _of_csv(name, stream, target) if is_csv else _of_json(name, stream)


def _of_json(name: str, stream: "io.BufferedReader[_Blocks]") -> Iterator[LabelLine]:
    number = 0
    try:
        for number, line in enumerate(_lines(stream.readline), start=1):
            if line.strip():
                yield LabelLine(name, number, _json_label(line))
    except (UnreadableLabelError, UnusableUploadError) as error:
        yield LabelLine(name, number + 1, _end(error))


def _json_label(line: bytes) -> GroundTruth | UnreadableLabelError:
    try:
        return read_ground_truth(line)
    except UnreadableLabelError as error:
        return error


def _of_csv(name: str, stream: "io.BufferedReader[_Blocks]", target: str) -> Iterator[LabelLine]:
    number = 1
    try:
        text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
        rows = csv.reader(_lines(text.readline), strict=True)
        columns = columns_of(next(rows, []), target)
        for row in rows:
            number = rows.line_num
            if not row:
                continue
            try:
                found: GroundTruth | UnreadableLabelError = read_csv_row(row, columns)
            except UnreadableLabelError as error:
                found = error
            yield LabelLine(name, number, found)
    except (UnreadableLabelError, UnusableUploadError, UnicodeDecodeError, csv.Error) as error:
        yield LabelLine(name, number, _end(error))


def _end(error: Exception) -> UnreadableLabelError:
    if isinstance(error, UnicodeDecodeError):
        return UnreadableLabelError("the file is not UTF-8: save it as UTF-8 and upload it again")
    if isinstance(error, csv.Error):
        return UnreadableLabelError(f"the file is no CSV from here on: {error}")
    return UnreadableLabelError(str(error))


def _lines(readline: Callable[[int], AnyStr]) -> Iterator[AnyStr]:
    while line := readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise UnreadableLabelError(f"a line of {LONGEST_LINE:,} characters or more: the file is read no further")
        yield line


class _Blocks(io.RawIOBase):
    """Blocks as a file that can be read once. What they raise, its readers raise."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer)
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
