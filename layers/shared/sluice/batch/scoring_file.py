"""A CSV file as a transform job can take it: one row a line, plain UTF-8, no blank lines, the header known.

SageMaker cuts files at line ends and knows nothing of CSV, so what a job would stumble over behind its first gigabyte
is found before it starts. Lines are counted as an editor does: the first is line 1.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from sluice.batch.columns import scoring_columns
from sluice.definition import Data
from sluice.uploads.errors import UnusableUploadError
from sluice.uploads.text import decoded

MOST_BYTES = 5 * 1024**3
"""Of a file, unpacked: what one function reads and writes well within its time."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class ScoringFile:
    """`columns` is known at once; `rows`, once `blocks` are read to their end. Both raise UnusableUploadError."""

    def __init__(self, chunks: Iterable[bytes], data: Data, longest_line: int) -> None:
        """longest_line: bytes that a line may have, its end included."""
        self.rows = 0
        self._longest_line = longest_line
        self._read = 0
        self._passed = 0
        self._blocks = self._whole_lines(chunks)
        first, self._rest = self._first_line()
        self.columns = scoring_columns(first, data)

    def header_line(self) -> bytes:
        """As CSV, without the spaces around the names."""
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow(self.columns)
        return buffer.getvalue().encode()

    def blocks(self) -> Iterator[bytes]:
        r"""The rows in whole lines that end in \n, without the header."""
        yield from self._rows_of(self._rest)
        for block in self._blocks:
            yield from self._rows_of(block)
        if not self.rows:
            raise UnusableUploadError("the file holds a header and no rows: upload a file with rows to score")

    def _whole_lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        r"""Blocks of lines that end in \n, checked for their encoding."""
        rest = b""
        for chunk in chunks:
            block, newline, tail = (rest + chunk).rpartition(b"\n")
            if newline:
                yield self._plain(block + newline)
            rest = tail
            if len(rest) > self._longest_line:
                self._refuse_length(rest)
        if rest:
            yield self._plain(rest + b"\n")

    def _plain(self, block: bytes) -> bytes:
        decoded(block, self._read)
        first = self._read == 0
        self._read += len(block)
        if self._read > MOST_BYTES:
            raise UnusableUploadError(f"the file holds more than {MOST_BYTES >> 30} GiB: cut it into several files")
        plain = block.removeprefix(_BYTE_ORDER_MARK) if first else block
        plain = plain.replace(b"\r\n", b"\n") if b"\r" in plain else plain
        if b"\r" in plain:
            line = self._passed + plain[: plain.index(b"\r")].count(b"\n") + 1
            raise UnusableUploadError(
                f"line {line:,} holds a carriage return that ends no line: a file is scored line by line, so take line "
                "breaks out of the cells"
            )
        return plain

    def _first_line(self) -> tuple[str, bytes]:
        """The header, and what follows it in its block."""
        for block in self._blocks:
            text = block.lstrip(b"\n")
            self._passed += len(block) - len(text)
            if text:
                first, _, rest = text.partition(b"\n")
                self._passed += 1
                return first.decode(), rest
        raise UnusableUploadError("the file is empty: upload a file with a header line and rows")

    def _rows_of(self, block: bytes) -> Iterator[bytes]:
        lines = block.split(b"\n")
        del lines[-1]  # nothing stands behind the last line's end
        rows = [line for line in lines if line]
        if not self._fit(rows, quoted=b'"' in block):
            self._refuse_first(lines)
        self._check_lengths(lines)
        self._passed += len(lines)
        self.rows += len(rows)
        if rows:
            yield block if len(rows) == len(lines) else b"\n".join(rows) + b"\n"

    def _fit(self, rows: Sequence[bytes], quoted: bool) -> bool:
        """Whether each line is a row as wide as the header; told for a whole block at a time, because that is quick."""
        commas = len(self.columns) - 1
        if not quoted:
            return all(line.count(b",") == commas for line in rows)
        try:
            widths = [len(row) for row in csv.reader([line.decode() for line in rows], strict=True)]
        except csv.Error:
            return False
        return len(widths) == len(rows) and all(width == commas + 1 for width in widths)

    def _refuse_first(self, lines: Sequence[bytes]) -> None:
        for number, line in enumerate(lines, start=self._passed + 1):
            cells = _cells(line, number)
            if line and cells != len(self.columns):
                raise UnusableUploadError(
                    f"line {number:,} has {cells:,} cells, the header {len(self.columns):,}: correct the line; a cell "
                    "that holds a comma needs quotes around it"
                )

    def _check_lengths(self, lines: Sequence[bytes]) -> None:
        longest = max(lines, key=len, default=b"")
        if len(longest) >= self._longest_line:
            self._passed += lines.index(longest)
            self._refuse_length(longest)

    def _refuse_length(self, line: bytes) -> None:
        raise UnusableUploadError(
            f"line {self._passed + 1:,} has more than {len(line) - 1:,} bytes, and one request takes "
            f"{self._longest_line:,}: raise batch.max_payload_mb in model.yaml and train a version, or shorten the line"
        )


def _cells(line: bytes, number: int) -> int:
    try:
        return len(next(csv.reader([line.decode()], strict=True), []))
    except csv.Error as error:
        raise UnusableUploadError(
            f"line {number:,} is not a whole row ({error}): a cell holds a line break, or a quote is not closed; a "
            "file is scored line by line, so take line breaks out of the cells"
        ) from None
