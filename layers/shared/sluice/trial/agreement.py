"""How far a shadow's answers are from the champion's to the same requests."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from sluice.definition.data import Task
from sluice.trial.answers import Answer


@dataclass(frozen=True)
class Agreement:
    """Differences of scores are absolute; of numbers relative above 1. None where no scores were answered."""

    pairs: int
    agreed: int
    unlike: int
    """Pairs of answers that cannot be compared: another number of rows or of classes."""
    mean_difference: float | None
    median_difference: float | None
    p95_difference: float | None
    largest_difference: float | None

    @property
    def share_percent(self) -> float:
        """What cannot be compared does not agree."""
        compared = self.pairs + self.unlike
        return 100 * self.agreed / compared if compared else 0.0


@dataclass
class Pairs:
    """Grows while captures are read."""

    task: Task
    tolerance: float
    pairs: int = 0
    agreed: int = 0
    unlike: int = 0
    differences: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, champion: Sequence[Answer], shadow: Sequence[Answer]) -> None:
        if len(champion) != len(shadow):
            self.unlike += 1
            return
        for first, second in zip(champion, shadow, strict=True):
            self._compare(first, second)

    def _compare(self, first: Answer, second: Answer) -> None:
        if len(first.scores) != len(second.scores):
            self.unlike += 1
            return
        difference = self._difference(first.scores, second.scores)
        if difference is not None:
            self.differences.append(difference)
        self.pairs += 1
        self.agreed += self._agree(first, second, difference)

    def _difference(self, first: Sequence[float], second: Sequence[float]) -> float | None:
        """The largest of a row's."""
        relative = self.task == "regression"
        gaps = [abs(a - b) / (max(1.0, abs(a)) if relative else 1.0) for a, b in zip(first, second, strict=True)]
        return max(gaps, default=None)

    def _agree(self, first: Answer, second: Answer, difference: float | None) -> bool:
        if first.label is not None and second.label is not None:
            return first.label == second.label
        return difference is not None and difference <= self.tolerance

    def agreement(self) -> Agreement:
        ordered = sorted(self.differences)
        if not ordered:
            return Agreement(self.pairs, self.agreed, self.unlike, None, None, None, None)
        return Agreement(
            pairs=self.pairs,
            agreed=self.agreed,
            unlike=self.unlike,
            mean_difference=math.fsum(ordered) / len(ordered),
            median_difference=_quantile(ordered, 0.5),
            p95_difference=_quantile(ordered, 0.95),
            largest_difference=ordered[-1],
        )


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that so many are not above."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
