"""Where the bins of a numeric feature end: quantiles of the training rows, the same on every host.

A sample gives the edges, so that they cost little; the rows between them are all counted, so that the counts are exact.
The sample is the rows with the smallest hashes: whichever hosts, files and blocks they came in. Keys do not repeat, and
without a key the hash is of the whole row: rows of one hash hold the same values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cluster.meeting import Meeting
from monitoring.bins import edges_of
from preprocessing.assignment import SPLIT
from preprocessing.batch_encoding import HASHES, feature_column
from preprocessing.ingest import Ingested
from preprocessing.parallel import Workers
from preprocessing.row_hash import Hashes
from preprocessing.spill import Block
from preprocessing.splitting import TRAIN_CODE

# Of the sample: an edge at the median is off by 0.4 % of the rows, about one bin's share, where it is largest.
MOST_ROWS, FEWEST_ROWS = 20_000, 2_000
# Of many features fewer rows: hosts send each other the sample.
MOST_VALUES = 2_000_000

Floats = npt.NDArray[np.float64]


@dataclass
class _Sample:
    """The `size` rows with the smallest hashes.

    A row: its hash, and the bits of its values.
    """

    size: int
    width: int
    waiting: list[Hashes] = field(default_factory=list)
    highest: int = 2**64 - 1
    """No row whose hash is above is among the smallest."""

    def add(self, rows: Hashes) -> None:
        self.waiting.append(rows)
        if sum(map(len, self.waiting)) > 2 * self.size:
            self.rows()

    def rows(self) -> Hashes:
        found = np.concatenate([np.empty((0, self.width), dtype=np.uint64), *self.waiting])
        found = found[np.argsort(found[:, 0], kind="stable")[: self.size]]
        self.waiting = [found]
        if len(found) == self.size:
            self.highest = int(found[-1, 0])
        return found


def agree_edges(data: Ingested, maxima: Mapping[str, float], workers: Workers, meeting: Meeting) -> dict[str, Floats]:
    """By numeric feature rising edges, the last one its maximum over the training rows of all hosts.

    See edges_of: quantiles of a sample of the rows.
    """
    if not maxima:
        return {}
    size = min(MOST_ROWS, max(FEWEST_ROWS, MOST_VALUES // len(maxima)))
    mine, everyones = (_Sample(size, 1 + len(maxima)) for _ in range(2))
    for rows in workers.in_order(lambda block: _candidates(data, block, tuple(maxima), mine), data.spill.blocks):
        mine.add(rows)
    for answer in meeting.gather(mine.rows().tobytes()):
        everyones.add(np.frombuffer(answer, dtype=np.uint64).reshape(-1, everyones.width))
    values = everyones.rows()[:, 1:].view(np.float64)
    return {name: edges_of(values[:, place], maximum) for place, (name, maximum) in enumerate(maxima.items())}


def _candidates(data: Ingested, block: Block, names: Sequence[str], sample: _Sample) -> Hashes:
    """The block's training rows that may be among the smallest."""
    hashes = data.spill.read(block, HASHES)
    chosen = (data.spill.read(block, SPLIT) == TRAIN_CODE) & (hashes <= np.uint64(sample.highest))
    rows = np.empty((int(np.count_nonzero(chosen)), 1 + len(names)), dtype=np.uint64)
    rows[:, 0] = hashes[chosen]
    for place, name in enumerate(names):
        rows[:, 1 + place] = data.spill.read(block, feature_column(name))[chosen].view(np.uint64)
    return rows
