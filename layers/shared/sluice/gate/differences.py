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

    def at_most(self, error: float, freedom: int | None = None) -> float:
        """Upper bound that the true gain exceeds with probability `error`: one-sided.

        Of a normal distribution; with `freedom` of Student's, for a deviation that is taken from few rows.
        """
        score = z_score(error) if freedom is None else student_score(error, freedom)
        return self.value + score * self.deviation

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


def student_score(error: float, freedom: int) -> float:
    """What a number of Student's distribution exceeds with that probability.

    By the expansion in 1 / freedom (Abramowitz, Stegun 1964, 26.7.5): from 19 degrees of freedom on within 1 % up to a
    normal score of 5, and a little low beyond.
    """
    z = z_score(error)
    terms: tuple[float, ...] = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return math.fsum(term / float(freedom) ** power for power, term in enumerate(terms))


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
