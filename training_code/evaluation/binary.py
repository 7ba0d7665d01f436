"""Metrics of a binary classifier on one test set, each with its bootstrap standard deviation.

In numpy, because importing scikit-learn costs a job 1.6 s; the tests hold each against scikit-learn's. Sample weights
say what training shall attend to; the metrics are of the rows as they are, each counted once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.codec import Floats
from evaluation.bootstrap import Bootstrap, Metrics, Rows, histograms, measurements, ratio
from evaluation.calibration import calibration_error
from evaluation.curves import binary_curves
from evaluation.ranking import Ranking, area_under_roc, average_precision, coarse, rank

NAMES = (
    "accuracy",
    "precision",
    "recall",
    "f1",
    "auc",
    "precision_recall_auc",
    "log_loss",
    "brier",
    "calibration_error",
)
# Rows of a resampled test set on which two models are compared. More than of the other tasks: it may take thousands
# of rows to draw a few positives.
PAIRED_ROWS = 50_000


@dataclass(frozen=True)
class Binary:
    """A score of at least the threshold is called positive."""

    threshold: float
    key: str = "binary_classification_metrics"
    names: tuple[str, ...] = NAMES

    def metrics(self, labels: Floats, scores: Any, bootstrap: Bootstrap) -> Metrics:
        return with_deviations(rank(labels, scores, self.threshold), bootstrap)

    def document(self, labels: Floats, scores: Any, bootstrap: Bootstrap, curves: bool) -> dict[str, Any]:
        ranking = rank(labels, scores, self.threshold)
        document: dict[str, Any] = {
            **with_deviations(ranking, bootstrap),
            "confusion_matrix": confusion_matrix(ranking),
        }
        if curves:
            document |= binary_curves(ranking)
        return document

    def sample(self, labels: Floats, scores: Any) -> "BinarySample":
        ranking = coarse(rank(labels, scores, self.threshold))
        cells = labels.astype(np.int64) * len(ranking.highest) + ranking.groups_of(scores)
        return BinarySample(ranking, cells)


@dataclass(frozen=True)
class BinarySample:
    """cells: of each row, where it counts in the flat (2, groups) counts of the ranking.

    Two models' rankings have other groups, so it is the rows that are resampled, for both the same. What the groups
    blur, a thousandth of the rows each, only makes nearly equal models' differences seem to scatter a little more.
    """

    ranking: Ranking
    cells: npt.NDArray[np.int64]
    most: int = PAIRED_ROWS

    def replicates(self, rows: Rows) -> Mapping[str, Floats]:
        counts = histograms(self.cells, rows, self.ranking.counts.size)
        return metric_values(self.ranking, counts.reshape(len(rows), *self.ranking.counts.shape))


def with_deviations(ranking: Ranking, bootstrap: Bootstrap) -> Metrics:
    resampled = coarse(ranking)
    replicates = metric_values(resampled, bootstrap.counts(resampled.counts).astype(np.float64))
    return measurements(NAMES, metric_values(ranking, ranking.counts), replicates)


def metric_values(ranking: Ranking, counts: Floats) -> dict[str, Floats]:
    """counts: (…, 2, groups), those of the ranking or resampled ones → each metric (…). NaN is not defined."""
    negative, positive = counts[..., 0, :], counts[..., 1, :]
    both = negative + positive
    total, positives = both.sum(axis=-1), positive.sum(axis=-1)
    predicted, hits = both @ ranking.predicted, positive @ ranking.predicted
    residuals = positive - negative * ranking.scores[0] - positive * ranking.scores[1]
    return {
        "accuracy": ratio(total - positives - predicted + 2 * hits, total),
        "precision": ratio(hits, predicted),
        "recall": ratio(hits, positives),
        "f1": ratio(2 * hits, predicted + positives),
        "auc": area_under_roc(negative, positive),
        "precision_recall_auc": average_precision(negative, positive),
        "log_loss": ratio(negative @ ranking.losses[0] + positive @ ranking.losses[1], total),
        "brier": ratio(negative @ ranking.errors[0] + positive @ ranking.errors[1], total),
        "calibration_error": calibration_error(ranking.bins, residuals, total),
    }


def confusion_matrix(ranking: Ranking) -> dict[str, dict[str, int]]:
    """By actual, then by predicted class."""
    positive = ranking.counts @ ranking.predicted
    negative = ranking.counts.sum(axis=1) - positive
    return {str(actual): {"0": int(negative[actual]), "1": int(positive[actual])} for actual in (0, 1)}
