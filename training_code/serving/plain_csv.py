"""CSV without quotes, encoded block by block with numpy instead of cell by cell.

A request of 1,000 rows has 20,000 cells; to make a Python text of each costs more than to score them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from codec.cells import LARGEST_NUMBER, CellError, any_is_a_number
from codec.codec import NUMERIC, Codec
from serving.cell_table import CellTable, Integers, Mask, Text, Words
from serving.decimals import parse_decimals
from serving.encoding import Cells, Matrix
from serving.records import Columns

# A block and its arrays fit into a core's cache.
BLOCK = 128 * 1024
_COMMA, _NEWLINE = ord(","), ord("\n")


@dataclass(frozen=True)
class PlainCsv:
    codec: Codec
    cells: Sequence[Cells]
    table: CellTable

    def encode(self, data: bytes, columns: Columns) -> Matrix | None:
        """data: lines that end in \\n, without quotes, carriage returns and NUL. CellError names row and column.

        None where some row has not the width that it should have.
        """
        parts: list[Matrix] = []
        rows = 0
        for block in _blocks(data):
            bounds = _cell_bounds(block, columns.width)
            if bounds is None:
                return None
            parts.append(self._encode_block(block, bounds, columns, rows))
            rows += len(parts[-1])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _encode_block(self, block: bytes, bounds: tuple[Integers, Integers], columns: Columns, before: int) -> Matrix:
        """`before` rows came before these."""
        starts, lengths = bounds
        if columns.positions != range(columns.width):
            sent = [at or 0 for at in columns.positions]
            starts, lengths = starts[:, sent], lengths[:, sent]
        values, known, first = self.table.find(Text(block).words(), starts, lengths)
        if None in columns.positions:
            for feature in (feature for feature, at in enumerate(columns.positions) if at is None):
                values[:, feature], known[:, feature] = self.cells[feature][""], True
        if len(self._numeric):
            self._parse_decimals(values, known, first, lengths)
            self._parse_floats(block, starts, lengths, values, known)
        self._ask_codec(block, starts, lengths, known, values, before)
        return values

    def _parse_decimals(self, values: Matrix, known: Mask, first: Words, lengths: Integers) -> None:
        numeric = self._numeric
        numbers, plain = parse_decimals(first[:, numeric], lengths[:, numeric])
        missing = known[:, numeric]
        if missing.any():
            numbers = np.where(missing, values[:, numeric], numbers)
        values[:, numeric] = numbers
        known[:, numeric] = missing | plain

    def _parse_floats(self, block: bytes, starts: Integers, lengths: Integers, values: Matrix, known: Mask) -> None:
        """The longer numbers of a block; none of them where one is a text, or more than float() must see to it."""
        rows, at = (~known[:, self._numeric]).nonzero()
        if not len(rows) or b"_" in block or not self._reads_floats:
            return
        features = self._numeric[at]
        begins = starts[rows, features]
        ends = begins + lengths[rows, features]
        try:
            numbers = np.array(
                [float(block[begin:end]) for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
            )
        except ValueError:
            return
        # NaN and what the model cannot hold stay unknown.
        fitting = np.abs(numbers) <= LARGEST_NUMBER
        values[rows, features] = np.where(fitting, numbers, 0)
        known[rows, features] = fitting

    @cached_property
    def _reads_floats(self) -> bool:
        return not any_is_a_number(self.codec.missing_values)

    @cached_property
    def _numeric(self) -> npt.NDArray[np.intp]:
        return np.flatnonzero([feature.type == NUMERIC for feature in self.codec.features])

    def _ask_codec(
        self, block: bytes, starts: Integers, lengths: Integers, known: Mask, matrix: Matrix, before: int
    ) -> None:
        """Row by row, so that the first bad cell is the one that is named."""
        for at in np.flatnonzero(~known).tolist():
            row, feature = divmod(at, len(self.cells))
            start = starts[row, feature]
            cell = block[start : start + lengths[row, feature]].decode()
            try:
                matrix[row, feature] = self.cells[feature][cell]
            except CellError as error:
                name = self.codec.names[feature]
                raise CellError(f"row {before + row + 1}, column {name!r}: {error}") from None


def _blocks(data: bytes) -> Iterator[bytes]:
    """Whole lines, BLOCK bytes or one line long."""
    if len(data) <= BLOCK:
        yield data
        return
    start = 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + BLOCK) + 1 or data.index(b"\n", start) + 1
        yield data[start:end]
        start = end


def _cell_bounds(block: bytes, width: int) -> tuple[Integers, Integers] | None:
    """Starts and lengths, (rows, width) each."""
    letters = np.frombuffer(block, dtype=np.uint8)
    newlines = letters == _NEWLINE
    ends = (newlines | (letters == _COMMA)).nonzero()[0]
    rows = np.count_nonzero(newlines)
    if len(ends) != rows * width or not newlines[ends[width - 1 :: width]].all():
        return None
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    return starts.reshape(-1, width), (ends - starts).reshape(-1, width)
