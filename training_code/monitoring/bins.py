"""The bins in which numbers are counted for later comparisons, and how reference.json writes a distribution down."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.codec import CATEGORICAL, NUMERIC, Floats
from monitoring.distributions import Counts, LevelCounts, NumberCounts

FORMAT_VERSION = 1
"""Of reference.json, the baseline's and the evaluation's."""
MOST_EDGES = 255

Document = dict[str, Any]


def edges_of(values: npt.NDArray[Any], maximum: float, most: int = MOST_EDGES) -> Floats:
    """Quantiles, at most `most`, that rise to the maximum; of fewer distinct values each one.

    values: all, or a sample that may lack the maximum. NaN is missing. There is one value at least.
    """
    # Zero has one sign.
    found: Any = np.sort(values[~np.isnan(values)].astype(np.float64)) + 0.0
    distinct = np.unique(found)
    if len(distinct) >= most:
        ranks = np.ceil(np.arange(1, most) / most * len(found)).astype(np.int64) - 1
        distinct = np.unique(found[ranks])
    edges: Floats = np.append(distinct[distinct < maximum], maximum)
    return edges


def count_bins(values: Floats, edges: Floats) -> Counts:
    """values: rising, none is NaN. See NumberCounts.counts."""
    # Sorting values and looking for a few edges costs a tenth of looking for the bin of each value.
    return np.diff(np.searchsorted(values, edges, side="right"), prepend=0, append=len(values))


def number_counts(values: npt.NDArray[Any], most_edges: int = MOST_EDGES) -> NumberCounts:
    """In bins of their own. values: NaN is missing."""
    present = np.sort(values[~np.isnan(values)].astype(np.float64))
    if not len(present):
        nothing = dict.fromkeys(("minimum", "maximum", "mean", "deviation"), math.nan)
        return NumberCounts(np.empty(0), np.zeros(1, dtype=np.int64), len(values), **nothing)
    edges = edges_of(present, float(present[-1]), most_edges)
    return NumberCounts(
        edges,
        count_bins(present, edges),
        len(values) - len(present),
        minimum=float(present[0]),
        maximum=float(present[-1]),
        mean=float(present.mean()),
        deviation=float(present.std()),
        whole=bool(np.all(present == np.floor(present))),
    )


def number_document(found: NumberCounts) -> Document:
    """Without any value minimum, maximum, mean and deviation are null."""
    scales = {name: getattr(found, name) for name in ("minimum", "maximum", "mean", "deviation")}
    return {
        "type": NUMERIC,
        "missing": found.missing,
        **{name: None if math.isnan(value) else value for name, value in scales.items()},
        "whole": found.whole,
        "edges": found.edges.tolist(),
        "counts": found.counts.tolist(),
    }


def level_document(found: LevelCounts) -> Document:
    """The most frequent level first."""
    levels = sorted(found.counts, key=lambda level: (-found.counts[level], level))
    return {
        "type": CATEGORICAL,
        "missing": found.missing,
        "counts": {level: found.counts[level] for level in levels},
    }
