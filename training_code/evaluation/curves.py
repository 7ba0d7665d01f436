"""A ranking's curves, thinned to what a page can show. Names as in SageMaker's model quality metrics."""

import numpy as np
import numpy.typing as npt

from codec.codec import Floats
from evaluation.calibration import calibration_curve
from evaluation.ranking import Ranking

POINTS = 200


def binary_curves(ranking: Ranking) -> dict[str, dict[str, list[float]]]:
    return {
        "receiver_operating_characteristic_curve": roc_curve(ranking),
        "precision_recall_curve": precision_recall_curve(ranking),
        "calibration_curve": calibration_curve(ranking.bins, ranking.counts, ranking.scores),
    }


def roc_curve(ranking: Ranking) -> dict[str, list[float]]:
    false, true = (np.concatenate([[0.0], np.cumsum(counts)]) for counts in ranking.counts)
    kept = _thinned(len(true))
    return {
        "false_positive_rates": (false[kept] / max(false[-1], 1)).tolist(),
        "true_positive_rates": (true[kept] / max(true[-1], 1)).tolist(),
    }


def precision_recall_curve(ranking: Ranking) -> dict[str, list[float]]:
    """By rising recall. Starts at recall 0 with the precision of the highest scores, as there is none for no row."""
    true = np.cumsum(ranking.counts[1])
    precision: Floats = true / np.cumsum(ranking.counts.sum(axis=0))
    recall = np.concatenate([[0.0], true / max(true[-1], 1)])
    kept = _thinned(len(recall))
    return {"precisions": np.concatenate([precision[:1], precision])[kept].tolist(), "recalls": recall[kept].tolist()}


def _thinned(count: int) -> npt.NDArray[np.int64]:
    """Positions of at most POINTS points, both ends among them."""
    return np.unique(np.linspace(0, count - 1, min(POINTS, count)).round().astype(np.int64))
