"""How values are distributed, as a check compares them: counts in bins that the baseline's rows chose."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from codec.codec import Floats

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class NumberCounts:
    """edges: increasing, the baseline's. counts[0]: values up to edges[0]; counts[i]: above edges[i-1], up to edges[i];
    counts[-1]: above the last edge. So there is one count more than edges.

    below, above: values outside the baseline's minimum and maximum. unreadable: cells that are no numbers. Without any
    value minimum, maximum, mean and deviation are NaN.
    """

    edges: Floats
    counts: Counts
    missing: int
    minimum: float
    maximum: float
    mean: float
    deviation: float
    unreadable: int = 0
    below: int = 0
    above: int = 0
    whole: bool = False
    """All values are whole numbers."""

    @property
    def present(self) -> int:
        return int(self.counts.sum())


@dataclass(frozen=True)
class LevelCounts:
    """counts: by level, of those that the baseline has. unseen: values of no such level, with examples of them."""

    counts: Mapping[str, int]
    missing: int
    unseen: int = 0
    unseen_examples: Mapping[str, int] = field(default_factory=dict)

    @property
    def present(self) -> int:
        return sum(self.counts.values()) + self.unseen


Distribution = NumberCounts | LevelCounts
