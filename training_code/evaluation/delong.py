"""How much the difference of two models' AUCs on the same rows would scatter on other test sets of this size.

DeLong, DeLong, Clarke-Pearson 1988, in O(n log n) as of Sun, Xu 2014. No resampling: exact up to the normal limit, and
what both models find hard alike cancels out.
"""

import math
from typing import Any

import numpy as np

from codec.codec import Floats


def area_difference_deviation(labels: Floats, first: Any, second: Any) -> float | None:
    """labels: 0 or 1. None with fewer than two rows of a class: their scatter is not known."""
    gap = placements(labels, first) - placements(labels, second)
    parts = [gap[labels == label] for label in (0, 1)]
    if min(map(len, parts)) < 2:
        return None
    return math.sqrt(sum(float(part.var(ddof=1)) / len(part) for part in parts))


def placements(labels: Floats, scores: Any) -> Floats:
    """Of each row, the share of the other class's rows that it is ranked rightly against; equal scores count half.

    Their mean over the rows of either class is the AUC. NaN where there is no other class.
    """
    order = np.argsort(scores)
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    sizes = np.diff(starts, append=len(order))
    positive = np.add.reduceat(labels[order], starts)
    positives_below, negatives_below = (_below(counts) for counts in (positive, sizes - positive))
    by_group = np.stack([1 - positives_below, negatives_below])
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.repeat(np.arange(len(starts)), sizes)
    placed: Floats = by_group[labels.astype(np.int64), group]
    return placed


def _below(counts: Floats) -> Floats:
    """By rising group the share of the rows in lower groups, and half of those in its own."""
    total = counts.sum()
    return (np.cumsum(counts) - counts / 2) / total if total else np.full(len(counts), np.nan)
