"""Metrics of a model that predicts a number. Names as in SageMaker's model quality metrics where it has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from codec.codec import Floats
from evaluation.bootstrap import ROWS, Bootstrap, Metrics, Rows, measurements, ratio, replicates_of, shrink

NAMES = ("mae", "mse", "rmse", "r2", "mape")


@dataclass(frozen=True)
class Regression:
    """mae, rmse: in the target's unit. mape: a share, not a percentage; not defined where a target is 0."""

    key: str = "regression_metrics"
    names: tuple[str, ...] = NAMES

    def metrics(self, labels: Floats, scores: Any, bootstrap: Bootstrap) -> Metrics:
        sample = self.sample(labels, scores)
        drawn = replicates_of(sample.replicates, bootstrap.rows(len(labels), sample.most))
        factor = shrink(len(labels), sample.most)
        values = metric_values(sample.terms.mean(axis=1))
        return measurements(NAMES, values, {name: replicates * factor for name, replicates in drawn.items()})

    def document(self, labels: Floats, scores: Any, bootstrap: Bootstrap, curves: bool) -> dict[str, Any]:
        return dict(self.metrics(labels, scores, bootstrap))

    def sample(self, labels: Floats, scores: Any) -> "RegressionSample":
        return RegressionSample(row_terms(labels, scores))


@dataclass(frozen=True)
class RegressionSample:
    """terms: see row_terms."""

    terms: Floats
    most: int = ROWS

    def replicates(self, rows: Rows) -> Mapping[str, Floats]:
        return metric_values(np.stack([term[rows].mean(axis=1) for term in self.terms]))


def row_terms(labels: Floats, predictions: Any) -> Floats:
    """(5, rows): absolute error, squared error, relative error, target and its square; the metrics need their means."""
    errors = np.asarray(predictions, dtype=np.float64) - labels
    # Around the mean, because the variance of large targets would drown in rounding.
    centred = labels - labels.mean()
    return np.stack([np.abs(errors), errors**2, ratio(np.abs(errors), np.abs(labels)), centred, centred**2])


def metric_values(means: Floats) -> dict[str, Floats]:
    """means: (5, …) of row_terms → each metric (…).

    NaN is not defined: r2 where the target does not vary, mape where it is 0 in some row.
    """
    absolute, squared, relative, centred, centred_square = means
    variance = centred_square - centred**2
    varies = variance > np.finfo(np.float64).eps * centred_square
    return {
        "mae": absolute,
        "mse": squared,
        "rmse": np.sqrt(squared),
        "r2": 1 - ratio(squared, np.where(varies, variance, 0.0)),
        "mape": relative,
    }
