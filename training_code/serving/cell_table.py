"""The codec's known cells as arrays, so that numpy finds the codes of thousands of CSV cells at once.

Known are a categorical feature's levels and the texts that mean "missing". A cell is compared as 64-bit words of its
bytes: up to 8 bytes are one word, up to 16 two that may overlap, up to 32 four. Each feature has slots of its own, one
range for short cells and one for long, and a word's hash says in which slot to look. What is not found there (another
level, spaces around, a number, a level longer than 32 bytes or one that lost its slot to another) is nobody's code:
the caller asks the codec, cell by cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec.codec import Codec, Feature, cell_encoder

WORD = 8
LONGEST = 4 * WORD

Words = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]
Values = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# Odd constants with well-mixed bits (the golden ratio, and a prime of the xxHash family).
_FIRST, _LAST = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
# By length: the bytes of a word that belong to the cell. The first byte is the lowest.
_BYTES = np.array([(1 << 8 * length) - 1 for length in range(WORD + 1)], dtype=np.uint64)
# No UTF-8 text holds a byte 0xFF: an empty slot is equal to no cell.
_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True)
class Text:
    """UTF-8 bytes, and the 8 bytes from every position on as one number."""

    data: bytes

    def words(self) -> Words:
        padded = self.data + bytes(WORD)
        return np.ndarray((len(self.data) + 1,), dtype="<u8", buffer=padded, strides=(1,))


@dataclass(frozen=True)
class CellTable:
    """By slot: `short` the word of a cell of up to 8 bytes; `long` (4, slots) and `lengths` those of longer ones."""

    shifts: Words
    offsets: Integers
    long_offsets: Integers
    short: Words
    long: Words
    lengths: Integers
    values: Values

    def find(self, words: Words, starts: Integers, lengths: Integers) -> tuple[Values, Mask, Words]:
        """(rows, features) each: the codes, where they are known, and the cells' first words (cut at their end)."""
        first = words[starts] & _BYTES.take(lengths, mode="clip")
        slots = (first * _FIRST >> self.shifts).view(np.int64) + self.offsets
        known = self.short.take(slots) == first
        values = self.values.take(slots)
        long = np.flatnonzero(lengths > WORD)
        if len(long):
            self._find_long(words, starts.ravel()[long], lengths.ravel()[long], long, values.ravel(), known.ravel())
        return values, known, first

    def _find_long(
        self, words: Words, starts: Integers, lengths: Integers, at: Integers, values: Values, known: Mask
    ) -> None:
        """Fills `values` and `known` (flat) at the positions `at`."""
        feature = at % len(self.shifts)
        first, last = words[starts], words[starts + lengths - WORD]
        slots = (_long_hash(first, last) >> self.shifts[feature]).view(np.int64) + self.long_offsets[feature]
        same = (self.lengths.take(slots) == lengths) & (self.long[0].take(slots) == first)
        same &= self.long[3].take(slots) == last
        longer = np.flatnonzero(same & (lengths > 2 * WORD))
        if len(longer):
            middle = words[_middle_positions(starts[longer], lengths[longer])]
            same[longer] = (self.long[1:3].take(slots[longer], axis=1) == middle).all(axis=0)
        known[at] = same
        values[at] = self.values.take(slots)


def _middle_positions(starts: Integers, lengths: Integers) -> Integers:
    """(2, cells): where the words begin that cover what the first and the last leave of a cell of up to 32 bytes."""
    return np.stack([starts + WORD, starts + lengths - 2 * WORD])


def _long_hash(first: Words, last: Words) -> Words:
    return first * _FIRST ^ last * _LAST


def cell_table(codec: Codec) -> CellTable:
    known = [_known_cells(feature, codec.missing_values) for feature in codec.features]
    bits = np.array([_bits(cells) for cells in known], dtype=np.int64)
    sizes = 1 << bits
    offsets = np.concatenate([[0], np.cumsum(2 * sizes)]).astype(np.int64)
    slots = int(offsets[-1])
    table = CellTable(
        shifts=(64 - bits).astype(np.uint64),
        offsets=offsets[:-1],
        long_offsets=offsets[:-1] + sizes,
        short=np.full(slots, _EMPTY),
        long=np.full((4, slots), _EMPTY),
        lengths=np.zeros(slots, dtype=np.int64),
        values=np.zeros(slots, dtype=np.float32),
    )
    for cells, shift, short, long in zip(known, table.shifts, table.offsets, table.long_offsets, strict=True):
        for cell in cells:
            _enter(table, cell, cell.slot(shift) + int(long if cell.is_long else short))
    return table


@dataclass(frozen=True)
class _Known:
    """A cell of 0 to 32 bytes and its code."""

    parts: Words
    length: int
    value: float

    @property
    def is_long(self) -> bool:
        return self.length > WORD

    def slot(self, shift: np.uint64) -> int:
        """In its range."""
        hashed = _long_hash(self.parts[0], self.parts[3]) if self.is_long else self.parts[0] * _FIRST
        return int((hashed >> shift)[0])


def _known_cells(feature: Feature, missing_values: frozenset[str]) -> list[_Known]:
    """With the codes that the codec gives them. None with NUL: as a word it would be equal to a shorter cell."""
    encode = cell_encoder(feature, missing_values)
    texts = dict.fromkeys([*feature.levels, *sorted(missing_values), ""])
    cells = [(text, text.encode("utf-8", "surrogatepass")) for text in texts if "\0" not in text]
    return [_Known(_parts(data), len(data), encode(text)) for text, data in cells if len(data) <= LONGEST]


def _parts(data: bytes) -> Words:
    """(4, 1): the first word, the middle ones (cells of up to 16 bytes have none: zeros), the last."""
    words, start, length = Text(data).words(), np.zeros(1, dtype=np.int64), np.array([len(data)])
    parts = np.zeros((4, 1), dtype=np.uint64)
    parts[0] = words[0] & _BYTES[min(len(data), WORD)]
    if len(data) > WORD:
        parts[3] = words[len(data) - WORD]
    if len(data) > 2 * WORD:
        parts[1:3] = words[_middle_positions(start, length)]
    return parts


def _bits(cells: Sequence[_Known]) -> int:
    """So many that each cell has a slot of its own, or nearly so where there are many."""
    fewest = max(6, (len(cells) * 4).bit_length())
    if len(cells) > 500:
        return fewest + 1
    for bits in range(fewest, fewest + 5):
        shift = np.uint64(64 - bits)
        if len({(cell.is_long, cell.slot(shift)) for cell in cells}) == len(cells):
            return bits
    return fewest + 1


def _enter(table: CellTable, cell: _Known, slot: int) -> None:
    """The first cell in a slot stays."""
    if cell.is_long and not table.lengths[slot]:
        table.long[:, slot], table.lengths[slot], table.values[slot] = cell.parts[:, 0], cell.length, cell.value
    elif not cell.is_long and table.short[slot] == _EMPTY:
        table.short[slot], table.values[slot] = cell.parts[0, 0], cell.value
