"""How the features of a run's training rows are distributed: from its baseline's reference.json, or, of runs before
there was one, from Model Monitor's statistics.json, whose ten buckets may tell too little.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from codec.codec import CATEGORICAL, NUMERIC, Floats
from job import BadData

# Of the rows with a value in one bucket: with more, the bucket hides what a comparison would have to see.
MOST_IN_A_BUCKET = 0.5


@dataclass(frozen=True)
class Numbers:
    """counts[i]: rows from bounds[i] on, below bounds[i + 1]; of the last up to it. Both empty without any value.

    fine: the buckets are hundreds of quantiles. One that holds many rows holds one value that they all have.
    """

    missing: float
    bounds: Floats
    counts: Floats
    whole: bool
    fine: bool = False

    type = NUMERIC

    def __post_init__(self) -> None:
        whole = np.isfinite(self.counts).all() and np.isfinite(self.bounds).all() and self.missing >= 0
        if not whole or (self.counts < 0).any() or (np.diff(self.bounds) <= 0).any():
            raise ValueError("a distribution with counts below 0, or bounds that do not rise")

    @property
    def present(self) -> float:
        return float(self.counts.sum())

    @property
    def is_coarse(self) -> bool:
        """Most rows are in one bucket that may hold many values: of a long tail, say."""
        if self.fine:
            return False
        crowded = self.counts > MOST_IN_A_BUCKET * self.present
        if self.whole and len(self.counts):
            crowded &= self._whole_numbers > 1
        return bool(crowded.any())

    def deciles(self) -> Floats:
        """Up to nine rising edges, by linear interpolation in the buckets; whole numbers' edges are whole.

        Of fine buckets their ends: within one, a value that many rows have would be torn apart.
        """
        if not self.present:
            return np.empty(0)
        reached = np.concatenate([[0.0], np.cumsum(self.counts)]) / self.present
        if self.fine:
            return np.unique(self.bounds[np.searchsorted(reached, np.arange(1, 10) / 10)])
        rises = np.concatenate([[True], np.diff(reached) > 0])
        edges = np.interp(np.arange(1, 10) / 10, reached[rises], self.bounds[rises])
        return np.unique(np.ceil(edges) if self.whole else edges)

    def below(self, edges: Floats) -> Floats:
        """Rows with less than each edge. Within a bucket they lie evenly: on its whole numbers, or everywhere."""
        if not self.present:
            return np.zeros(len(edges))
        bucket = np.clip(np.searchsorted(self.bounds, edges, side="right") - 1, 0, len(self.counts) - 1)
        low, high = self.bounds[bucket], self.bounds[bucket + 1]
        if self.whole:
            part = (np.ceil(edges) - np.ceil(low)) / np.maximum(self._whole_numbers[bucket], 1)
        else:
            part = (edges - low) / (high - low)
        inside = np.clip(np.where(edges > self.bounds[-1], 1.0, part), 0.0, 1.0)
        rows: Floats = (np.cumsum(self.counts) - self.counts)[bucket] + inside * self.counts[bucket]
        return rows

    @property
    def _whole_numbers(self) -> Floats:
        """How many whole numbers a bucket may hold."""
        ends = np.append(np.ceil(self.bounds[1:-1]), np.floor(self.bounds[-1]) + 1)
        count: Floats = ends - np.ceil(self.bounds[:-1])
        return count


@dataclass(frozen=True)
class Levels:
    """counts: rows by level."""

    missing: float
    counts: Mapping[str, float]

    type = CATEGORICAL


Distribution = Numbers | Levels


def distributions(baseline: Mapping[str, Any]) -> dict[str, Distribution]:
    """By feature. baseline: reference.json or statistics.json. BadData where the document is of neither schema."""
    try:
        if "format_version" in baseline:
            return {str(name): _of_reference(feature) for name, feature in baseline["features"].items()}
        return {str(feature["name"]): _distribution(feature) for feature in baseline["features"]}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadData(f"It is not of Model Monitor's schema: {type(error).__name__} {error}.") from error


def _of_reference(feature: Mapping[str, Any]) -> Distribution:
    missing = float(feature["missing"])
    if feature["type"] == CATEGORICAL:
        return Levels(missing, {str(level): float(count) for level, count in feature["counts"].items()})
    edges, counts = np.array(feature["edges"], dtype=np.float64), np.array(feature["counts"][:-1], dtype=np.float64)
    if not len(edges):
        return Numbers(missing, edges, counts, whole=bool(feature["whole"]), fine=True)
    # A bin holds its upper edge: the bucket goes on to the number after it.
    bounds = np.concatenate([[float(feature["minimum"])], np.nextafter(edges, np.inf)])
    return Numbers(missing, bounds, counts, whole=bool(feature["whole"]), fine=True)


def _distribution(feature: Mapping[str, Any]) -> Distribution:
    if "string_statistics" in feature:
        strings = feature["string_statistics"]
        buckets = strings["distribution"]["categorical"]["buckets"]
        counts = {str(bucket["value"]): float(bucket["count"]) for bucket in buckets}
        return Levels(float(strings["common"]["num_missing"]), counts)
    numbers = feature["numerical_statistics"]
    # Absent where no row has a value.
    buckets = numbers.get("distribution", {"kll": {"buckets": []}})["kll"]["buckets"]
    bounds = [bucket["lower_bound"] for bucket in buckets] + [bucket["upper_bound"] for bucket in buckets[-1:]]
    return Numbers(
        missing=float(numbers["common"]["num_missing"]),
        bounds=np.array(bounds, dtype=np.float64),
        counts=np.array([bucket["count"] for bucket in buckets], dtype=np.float64),
        whole=feature["inferred_type"] == "Integral",
    )
