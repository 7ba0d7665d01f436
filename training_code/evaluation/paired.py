"""Challenger against champion on the same rows: their metrics' differences, and how much those would scatter.

Two models fail on much the same rows, so their difference is known far better than either metric. The AUC of two
classes has DeLong's deviation; of every other metric the bootstrap draws rows, and measures both models on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.codec import Floats
from evaluation.artifacts import Task
from evaluation.binary import Binary
from evaluation.bootstrap import Bootstrap, Metrics, deviation, replicates_of, shrink
from evaluation.delong import area_difference_deviation

DELONG, BOOTSTRAP = "delong", "paired-bootstrap"

Difference = dict[str, float | str | None]


@dataclass(frozen=True)
class Judged:
    """A model's scores of a test set, and how they are judged: at its own threshold, by the classes that it knows."""

    task: Task
    scores: Any

    def at(self, rows: npt.NDArray[np.bool_]) -> "Judged":
        return replace(self, scores=self.scores[rows])

    def values(self, labels: Floats) -> Metrics:
        """Without deviations."""
        return self.task.metrics(labels, self.scores, Bootstrap(replicates=0))


def differences(
    labels: Floats,
    models: tuple[Judged, Judged],
    measured: tuple[Mapping[str, Any], Mapping[str, Any]],
    bootstrap: Bootstrap,
    most: int | None = None,
) -> dict[str, Difference]:
    """First model minus second, whatever the metric's good direction. Null is not defined.

    measured: the metrics of each. most: rows of a resampled test set; None leaves it to the task.
    """
    challenger, champion = models
    names = [name for name in challenger.task.names if name in champion.task.names]
    deviations = _bootstrapped(labels, models, bootstrap, most)
    methods = dict.fromkeys(names, BOOTSTRAP)
    if isinstance(challenger.task, Binary):
        deviations["auc"] = area_difference_deviation(labels, challenger.scores, champion.scores)
        methods["auc"] = DELONG
    found: dict[str, Difference] = {}
    for name in names:
        ours, theirs = (metrics[name]["value"] for metrics in measured)
        value = None if ours is None or theirs is None else ours - theirs
        scatter = None if value is None else deviations[name]
        found[name] = {"value": value, "standard_deviation": scatter, "method": methods[name]}
    return found


def _bootstrapped(
    labels: Floats, models: tuple[Judged, Judged], bootstrap: Bootstrap, most: int | None
) -> dict[str, float | None]:
    samples = [model.task.sample(labels, model.scores) for model in models]
    drawn = min(*(sample.most for sample in samples), most or len(labels))

    def gaps(rows: npt.NDArray[np.int64]) -> dict[str, Floats]:
        challenger, champion = (sample.replicates(rows) for sample in samples)
        return {name: values - champion[name] for name, values in challenger.items()}

    replicates = replicates_of(gaps, bootstrap.rows(len(labels), drawn))
    factor = shrink(len(labels), drawn)
    return {name: deviation(values * factor) for name, values in replicates.items()}
