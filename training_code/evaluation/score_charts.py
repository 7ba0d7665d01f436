"""What the report draws of the scores themselves, as few numbers: how they lie, and what each threshold would do."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from codec.codec import BINARY, MULTICLASS, Floats, Target
from evaluation.binary import Binary
from evaluation.bootstrap import defined, ratio
from evaluation.curves import binary_curves
from evaluation.multiclass import count_confusion
from evaluation.paired import Judged
from evaluation.ranking import rank

BARS = 50
# Besides the models' own: so many of equal distance, and so many quantiles of the challenger's scores, which find a
# place for the slider also where all scores are small.
EVEN_THRESHOLDS, QUANTILE_THRESHOLDS = 101, 98
MOST_POINTS = 1000


def score_facts(
    target: Target, labels: Floats, challenger: Judged, champion: Judged | None, seed: int
) -> dict[str, Any]:
    """How the scores lie, by task. seed: of the points that are shown of a regression."""
    if target.task == BINARY:
        edges = np.linspace(0, 1, BARS + 1)
        models = {"challenger": challenger, "champion": champion}
        shown = {name: model and class_histograms(labels, model.scores, edges) for name, model in models.items()}
        return {**shown, "edges": edges.tolist()}
    if target.task == MULTICLASS:
        return {"per_class": class_metrics(target.classes, labels, challenger.scores)}
    return regression_facts(labels, challenger.scores, champion.scores if champion else None, seed)


def class_histograms(labels: Floats, scores: Any, edges: Floats) -> dict[str, list[int]]:
    return {name: histogram(scores[labels == label], edges) for label, name in ((1, "positive"), (0, "negative"))}


def histogram(values: Floats, edges: Floats) -> list[int]:
    """Rows by bar; what rounding puts beyond an end belongs to it."""
    # Not np.histogram, which fails where edges are closer together than doubles can tell.
    bars = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    counts: list[int] = np.bincount(bars, minlength=len(edges) - 1).tolist()
    return counts


def class_metrics(classes: tuple[str, ...], labels: Floats, scores: Any) -> dict[str, dict[str, float | None]]:
    """By class; null where there is no row to take a share of."""
    confusion = count_confusion(labels.astype(np.int64), scores.argmax(axis=1), len(classes))
    hits, actual, predicted = np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    shares = {
        "precision": ratio(hits, predicted),
        "recall": ratio(hits, actual),
        "f1": ratio(2 * hits, actual + predicted),
    }
    return {
        label: {name: defined(values[code]) for name, values in shares.items()} | {"support": int(actual[code])}
        for code, label in enumerate(classes)
    }


def regression_facts(labels: Floats, scores: Any, champions: Any | None, seed: int) -> dict[str, Any]:
    """residual: prediction minus label. points: [label, prediction] of some rows, the same of both models."""
    residuals = scores.astype(np.float64) - labels
    live = None if champions is None else champions.astype(np.float64) - labels
    both = residuals if live is None else np.concatenate([residuals, live])
    edges = np.linspace(both.min(), both.max(), BARS + 1)
    bars: dict[str, Any] = {"counts": histogram(residuals, edges), "edges": edges.tolist()}
    chosen = np.random.default_rng(seed).permutation(len(labels))[:MOST_POINTS]
    facts: dict[str, Any] = {"residuals": bars, "points": np.stack([labels, scores], axis=1)[chosen].tolist()}
    if live is not None and champions is not None:
        bars["champion_counts"] = histogram(live, edges)
        facts["champion_points"] = np.stack([labels, champions], axis=1)[chosen].tolist()
    return facts


def threshold_facts(labels: Floats, challenger: Judged, champion: Judged | None) -> dict[str, Any] | None:
    """What is called right and wrong from each threshold on; None but of two classes."""
    if not isinstance(challenger.task, Binary):
        return None
    own = [model.task.threshold for model in (challenger, champion) if model and isinstance(model.task, Binary)]
    inner = np.quantile(challenger.scores, np.linspace(0, 1, QUANTILE_THRESHOLDS + 2)[1:-1])
    at = np.unique(np.concatenate([np.linspace(0, 1, EVEN_THRESHOLDS), inner, own]))
    models = {"challenger": challenger, "champion": champion}
    return {
        "at": at.tolist(),
        **{name: model and called_at(labels, model.scores, at) for name, model in models.items()},
    }


def called_at(labels: Floats, scores: Any, thresholds: Floats) -> dict[str, list[int]]:
    """A score of at least the threshold is called positive. By threshold: true and false positives and negatives."""
    positive, negative = (np.sort(scores[labels == label].astype(np.float64)) for label in (1, 0))
    missed, right = (np.searchsorted(held, thresholds, side="left") for held in (positive, negative))
    counts = {"tp": len(positive) - missed, "fp": len(negative) - right, "tn": right, "fn": missed}
    return {name: values.tolist() for name, values in counts.items()}


def champion_curves(labels: Floats, champion: Judged | None) -> Mapping[str, Any] | None:
    """None without a champion of two classes."""
    if champion is None or not isinstance(champion.task, Binary):
        return None
    return binary_curves(rank(labels, champion.scores, champion.task.threshold))
