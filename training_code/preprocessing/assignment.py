"""Gives every row its split."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cluster.meeting import Meeting
from codec.cells import cell_text
from definition import Split
from job import BadData
from preprocessing.agreement import sum_counts
from preprocessing.batch_encoding import HASHES, MOMENT, STRATUM
from preprocessing.ingest import Ingested
from preprocessing.parallel import Workers
from preprocessing.quantiles import Part, order_statistics
from preprocessing.row_hash import Hashes
from preprocessing.spill import Block
from preprocessing.splitting import (
    HASH,
    REJECTED_CODE,
    TIME,
    Cuts,
    SplitCodes,
    cut_ranks,
    fixed_cuts,
    ordered_places,
)
from preprocessing.target import TargetValues

# A column of the spill: the rows' split codes.
SPLIT = "split"
MOST_STRATA = 1_000

Strata = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class _Line:
    """Where the rows of a data set lie. strata: by distinct cell of the stratum column; without one all are in 0."""

    data: Ingested
    target: TargetValues
    split: Split
    strata: Strata | None

    def good(self, block: Block) -> npt.NDArray[np.bool_]:
        return ~(self.data.bad(block) | self.target.unknown(block))

    def places(self, block: Block) -> Hashes:
        if self.split.method == TIME:
            # Rows without a moment are rejected; NaN has a place too.
            return ordered_places(self.data.spill.read(block, MOMENT))
        return self.data.spill.read(block, HASHES)

    def stratum(self, block: Block) -> Strata | int:
        return 0 if self.strata is None else self.strata[self.data.spill.read(block, STRATUM)]

    def good_parts(self) -> Iterator[Part]:
        for block in self.data.spill.blocks:
            good, stratum = self.good(block), self.stratum(block)
            yield stratum if isinstance(stratum, int) else stratum[good], self.places(block)[good]


def assign_splits(data: Ingested, target: TargetValues, split: Split, workers: Workers, meeting: Meeting) -> None:
    """Adds the column SPLIT to the spill."""
    names = _agree_strata(data, meeting, split) if split.method not in (HASH, TIME) else None
    line = _Line(data, target, split, None if names is None else _numbered(data, names))
    cuts = fixed_cuts(split) if split.method == HASH else _found_cuts(line, 1 if names is None else len(names), meeting)

    def codes(block: Block) -> SplitCodes:
        return np.where(line.good(block), cuts.codes(line.places(block), line.stratum(block)), np.uint8(REJECTED_CODE))

    for block, found in zip(data.spill.blocks, workers.in_order(codes, data.spill.blocks), strict=True):
        data.spill.add_column(block, SPLIT, found)


def _agree_strata(data: Ingested, meeting: Meeting, split: Split) -> list[str]:
    mine = {cell_text(cell): 1 for cell in data.distinct[STRATUM].values} if STRATUM in data.distinct else {}
    names = sorted(sum_counts(meeting, mine))
    if len(names) > MOST_STRATA:
        raise BadData(
            f"Column {split.column!r} holds {len(names):,} different values, too many to stratify by (at most "
            f"{MOST_STRATA:,}): name another data.split.column in model.yaml."
        )
    return names


def _numbered(data: Ingested, names: list[str]) -> Strata:
    number = {name: position for position, name in enumerate(names)}
    cells = data.distinct[STRATUM].values if STRATUM in data.distinct else []
    return np.array([number[cell_text(cell)] for cell in cells], dtype=np.int64)


def _found_cuts(line: _Line, groups: int, meeting: Meeting) -> Cuts:
    """Such that the ratios hold within each group, as exactly as rows that share a place allow."""
    counts = np.zeros(groups, dtype=np.int64)
    for group, places in line.good_parts():
        counts += np.bincount(np.broadcast_to(group, len(places)), minlength=groups)
    if meeting.size > 1:
        counts = np.sum([np.frombuffer(answer, np.int64) for answer in meeting.gather(counts.tobytes())], axis=0)
    ranks = np.array([cut_ranks(int(count), line.split) for count in counts], dtype=np.int64).reshape(groups, 2)
    places = order_statistics(line.good_parts, ranks, meeting)
    # A cut above every row: there is no row of that rank.
    beyond = np.uint64(2**64 - 1)
    lower, upper = (np.where(ranks[:, slot] < counts, places[:, slot], beyond) for slot in (0, 1))
    return Cuts(lower, upper)
