"""TrainingJobEarlyStoppingType Auto: which training jobs are not worth finishing."""

from itertools import accumulate
from statistics import median
from typing import Final

# SageMaker does not say from how many finished jobs on it judges; the median of fewer says little.
_MIN_JOBS: Final = 3


class MedianRule:
    """After each value of the objective: is it worse than the median of the earlier jobs' running averages up to there?

    Source: SageMaker Developer Guide, "Stop Training Jobs Early". An earlier job is one that completed; of one that
    emitted fewer values, the average of all counts.
    """

    def __init__(self, maximize: bool) -> None:
        self._maximize = maximize
        self._running: dict[int, list[float]] = {}
        self._averages: list[list[float]] = []

    def is_worse(self, number: int, value: float) -> bool:
        """The next value of the running job `number`."""
        values = self._running.setdefault(number, [])
        values.append(value)
        if len(self._averages) < _MIN_JOBS:
            return False
        at = len(values) - 1
        middle = median(averages[min(at, len(averages) - 1)] for averages in self._averages)
        return value < middle if self._maximize else value > middle

    def end(self, number: int, *, completed: bool) -> None:
        values = self._running.pop(number, [])
        if completed and values:
            self._averages.append([total / count for count, total in enumerate(accumulate(values), 1)])
