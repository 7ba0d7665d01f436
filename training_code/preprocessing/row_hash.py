"""A hash of each row: of its key, or of its content where there is no key.

It sees the cells' bytes and the seed, nothing else: not the row's position, not the other rows, not the machine.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from preprocessing.columns import TextColumn

Hashes = npt.NDArray[np.uint64]

# Constants of the splitmix64 generator (Steele, Lea and Flood, 2014).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_WORD = 8
# The first n bytes of a little-endian word, for n from 0 to 8.
_FIRST_BYTES = np.array([(1 << (8 * n)) - 1 for n in range(_WORD + 1)], dtype=np.uint64)


def hash_cells(column: TextColumn, seed: int) -> Hashes:
    """Eight bytes at a time; the length goes in first, so that "a","b" and "ab","" differ."""
    starts = column.offsets[:-1].astype(np.int64)
    lengths = np.diff(column.offsets).astype(np.int64)
    seeded = _mix(np.array([seed], dtype=np.uint64))
    hashes = _mix(seeded ^ lengths.astype(np.uint64))
    words = _words(column.data)
    shortest = int(lengths.min(initial=0)) if len(lengths) else 0
    for offset in range(0, int(lengths.max(initial=0)), _WORD):
        if shortest > offset:
            hashes = _mix(hashes ^ _masked(words[starts + offset], lengths - offset))
        else:
            rows = np.flatnonzero(lengths > offset)
            hashes[rows] = _mix(hashes[rows] ^ _masked(words[starts[rows] + offset], lengths[rows] - offset))
    return hashes


def combine(columns: Iterable[Hashes]) -> Hashes:
    """One hash per row from the hashes of its cells, in the given order of columns; of one column: the cells' own."""
    combined: Hashes | None = None
    for hashes in columns:
        combined = hashes if combined is None else _mix(_mix(combined) ^ hashes)
    if combined is None:
        raise ValueError("a row without columns has no hash")
    return combined


def _words(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """The eight bytes from each position on, overlapping, zero after the end of the data."""
    padded = np.concatenate([data, np.zeros(_WORD, dtype=np.uint8)])
    return np.ndarray(shape=len(data) + 1, dtype="<u8", buffer=padded, strides=(1,))


def _masked(words: Hashes, remaining: npt.NDArray[np.int64]) -> Hashes:
    """Without the bytes that belong to the next cell."""
    return words & _FIRST_BYTES[np.minimum(remaining, _WORD)]


def _mix(hashes: Hashes) -> Hashes:
    """splitmix64's finaliser: every input bit changes about half of the output bits. Overflow is part of it."""
    hashes = hashes + _GOLDEN
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _MIX_1
    hashes = (hashes ^ (hashes >> np.uint64(27))) * _MIX_2
    return hashes ^ (hashes >> np.uint64(31))
