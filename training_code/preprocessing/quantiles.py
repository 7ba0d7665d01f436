"""Exact order statistics of more values than memory holds, on one host or several.

The values are 64-bit unsigned integers in groups. Each pass counts the next digits of those values that begin like the
one that is sought, so that a few passes find all of its 64 bits.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from cluster.meeting import Meeting

Counts = npt.NDArray[np.int64]
Places = npt.NDArray[np.uint64]
# Groups and values of a part of the data; a group of all values may be given as one number.
Part = tuple[npt.NDArray[np.integer[Any]] | int, Places]

_BITS = 64
_MOST_COUNTERS = 1 << 20
_MOST_DIGITS = 16


def order_statistics(parts: Callable[[], Iterable[Part]], ranks: Counts, meeting: Meeting) -> Places:
    """The value of rank r (0 is the smallest) within its group for each r of ranks[group, :].

    parts: gives this host's values anew for each pass. The ranks count over all hosts' values and must exist.
    """
    groups = ranks.shape[0]
    digits = max(1, min(_MOST_DIGITS, (_MOST_COUNTERS // max(1, groups)).bit_length() - 1))
    found = np.zeros(ranks.shape, dtype=np.uint64)
    left = ranks.astype(np.int64)
    known = 0
    while known < _BITS:
        digits = min(digits, _BITS - known)
        for slot in range(ranks.shape[1]):
            counts = _count_digits(parts(), found[:, slot], known, digits)
            counts = _sum(meeting, counts)
            digit, below = _digit_of_rank(counts, left[:, slot])
            found[:, slot] = (found[:, slot] << np.uint64(digits)) | digit.astype(np.uint64)
            left[:, slot] -= below
        known += digits
    return found


def _count_digits(parts: Iterable[Part], prefixes: Places, known: int, digits: int) -> Counts:
    """(groups, 2**digits): values that begin with the group's prefix of `known` bits, by their next digits."""
    width = 1 << digits
    counts = np.zeros(len(prefixes) * width, dtype=np.int64)
    shift = np.uint64(_BITS - known - digits)
    for group, values in parts:
        upper = values >> shift
        digit = (upper & np.uint64(width - 1)).astype(np.int64) + np.asarray(group, dtype=np.int64) * width
        if known:
            digit = digit[(upper >> np.uint64(digits)) == prefixes[group]]
        counts += np.bincount(digit, minlength=len(counts))
    return counts.reshape(len(prefixes), width)


def _sum(meeting: Meeting, counts: Counts) -> Counts:
    if meeting.size == 1:
        return counts
    answers = [np.frombuffer(answer, dtype=np.int64) for answer in meeting.gather(counts.tobytes())]
    return np.sum(answers, axis=0).reshape(counts.shape)


def _digit_of_rank(counts: Counts, ranks: Counts) -> tuple[Counts, Counts]:
    """By group the digits that hold the rank, and how many values lie below them."""
    cumulated = np.cumsum(counts, axis=1)
    digit = np.minimum((cumulated <= ranks[:, None]).sum(axis=1), counts.shape[1] - 1)
    before = np.where(digit > 0, np.take_along_axis(cumulated, np.maximum(digit - 1, 0)[:, None], axis=1)[:, 0], 0)
    return digit, before
