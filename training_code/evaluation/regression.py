"""Metrics of a model that predicts a number. Names as in SageMaker's model quality metrics where it has them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from codec.codec import Floats
from evaluation.bootstrap import ROWS, Bootstrap, Metrics, measurements, ratio, shrink

NAMES = ("mae", "mse", "rmse", "r2", "mape")


@dataclass(frozen=True)
class Regression:
    """mae, rmse: in the target's unit. mape: a share, not a percentage; not defined where a target is 0."""

    key: str = "regression_metrics"
    names: tuple[str, ...] = NAMES

    def metrics(self, labels: Floats, scores: Any, bootstrap: Bootstrap) -> Metrics:
        terms = row_terms(labels, scores)
        replicates = [metric_values(terms[:, rows].mean(axis=1)) for rows in bootstrap.rows(len(labels))]
        factor = shrink(len(labels), ROWS)
        drawn = {name: np.array([replicate[name] for replicate in replicates]) * factor for name in NAMES}
        return measurements(NAMES, metric_values(terms.mean(axis=1)), drawn)

    def document(self, labels: Floats, scores: Any, bootstrap: Bootstrap, curves: bool) -> dict[str, Any]:
        return dict(self.metrics(labels, scores, bootstrap))


def row_terms(labels: Floats, predictions: Any) -> Floats:
    """(5, rows): absolute error, squared error, relative error, target and its square; the metrics need their means."""
    errors = np.asarray(predictions, dtype=np.float64) - labels
    # Around the mean, because the variance of large targets would drown in rounding.
    centred = labels - labels.mean()
    return np.stack([np.abs(errors), errors**2, ratio(np.abs(errors), np.abs(labels)), centred, centred**2])


def metric_values(means: Floats) -> dict[str, Floats]:
    """NaN is not defined: r2 where the target does not vary, mape where it is 0 in some row."""
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
