"""The challenger against the champion on the same test rows, and what such a difference shows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from sluice.definition.gate import LOWER_IS_BETTER


@dataclass(frozen=True)
class Gain:
    """Counted so that more is better. deviation: of the difference, both models being measured on the same rows."""

    value: float
    deviation: float

    def at_most(self, error: float) -> float:
        """Upper bound that the true gain exceeds with probability `error`: one-sided, of a normal distribution."""
        return self.value + z_score(error) * self.deviation

    def at_least(self, error: float) -> float:
        return self.value - z_score(error) * self.deviation


@dataclass(frozen=True)
class Difference:
    """Challenger minus champion, as evaluation.json tells it. None is not defined."""

    value: float | None
    deviation: float | None

    def gain(self, metric: str) -> Gain | None:
        """None where the difference, or how certain it is, is not defined."""
        if self.value is None or self.deviation is None:
            return None
        return Gain(-self.value if metric in LOWER_IS_BETTER else self.value, self.deviation)


def z_score(error: float) -> float:
    """What a standard normal number exceeds with that probability."""
    # By the lower tail: in floating point 1 - error is 1 long before error is 0.
    return -NormalDist().inv_cdf(error)


def number(value: object) -> float | None:
    """A JSON number that is one; None for null, NaN and infinity."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def read_differences(section: Mapping[str, Any] | None) -> dict[str, Difference] | None:
    """By metric. None where the section holds no differences."""
    if section is None or not isinstance(section.get("differences"), dict):
        return None
    return {name: _difference(entry or {}) for name, entry in section["differences"].items()}


def _difference(entry: Mapping[str, Any]) -> Difference:
    deviation = number(entry.get("standard_deviation"))
    return Difference(number(entry.get("value")), deviation if deviation is None or deviation >= 0 else None)
