"""What the training rows hold, feature by feature: all that the codec and the baseline are made of."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cluster.meeting import Meeting
from codec.codec import NUMERIC
from definition import DataDefinition
from preprocessing.agreement import gather_json
from preprocessing.assignment import SPLIT
from preprocessing.batch_encoding import feature_column
from preprocessing.exact_sum import as_float, exact_sum
from preprocessing.ingest import Ingested
from preprocessing.parallel import Workers
from preprocessing.quantiles import Part, order_statistics
from preprocessing.spill import Block
from preprocessing.splitting import TRAIN_CODE, ordered_places, value_at
from preprocessing.vocabulary import level_counts

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NumberStatistics:
    """Of a numeric feature. minimum and maximum: infinite where no value is present. total: see exact_sum."""

    present: int = 0
    missing: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    integral: bool = True
    total: int = 0

    @property
    def mean(self) -> float:
        return as_float(self.total, self.present)

    def __add__(self, other: "NumberStatistics") -> "NumberStatistics":
        return NumberStatistics(
            self.present + other.present,
            self.missing + other.missing,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.integral and other.integral,
            self.total + other.total,
        )


@dataclass(frozen=True)
class LevelStatistics:
    """Of a categorical feature. counts: rows by level, missing cells left out."""

    counts: dict[str, int]
    missing: int


Statistics = dict[str, NumberStatistics | LevelStatistics]


def number_statistics(values: Floats) -> NumberStatistics:
    """values: NaN is missing."""
    present = values[~np.isnan(values)]
    if not len(present):
        return NumberStatistics(missing=len(values))
    return NumberStatistics(
        len(present),
        len(values) - len(present),
        float(present.min()),
        float(present.max()),
        bool(np.all(present == np.floor(present))),
        exact_sum(present),
    )


def agree_statistics(data: Ingested, definition: DataDefinition, workers: Workers, meeting: Meeting) -> Statistics:
    """Of the training rows of all hosts."""
    numbers = {name: NumberStatistics() for name, kind in definition.features.items() if kind == NUMERIC}
    categorical = [name for name in definition.features if name not in numbers]
    cells = {name: np.zeros(_distinct_cells(data, name), dtype=np.int64) for name in categorical}

    def of_block(block: Block) -> dict[str, Any]:
        train = data.spill.read(block, SPLIT) == TRAIN_CODE
        found: dict[str, Any] = {}
        for name in definition.features:
            values = data.spill.read(block, feature_column(name))[train]
            found[name] = number_statistics(values) if name in numbers else np.bincount(values)
        return found

    for found in workers.in_order(of_block, data.spill.blocks):
        for name, statistics in found.items():
            if name in numbers:
                numbers[name] += statistics
            else:
                cells[name][: len(statistics)] += statistics
    mine = {"numbers": {name: _as_list(statistics) for name, statistics in numbers.items()}}
    missing_values = frozenset(definition.missing_values)
    levels = {name: _levels(data, name, counts, missing_values) for name, counts in cells.items()}
    mine["levels"] = {name: [statistics.counts, statistics.missing] for name, statistics in levels.items()}
    return _merged(gather_json(meeting, mine), definition)


def _distinct_cells(data: Ingested, name: str) -> int:
    column = feature_column(name)
    return len(data.distinct[column].values) if column in data.distinct else 0


def _levels(
    data: Ingested, name: str, counts: npt.NDArray[np.int64], missing_values: frozenset[str]
) -> LevelStatistics:
    column = feature_column(name)
    cells = data.distinct[column].values if column in data.distinct else []
    levels = level_counts(dict(zip(cells, counts.tolist(), strict=True)), missing_values)
    return LevelStatistics(levels, int(counts.sum()) - sum(levels.values()))


def _as_list(statistics: NumberStatistics) -> list[Any]:
    fields = (statistics.present, statistics.missing, statistics.minimum, statistics.maximum, statistics.integral)
    return [*fields, statistics.total]


def _merged(hosts: list[dict[str, Any]], definition: DataDefinition) -> Statistics:
    merged: Statistics = {}
    for name, kind in definition.features.items():
        if kind == NUMERIC:
            merged[name] = sum((NumberStatistics(*host["numbers"][name]) for host in hosts), NumberStatistics())
            continue
        counts: dict[str, int] = {}
        for host in hosts:
            for level, count in host["levels"][name][0].items():
                counts[level] = counts.get(level, 0) + count
        merged[name] = LevelStatistics(counts, sum(host["levels"][name][1] for host in hosts))
    return merged


def agree_medians(data: Ingested, statistics: Statistics, meeting: Meeting) -> dict[str, float]:
    """Of the training rows of all hosts, by numeric feature; features without any value are left out."""
    present = {n: s.present for n, s in statistics.items() if isinstance(s, NumberStatistics) and s.present}
    if not present:
        return {}

    def parts() -> Any:
        for block in data.spill.blocks:
            train = data.spill.read(block, SPLIT) == TRAIN_CODE
            for group, name in enumerate(present):
                yield _present_places(data.spill.read(block, feature_column(name))[train], group)

    ranks = np.array([[(count - 1) // 2, count // 2] for count in present.values()], dtype=np.int64)
    middle = order_statistics(parts, ranks, meeting)
    return {
        name: (value_at(int(low)) + value_at(int(high))) / 2
        for name, (low, high) in zip(present, middle.tolist(), strict=True)
    }


def _present_places(values: Floats, group: int) -> Part:
    return group, ordered_places(values[~np.isnan(values)])
