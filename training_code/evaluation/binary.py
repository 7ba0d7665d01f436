"""Metrics of a binary classifier on one test set, each with a seeded bootstrap standard deviation.

In numpy, because importing scikit-learn's costs a job 1.6 s; the tests hold each against scikit-learn's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

REPLICATES = 200
ROC_POINTS = 200

Floats = npt.NDArray[np.float64]
Metrics = dict[str, float | None]

NAMES = ("accuracy", "precision", "recall", "f1", "auc", "precision_recall_auc", "log_loss", "brier")


@dataclass(frozen=True)
class Ranking:
    """Rows by falling score. ends: the last row of each group of equal scores."""

    order: npt.NDArray[np.int64]
    labels: Floats
    scores: Floats
    predicted: npt.NDArray[np.bool_]
    losses: Floats
    ends: npt.NDArray[np.int64]


def rank(labels: npt.ArrayLike, scores: npt.ArrayLike, threshold: float) -> Ranking:
    labels, scores = np.asarray(labels, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    order = np.argsort(-scores, kind="stable")
    y, p = labels[order], scores[order]
    # A score of exactly 0 or 1 that is wrong would cost infinitely much.
    clipped = np.clip(p, np.finfo(np.float64).eps, 1 - np.finfo(np.float64).eps)
    losses = -(y * np.log(clipped) + (1 - y) * np.log1p(-clipped))
    ends = np.append(np.flatnonzero(np.diff(p)), len(p) - 1)
    return Ranking(order, y, p, p >= threshold, losses, ends)


def metrics(ranking: Ranking, weights: Floats | None = None) -> Metrics:
    """weights: how often each row counts, in the ranking's order. A metric that is not defined is None."""
    w = np.ones(len(ranking.labels)) if weights is None else weights
    positive = w * ranking.labels
    total, positives = w.sum(), positive.sum()
    true_positive, predicted = positive[ranking.predicted].sum(), w[ranking.predicted].sum()
    true_negative = total - predicted - (positives - true_positive)
    return {
        "accuracy": _ratio(true_positive + true_negative, total),
        "precision": _ratio(true_positive, predicted),
        "recall": _ratio(true_positive, positives),
        "f1": _ratio(2 * true_positive, predicted + positives),
        **_areas(ranking, w, positive),
        "log_loss": _ratio((w * ranking.losses).sum(), total),
        "brier": _ratio((w * (ranking.scores - ranking.labels) ** 2).sum(), total),
    }


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _areas(ranking: Ranking, weights: Floats, positive: Floats) -> Metrics:
    """Area under the ROC curve (trapezoids), and average precision for the precision-recall curve (steps)."""
    true = np.cumsum(positive)[ranking.ends]
    seen = np.cumsum(weights)[ranking.ends]
    false = seen - true
    if not true[-1] or not false[-1]:
        return {"auc": None, "precision_recall_auc": None}
    precision = np.divide(true, seen, out=np.zeros_like(true), where=seen > 0)
    average = (np.diff(true, prepend=0.0) * precision).sum() / true[-1]
    return {
        "auc": float(np.trapezoid(_from_zero(true), _from_zero(false)) / (true[-1] * false[-1])),
        "precision_recall_auc": float(average),
    }


def _from_zero(cumulated: Floats) -> Floats:
    return np.concatenate([[0.0], cumulated])


def with_deviations(ranking: Ranking, seed: int) -> dict[str, dict[str, float | None]]:
    """Each metric with the standard deviation of its values on resampled rows; None where it has none."""
    rng = np.random.default_rng(seed)
    count = len(ranking.labels)
    replicates = [
        metrics(ranking, np.bincount(rng.integers(count, size=count), minlength=count).astype(np.float64))
        for _ in range(REPLICATES)
    ]
    values = metrics(ranking)
    return {
        name: {"value": values[name], "standard_deviation": _deviation([one[name] for one in replicates])}
        for name in NAMES
    }


def _deviation(values: list[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return float(np.std(defined, ddof=1)) if len(defined) > 1 else None


def confusion_matrix(ranking: Ranking) -> dict[str, dict[str, int]]:
    """By actual, then by predicted class."""
    actual = ranking.labels == 1
    return {str(a): {str(p): int(np.sum((actual == a) & (ranking.predicted == p))) for p in (0, 1)} for a in (0, 1)}


def roc_curve(ranking: Ranking) -> Mapping[str, list[float]]:
    """Thinned to at most ROC_POINTS points, both ends kept."""
    true = _from_zero(np.cumsum(ranking.labels)[ranking.ends])
    false = _from_zero(np.cumsum(1 - ranking.labels)[ranking.ends])
    kept = np.unique(np.linspace(0, len(true) - 1, min(ROC_POINTS, len(true))).round().astype(int))
    return {
        "false_positive_rates": (false[kept] / max(false[-1], 1)).tolist(),
        "true_positive_rates": (true[kept] / max(true[-1], 1)).tolist(),
    }
