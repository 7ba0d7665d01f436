"""What the model goes by: the features' share of its trees' gain, and how far they move its scores (SHAP)."""

from typing import Any

import numpy as np
import numpy.typing as npt

from codec.codec import Floats
from serving.artifact import Artifact
from serving.booster import contributions_of

# Rows that SHAP values are computed for, at most and at least.
MOST_ROWS, FEWEST_ROWS = 2000, 20
# Their price grows with the model: for each row and byte of it 0.4 ns with trees of depth 4, 5 ns with forests of 12.
MODEL_BYTES = 250_000_000

Matrix = npt.NDArray[np.float32]


def contributions(artifact: Artifact, rows: Matrix) -> Matrix:
    """SHAP values of the first of these encoded rows: (rows, features), or (rows, classes, features).

    In the unit of the model's sum: log-odds, or the target's own.
    """
    affordable = max(FEWEST_ROWS, MODEL_BYTES // max(1, len(artifact.booster.save_raw())))
    found = contributions_of(artifact.booster, rows[: min(MOST_ROWS, affordable)], artifact.codec.xgboost_types)
    return found[..., :-1]


def importance_document(artifact: Artifact, contributed: Matrix) -> dict[str, dict[str, float]]:
    """Every feature, the most important first. gain: shares of their sum. shap: means of the absolute values."""
    names = artifact.codec.names
    return {
        "gain": _falling(names, gain_shares(artifact)),
        "shap": _falling(names, mean_contributions(contributed)),
    }


def gain_shares(artifact: Artifact) -> Floats:
    """By feature. All 0 where no tree splits."""
    total = artifact.booster.get_score(importance_type="total_gain")
    # XGBoost names the features of a model that was saved without names by their position.
    gains = [total.get(name, total.get(f"f{place}", 0.0)) for place, name in enumerate(artifact.codec.names)]
    return np.array(gains) / (sum(gains) or 1.0)


def mean_contributions(contributed: Matrix) -> Floats:
    """By feature, over rows and classes."""
    absolute: Any = np.abs(contributed, dtype=np.float64)
    return np.asarray(absolute.mean(axis=tuple(range(absolute.ndim - 1))))


def _falling(names: tuple[str, ...], values: Floats) -> dict[str, float]:
    return {names[place]: float(values[place]) for place in np.argsort(-values, kind="stable")}
