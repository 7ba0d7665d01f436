"""The score from which a row counts as positive, chosen on the validation split."""

import numpy as np
import numpy.typing as npt

from training.hyperparameters import BEST_F1, COST

Scores = npt.NDArray[np.float32]
Labels = npt.NDArray[np.float32]


def choose_threshold(
    how: str | float, scores: Scores, labels: Labels, weights: npt.NDArray[np.float32] | None = None
) -> float:
    """how: "best-f1", "cost:<ratio>" (a missed positive costs as much as that many false alarms) or the threshold.

    scores, labels, weights: (n,), labels 0 or 1. A row is positive from the threshold on (score ≥ threshold). Every
    distinct score is tried; where several are equally good, the highest is taken: fewest rows are called positive.
    "cost" may find that calling no row positive is cheapest: then just above the highest score. Without any positive
    row no threshold is better than another: 0.5.
    """
    if not isinstance(how, str):
        return float(how)
    true, false, at = _at_each_score(scores, labels, weights)
    if not len(at) or not true[-1]:
        return 0.5
    if how == BEST_F1:
        # F1 = 2·true positives / (rows called positive + rows that are).
        best = int(np.argmax(2 * true / (true + false + true[-1])))
        return float(at[best])
    ratio = float(how.removeprefix(f"{COST}:"))
    costs = ratio * (true[-1] - true) + false
    best = int(np.argmin(costs))
    if costs[best] < ratio * true[-1]:
        return float(at[best])
    return float(np.nextafter(at[0], np.float32(np.inf)))


def _at_each_score(
    scores: Scores, labels: Labels, weights: npt.NDArray[np.float32] | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], Scores]:
    """Weights of true and of false positives for each distinct score as the threshold, highest first."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    weight = np.ones(len(scores)) if weights is None else weights[order].astype(np.float64)
    positive = labels[order] == 1
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True)) if len(ranked) else np.empty(0, dtype=np.intp)
    true = np.cumsum(np.where(positive, weight, 0))[last]
    false = np.cumsum(np.where(positive, 0, weight))[last]
    return true, false, ranked[last]
