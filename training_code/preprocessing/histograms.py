"""The spread of numeric features over the training rows: standard deviation, and histograms.

One has buckets of equal width, as Model Monitor's baseline shows them; the other one's edges are quantiles (edges.py).
"""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cluster.meeting import Meeting
from monitoring.bins import count_bins
from preprocessing.agreement import gather_json
from preprocessing.assignment import SPLIT
from preprocessing.batch_encoding import feature_column
from preprocessing.edges import agree_edges
from preprocessing.exact_sum import as_float, exact_sum
from preprocessing.ingest import Ingested
from preprocessing.parallel import Workers
from preprocessing.spill import Block
from preprocessing.splitting import TRAIN_CODE
from preprocessing.statistics import NumberStatistics, Statistics

BUCKETS = 10

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Spread:
    """counts[i]: values from bounds[i] on; below bounds[i + 1], of the last one up to it.

    edges, bins: see monitoring's NumberCounts; the last of the bins is empty.
    """

    standard_deviation: float
    bounds: list[float]
    counts: list[int]
    edges: Floats = field(default_factory=lambda: np.empty(0))
    bins: Counts = field(default_factory=lambda: np.zeros(1, dtype=np.int64))


@dataclass
class _Counted:
    """Of the rows so far. squares: the exact sum of squared deviations from the mean."""

    squares: int
    counts: Counts
    bins: Counts

    def __iadd__(self, other: "_Counted") -> "_Counted":
        self.squares += other.squares
        self.counts += other.counts
        self.bins += other.bins
        return self


def number_spread(values: Floats, statistics: NumberStatistics, edges: Floats) -> _Counted:
    """values: NaN is missing."""
    present = np.sort(values)[: len(values) - int(np.count_nonzero(np.isnan(values)))]
    # Not np.histogram: it fails where the bounds are closer together than doubles can tell.
    below = np.searchsorted(present, _bounds(statistics)[1:-1], side="left")
    squares = exact_sum((present - statistics.mean) ** 2)
    return _Counted(squares, np.diff(below, prepend=0, append=len(present)), count_bins(present, edges))


def spread_of(counted: _Counted, statistics: NumberStatistics, edges: Floats) -> Spread:
    deviation = math.sqrt(as_float(counted.squares, statistics.present))
    bounds = _bounds(statistics).tolist()
    return Spread(deviation, bounds, counted.counts.tolist(), edges, counted.bins)


def _bounds(statistics: NumberStatistics) -> Floats:
    return np.histogram_bin_edges(np.zeros(0), bins=BUCKETS, range=(statistics.minimum, statistics.maximum))


def agree_spreads(data: Ingested, statistics: Statistics, workers: Workers, meeting: Meeting) -> dict[str, Spread]:
    """Of the training rows of all hosts, by numeric feature; features without any value are left out."""
    present = {n: s for n, s in statistics.items() if isinstance(s, NumberStatistics) and s.present}
    edges = agree_edges(data, {name: found.maximum for name, found in present.items()}, workers, meeting)
    counted = {name: number_spread(np.empty(0), found, edges[name]) for name, found in present.items()}

    def of_block(block: Block) -> dict[str, _Counted]:
        train = data.spill.read(block, SPLIT) == TRAIN_CODE
        columns = {name: data.spill.read(block, feature_column(name))[train] for name in present}
        return {name: number_spread(columns[name], found, edges[name]) for name, found in present.items()}

    for found in workers.in_order(of_block, data.spill.blocks):
        for name, more in found.items():
            counted[name] += more
    mine = {name: [found.squares, found.counts.tolist(), found.bins.tolist()] for name, found in counted.items()}
    hosts = gather_json(meeting, mine)
    return {name: spread_of(_sum([h[name] for h in hosts]), found, edges[name]) for name, found in present.items()}


def _sum(hosts: list[tuple[int, list[int], list[int]]]) -> _Counted:
    squares, counts, bins = zip(*hosts, strict=True)
    return _Counted(sum(squares), np.sum(counts, axis=0), np.sum(bins, axis=0))
