"""Small data behind the facts of a report: scores, and what is counted of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Facts = dict[str, Any]
Numbers = npt.NDArray[np.float64]


def series(name: str, split: str) -> list[float]:
    rounds = np.arange(120)
    gap = 0.02 if split == "train" else 0.0
    rise = 0.85 + gap * rounds / 60 - 0.2 * np.exp(-rounds / 15)
    return (rise if name == "auc" else 1.2 - rise).tolist()


def scores(rng: np.random.Generator, actual: npt.NDArray[np.bool_], strength: float) -> Numbers:
    return 1 / (1 + np.exp(-(rng.normal(-1.3, 1.1, len(actual)) + 1.6 * strength * actual)))


def matrix(actual: npt.NDArray[np.bool_], called: npt.NDArray[np.bool_]) -> Facts:
    cells = {(one, other): int(np.sum((actual == one) & (called == other))) for one in (0, 1) for other in (0, 1)}
    return {str(one): {str(other): cells[one, other] for other in (0, 1)} for one in (0, 1)}


def by_threshold(actual: npt.NDArray[np.bool_], scores: Numbers, at: Numbers) -> dict[str, list[int]]:
    matrices = [matrix(actual, scores >= threshold) for threshold in at]
    cells = {"tp": ("1", "1"), "fp": ("0", "1"), "tn": ("0", "0"), "fn": ("1", "0")}
    return {name: [matrix[one][other] for matrix in matrices] for name, (one, other) in cells.items()}


def curves(actual: npt.NDArray[np.bool_], scores: Numbers) -> Facts:
    order = np.argsort(-scores)
    true, false = (np.concatenate([[0], np.cumsum(kind[order])]) for kind in (actual, ~actual))
    kept = np.unique(np.linspace(0, len(scores), 200).round().astype(int))
    precision = true[1:] / np.arange(1, len(true))
    bins = np.minimum((scores * 10).astype(int), 9)
    held = [at for at in range(10) if np.any(bins == at)]
    return {
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": (false / false[-1])[kept].tolist(),
            "true_positive_rates": (true / true[-1])[kept].tolist(),
        },
        "precision_recall_curve": {
            "precisions": np.concatenate([precision[:1], precision])[kept].tolist(),
            "recalls": (true / true[-1])[kept].tolist(),
        },
        "calibration_curve": {
            "mean_scores": [float(scores[bins == at].mean()) for at in held],
            "positive_ratios": [float(actual[bins == at].mean()) for at in held],
            "item_counts": [int(np.sum(bins == at)) for at in held],
        },
    }


def histogram(actual: npt.NDArray[np.bool_], scores: Numbers) -> Facts:
    edges = np.linspace(0, 1, 51)
    return {"positive": count(scores[actual], edges), "negative": count(scores[~actual], edges)}


def count(values: Numbers, edges: Numbers) -> list[int]:
    return [int(count) for count in np.histogram(values, edges)[0]]


def points(actual: Numbers, predicted: Numbers) -> list[list[float]]:
    return np.stack([actual, predicted], axis=1).round(3).tolist()


def swarm(rng: np.random.Generator, size: float, category: bool) -> list[list[float | None]]:
    values = rng.random(300)
    effects = size * (2 * values - 1 + rng.normal(0, 0.3, 300))
    pairs = zip(effects.round(4).tolist(), values.round(3).tolist(), strict=True)
    return [[effect, None if category else value] for effect, value in pairs]


def class_matrix(rng: np.random.Generator, classes: Sequence[str], right: float) -> dict[str, dict[str, int]]:
    rows = {}
    for at, actual in enumerate(classes):
        shares = np.full(len(classes), (1 - right) / max(1, len(classes) - 1))
        shares[at] = right if len(classes) > 1 else 1.0
        rows[actual] = dict(zip(classes, map(int, rng.multinomial(60 + 5 * at, shares)), strict=True))
    return rows
