"""Metrics of a classifier of several classes. Names as in SageMaker's model quality metrics where it has them.

weighted_: the classes' values, weighted by how many rows each has. macro_: their plain mean, over the classes that
occur among labels or predictions. auc, weighted_auc: one class against the rest, the plain and the weighted mean.
brier: the squared distance between probabilities and truth, summed over the classes: 0 to 2.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.codec import Floats
from evaluation.bootstrap import Bootstrap, Metrics, Rows, histograms, measurements, ratio, replicates_of, shrink
from evaluation.ranking import area_under_roc

COUNTED = (
    "accuracy",
    "weighted_precision",
    "weighted_recall",
    "weighted_f1",
    "macro_precision",
    "macro_recall",
    "macro_f1",
)
SCORED = ("log_loss", "brier", "auc", "weighted_auc")
NAMES = (*COUNTED, *SCORED)

# Of the ranking of one class: the bootstrap tells no more of them apart.
GROUPS = 1000
# What one replicate costs is rows times classes.
REPLICATE_CELLS, REPLICATE_ROWS = 100_000, 2000
CHUNK_CELLS = 2_000_000

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Multiclass:
    """classes: by their code; scores are (rows, classes). The class with the highest score is predicted."""

    classes: tuple[str, ...]
    key: str = "multiclass_classification_metrics"
    names: tuple[str, ...] = NAMES

    def metrics(self, labels: Floats, scores: Any, bootstrap: Bootstrap) -> Metrics:
        sample = self.sample(labels, scores)
        confusion = count_confusion(sample.labels, sample.predicted, len(self.classes))
        return {**_with_deviations(confusion, bootstrap), **_scored_with_deviations(sample, bootstrap)}

    def document(self, labels: Floats, scores: Any, bootstrap: Bootstrap, curves: bool) -> dict[str, Any]:
        """There are no curves of several classes."""
        confusion = count_confusion(labels.astype(np.int64), scores.argmax(axis=1), len(self.classes))
        matrix = {
            actual: {predicted: int(count) for predicted, count in zip(self.classes, row, strict=True)}
            for actual, row in zip(self.classes, confusion, strict=True)
        }
        return {**self.metrics(labels, scores, bootstrap), "confusion_matrix": matrix}

    def sample(self, labels: Floats, scores: Any) -> "MulticlassSample":
        codes = labels.astype(np.int64)
        losses, errors = row_losses(codes, scores)
        areas, cells, groups = rank_classes(codes, scores)
        return MulticlassSample(codes, scores.argmax(axis=1), losses, errors, areas, cells, groups)


@dataclass(frozen=True)
class MulticlassSample:
    """labels, predicted: codes. losses, errors: of each row. areas, cells, groups: see rank_classes."""

    labels: Codes
    predicted: Codes
    losses: Floats
    errors: Floats
    areas: Floats
    cells: npt.NDArray[np.int32]
    groups: int

    @property
    def most(self) -> int:
        return max(REPLICATE_ROWS, REPLICATE_CELLS // len(self.cells))

    def replicates(self, rows: Rows) -> Mapping[str, Floats]:
        size = max(1, CHUNK_CELLS // len(self.cells) ** 2)
        chunks = (rows[start : start + size] for start in range(0, max(len(rows), 1), size))
        return {**replicates_of(self.counted, chunks), **self.scored(rows)}

    def counted(self, rows: Rows) -> Mapping[str, Floats]:
        """Of the metrics in COUNTED."""
        classes = len(self.cells)
        confusions = histograms(self.labels * classes + self.predicted, rows, classes**2)
        return counted_values(confusions.reshape(len(rows), classes, classes))

    def scored(self, rows: Rows) -> Mapping[str, Floats]:
        """Of the metrics in SCORED."""
        areas = [_drawn_areas(self.cells[:, drawn], self.groups) for drawn in rows]
        return {
            "log_loss": self.losses[rows].mean(axis=1),
            "brier": self.errors[rows].mean(axis=1),
            **{name: np.array([float(drawn[name]) for drawn in areas]) for name in ("auc", "weighted_auc")},
        }


def count_confusion(labels: Codes, predicted: Codes, classes: int) -> Floats:
    """(classes, classes): by actual, then by predicted class."""
    cells = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.float64)


def counted_values(confusion: Floats) -> dict[str, Floats]:
    """(…, classes, classes) → each metric (…). A class that is never predicted has precision 0, as has its F1."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    actual, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    occurs = actual + predicted > 0
    total = actual.sum(axis=-1)
    by_class = {
        "precision": ratio(hits, predicted, otherwise=0.0),
        "recall": ratio(hits, actual, otherwise=0.0),
        "f1": ratio(2 * hits, actual + predicted, otherwise=0.0),
    }
    values = {"accuracy": ratio(hits.sum(axis=-1), total)}
    for name, value in by_class.items():
        values[f"weighted_{name}"] = ratio((value * actual).sum(axis=-1), total)
        values[f"macro_{name}"] = ratio((value * occurs).sum(axis=-1), occurs.sum(axis=-1))
    return values


