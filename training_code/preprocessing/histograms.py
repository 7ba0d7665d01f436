"""The spread of numeric features over the training rows: standard deviation, and a histogram of equal widths."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cluster.meeting import Meeting
from preprocessing.agreement import gather_json
from preprocessing.assignment import SPLIT
from preprocessing.batch_encoding import feature_column
from preprocessing.exact_sum import as_float, exact_sum
from preprocessing.ingest import Ingested
from preprocessing.parallel import Workers
from preprocessing.spill import Block
from preprocessing.splitting import TRAIN_CODE
from preprocessing.statistics import NumberStatistics, Statistics

BUCKETS = 10

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """counts[i]: values from bounds[i] on; below bounds[i + 1], of the last one up to it."""

    standard_deviation: float
    bounds: list[float]
    counts: list[int]


def number_spread(values: Floats, statistics: NumberStatistics) -> tuple[int, npt.NDArray[np.int64]]:
    """The exact sum of squared deviations from the mean, and the histogram's counts. values: NaN is missing."""
    present = values[~np.isnan(values)]
    # Not np.histogram: it fails where the bounds are closer together than doubles can tell.
    buckets = np.searchsorted(_bounds(statistics), present, side="right") - 1
    counts = np.bincount(np.minimum(buckets, BUCKETS - 1), minlength=BUCKETS)
    return exact_sum((present - statistics.mean) ** 2), counts


def spread_of(squares: int, counts: npt.NDArray[np.int64], statistics: NumberStatistics) -> Spread:
    deviation = math.sqrt(as_float(squares, statistics.present))
    return Spread(deviation, _bounds(statistics).tolist(), counts.tolist())


def _bounds(statistics: NumberStatistics) -> Floats:
    return np.histogram_bin_edges(np.zeros(0), bins=BUCKETS, range=(statistics.minimum, statistics.maximum))


def agree_spreads(data: Ingested, statistics: Statistics, workers: Workers, meeting: Meeting) -> dict[str, Spread]:
    """Of the training rows of all hosts, by numeric feature; features without any value are left out."""
    present = {n: s for n, s in statistics.items() if isinstance(s, NumberStatistics) and s.present}
    squares = dict.fromkeys(present, 0)
    counts = {name: np.zeros(BUCKETS, dtype=np.int64) for name in present}

    def of_block(block: Block) -> dict[str, Any]:
        train = data.spill.read(block, SPLIT) == TRAIN_CODE
        return {n: number_spread(data.spill.read(block, feature_column(n))[train], s) for n, s in present.items()}

    for found in workers.in_order(of_block, data.spill.blocks):
        for name, (square, count) in found.items():
            squares[name] += square
            counts[name] += count
    hosts = gather_json(meeting, {name: [squares[name], counts[name].tolist()] for name in present})
    return {
        name: spread_of(sum(h[name][0] for h in hosts), np.sum([h[name][1] for h in hosts], axis=0), found)
        for name, found in present.items()
    }
