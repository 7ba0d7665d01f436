"""Which split a row belongs to: a hash of its key, or of its content where there is no key.

The hash sees the cells' bytes and the seed, nothing else: not the row's position, not the other rows, not the
machine. So a row stays in its split when data is appended, and no row is in two splits.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from definition import Split
from preprocessing.columns import TextColumn

TRAIN, VALIDATION, TEST = "train", "validation", "test"

Hashes = npt.NDArray[np.uint64]

# Constants of the splitmix64 generator (Steele, Lea and Flood, 2014).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_WORD = 8


def assign_splits(columns: Sequence[TextColumn], split: Split) -> dict[str, npt.NDArray[np.bool_]]:
    """One mask per split; each row is in exactly one of them."""
    position = unit_interval(hash_rows(columns, split.seed))
    train = position < split.train
    validation = ~train & (position < split.train + split.validation)
    return {TRAIN: train, VALIDATION: validation, TEST: ~train & ~validation}


def unit_interval(hashes: Hashes) -> npt.NDArray[np.float64]:
    """Uniform in [0, 1): the 53 bits that a double holds."""
    return (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53


def hash_rows(columns: Sequence[TextColumn], seed: int) -> Hashes:
    """64-bit hashes of the rows' cells, in the given order of columns."""
    hashes = np.full(len(columns[0]), seed, dtype=np.uint64)
    for column in columns:
        hashes = _hash_cells(column, _mix(hashes))
    return hashes


def _hash_cells(column: TextColumn, hashes: Hashes) -> Hashes:
    """Eight bytes at a time; the length goes in first, so that "a","b" and "ab","" differ."""
    starts = column.offsets[:-1].astype(np.int64)
    lengths = np.diff(column.offsets).astype(np.int64)
    hashes = _mix(hashes ^ lengths.astype(np.uint64))
    padded = np.concatenate([column.data, np.zeros(_WORD, dtype=np.uint8)])
    for offset in range(0, int(lengths.max(initial=0)), _WORD):
        rows = np.flatnonzero(lengths > offset)
        words = _words(padded, starts[rows] + offset, lengths[rows] - offset)
        hashes[rows] = _mix(hashes[rows] ^ words)
    return hashes


def _words(data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], remaining: npt.NDArray[np.int64]) -> Hashes:
    """The eight bytes at each start as little-endian numbers, zero after the cell's end."""
    within = np.arange(_WORD)
    window = np.where(within < remaining[:, None], data[starts[:, None] + within], np.uint8(0))
    return np.ascontiguousarray(window).view("<u8").ravel().astype(np.uint64)


def _mix(hashes: Hashes) -> Hashes:
    """splitmix64's finaliser: every input bit changes about half of the output bits. Overflow is part of it."""
    hashes = hashes + _GOLDEN
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _MIX_1
    hashes = (hashes ^ (hashes >> np.uint64(27))) * _MIX_2
    return hashes ^ (hashes >> np.uint64(31))
