"""How well a variant answered, where the truth arrived, and how much that would scatter.

Each variant answers requests of its own, so the two are independent samples: deviations add up as squares. That of an
area under the ROC curve is of DeLong, DeLong, Clarke-Pearson 1988, in the O(n log n) form of Sun, Xu 2014.
"""

import math
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sluice.definition.data import Task
from sluice.definition.gate import LOWER_IS_BETTER, MetricName
from sluice.gate.differences import Gain
from sluice.trial.answers import Answer
from sluice.trial.ground_truth import UnreadableLabelError, true_number

Numbers = Sequence[float]

_LEAST_PROBABILITY = 1e-7
"""A probability of exactly 0 or 1 that is wrong would be an infinite loss; a float32 tells no less from 1."""


@dataclass(frozen=True)
class Measurement:
    value: float
    deviation: float | None
    """None where too few rows tell how much it scatters."""


@dataclass
class Labelled:
    """A variant's answers whose truth is known; grows while captures are read. Eight bytes a number."""

    task: Task
    positive_label: str | int | None = None
    truth: "array[float]" = field(default_factory=lambda: array("d"))
    predicted: "array[float]" = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.truth)

    def add(self, answers: Sequence[Answer], labels: Sequence[str | None]) -> None:
        """A request's rows; one whose label is None is left out.

        Raises UnreadableLabelError where they are not as many, or no answer to the task.
        """
        if len(answers) != len(labels):
            raise UnreadableLabelError(f"{len(labels)} labels for {len(answers)} answers")
        told = [(answer, label) for answer, label in zip(answers, labels, strict=True) if label is not None]
        pairs = [self._pair(answer, label) for answer, label in told]
        self.truth.extend(truth for truth, _ in pairs)
        self.predicted.extend(predicted for _, predicted in pairs)

    def _pair(self, answer: Answer, label: str) -> tuple[float, float]:
        if self.task == "multiclass":
            if answer.label is None:
                raise UnreadableLabelError("the answer names no class: ask for JSON, or for output=both")
            return 1.0, float(answer.label == label)
        if not answer.scores:
            raise UnreadableLabelError("the answer holds no probability")
        return true_number(label, self.task, self.positive_label), answer.scores[0]


def quality_of(labelled: Labelled) -> dict[MetricName, Measurement]:
    """By metric; absent where it is not defined."""
    if not len(labelled):
        return {}
    measured = {name: measure(labelled.truth, labelled.predicted) for name, measure in _METRICS[labelled.task].items()}
    return {name: value for name, value in measured.items() if value is not None}


def gain(metric: MetricName, challenger: Measurement, champion: Measurement) -> Gain | None:
    """Challenger over champion, more is better. None where it is not known how much it scatters."""
    if challenger.deviation is None or champion.deviation is None:
        return None
    difference = challenger.value - champion.value
    deviation = math.hypot(challenger.deviation, champion.deviation)
    return Gain(-difference if metric in LOWER_IS_BETTER else difference, deviation)


def area_under_curve(truth: Numbers, scores: Numbers) -> Measurement | None:
    """None without rows of both classes."""
    positives = int(sum(truth))
    negatives = len(truth) - positives
    if not positives or not negatives:
        return None
    parts: tuple[list[float], list[float]] = ([], [])
    for label, placed in _placements(truth, scores, positives, negatives):
        parts[label].append(placed)
    value = math.fsum(parts[1]) / positives
    if min(positives, negatives) < 2:
        return Measurement(value, None)
    return Measurement(value, math.sqrt(sum(_variance(part) / len(part) for part in parts)))


def _placements(truth: Numbers, scores: Numbers, positives: int, negatives: int) -> Iterator[tuple[int, float]]:
    """Of each row its label and the share of the other class that it is ranked rightly against; equal counts half."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    below = [0, 0]
    for _, group in groupby(order, key=scores.__getitem__):
        rows = list(group)
        tied = [0, 0]
        for row in rows:
            tied[int(truth[row])] += 1
        rightly = (
            1 - (below[1] + tied[1] / 2) / positives,
            (below[0] + tied[0] / 2) / negatives,
        )
        for row in rows:
            label = int(truth[row])
            yield label, rightly[label]
        below = [below[0] + tied[0], below[1] + tied[1]]


def log_loss(truth: Numbers, scores: Numbers) -> Measurement:
    def loss(label: float, score: float) -> float:
        probability = score if label else 1 - score
        return -math.log(min(1.0, max(_LEAST_PROBABILITY, probability)))

    return _mean([loss(label, score) for label, score in zip(truth, scores, strict=True)])


def accuracy(truth: Numbers, right: Numbers) -> Measurement:
    return _mean(right)


def root_mean_squared_error(truth: Numbers, predicted: Numbers) -> Measurement:
    """Its deviation by the delta method from that of the mean squared error."""
    squared = _mean([(value - number) ** 2 for value, number in zip(truth, predicted, strict=True)])
    value = math.sqrt(squared.value)
    if squared.deviation is None or not value:
        return Measurement(value, squared.deviation)
    return Measurement(value, squared.deviation / (2 * value))


def _mean(values: Numbers) -> Measurement:
    deviation = math.sqrt(_variance(values) / len(values)) if len(values) > 1 else None
    return Measurement(math.fsum(values) / len(values), deviation)


def _variance(values: Numbers) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


_METRICS: Mapping[Task, Mapping[MetricName, Callable[[Numbers, Numbers], Measurement | None]]] = {
    "binary": {"auc": area_under_curve, "log_loss": log_loss},
    "multiclass": {"accuracy": accuracy},
    "regression": {"rmse": root_mean_squared_error},
}
"""The first is what a trial decides by, where the gate's own metric is none of them."""


def deciding_metric(task: Task, gates: MetricName | None) -> MetricName:
    """The gate's champion metric where a trial measures it, else the task's own."""
    measured = _METRICS[task]
    return gates if gates is not None and gates in measured else next(iter(measured))