def _with_deviations(confusion: Floats, bootstrap: Bootstrap) -> Metrics:
    chunks = [counted_values(chunk) for chunk in _resampled(confusion, bootstrap)]
    replicates = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in COUNTED}
    return measurements(COUNTED, counted_values(confusion), replicates)


def _resampled(confusion: Floats, bootstrap: Bootstrap) -> Iterator[Floats]:
    """In chunks: of hundreds of classes, all replicates' matrices together would be gigabytes."""
    held = np.flatnonzero(confusion)
    size = max(1, CHUNK_CELLS // confusion.size)
    for stream, start in enumerate(range(0, max(bootstrap.replicates, 1), size)):
        count = min(size, bootstrap.replicates - start)
        chunk = np.zeros((count, confusion.size))
        chunk[:, held] = bootstrap.counts(confusion.ravel()[held], count, stream)
        yield chunk.reshape(count, *confusion.shape)


def _scored_with_deviations(sample: MulticlassSample, bootstrap: Bootstrap) -> Metrics:
    share = np.bincount(sample.labels, minlength=len(sample.cells)).astype(np.float64)
    values = {"log_loss": sample.losses.mean(), "brier": sample.errors.mean(), **_mean_areas(sample.areas, share)}
    drawn = replicates_of(sample.scored, bootstrap.rows(len(sample.labels), sample.most))
    factor = shrink(len(sample.labels), sample.most)
    return measurements(SCORED, values, {name: replicates * factor for name, replicates in drawn.items()})


def row_losses(labels: Codes, scores: Any) -> tuple[Floats, Floats]:
    """Of each row: the log loss and the Brier score."""
    given = scores[np.arange(len(labels)), labels].astype(np.float64)
    losses = -np.log(np.clip(given, np.finfo(np.float64).eps, 1))
    squares = np.einsum("ij,ij->i", scores, scores, dtype=np.float64)
    return losses, squares - 2 * given + 1


def rank_classes(labels: Codes, scores: Any) -> tuple[Floats, npt.NDArray[np.int32], int]:
    """Each class against the rest: the areas under their ROC curves, NaN where not defined, and for the bootstrap
    (classes, rows), where a row counts in the flat (classes, 2, groups) histogram of the classes' rankings.
    """
    rows, classes = scores.shape
    groups = min(GROUPS, rows)
    areas, cells = np.empty(classes), np.empty((classes, rows), dtype=np.int32)
    for k in range(classes):
        order = np.argsort(-scores[:, k])
        starts = np.flatnonzero(np.diff(scores[order, k], prepend=np.inf))
        sizes = np.diff(starts, append=rows)
        positive = np.add.reduceat((labels[order] == k).astype(np.float64), starts)
        areas[k] = area_under_roc(sizes - positive, positive)
        # Equal scores stay together; without so many rows every score is a group of its own.
        cells[k, order] = np.repeat(starts * groups // rows, sizes)
        cells[k] += ((2 * k + (labels == k)) * groups).astype(np.int32)
    return areas, cells, groups


def _mean_areas(areas: Floats, share: Floats) -> Mapping[str, Floats]:
    """areas: by class, NaN where not defined. share: how many rows each class has."""
    held = np.isfinite(areas)
    known = np.where(held, areas, 0.0)
    return {
        "auc": ratio(known.sum(), held.sum()),
        "weighted_auc": ratio((known * share).sum(), (held * share).sum()),
    }


def _drawn_areas(cells: npt.NDArray[np.int32], groups: int) -> dict[str, Any]:
    classes = len(cells)
    histogram = np.bincount(cells.ravel(), minlength=classes * 2 * groups).reshape(classes, 2, groups)
    counts = histogram.astype(np.float64)
    return dict(_mean_areas(area_under_roc(counts[:, 0], counts[:, 1]), counts[:, 1].sum(axis=-1)))
