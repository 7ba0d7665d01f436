import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from evaluation import binary as metrics

ROWS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.2, 0.5, 0.5001, 0.9, 1.0])), min_size=2)


def _reference(y: Any, p: Any, weights: Any = None) -> dict[str, float]:
    predicted = np.asarray(p) >= 0.5
    of = {"sample_weight": weights}
    return {
        "accuracy": reference.accuracy_score(y, predicted, **of),
        "precision": reference.precision_score(y, predicted, zero_division=math.nan, **of),
        "recall": reference.recall_score(y, predicted, **of),
        "f1": reference.f1_score(y, predicted, **of),
        "auc": reference.roc_auc_score(y, p, **of),
        "precision_recall_auc": reference.average_precision_score(y, p, **of),
        "log_loss": reference.log_loss(y, p, labels=[0, 1], **of),
        "brier": reference.brier_score_loss(y, p, **of),
    }


def _ours(y: Any, p: Any) -> dict[str, float]:
    found = metrics.metrics(metrics.rank(y, p, 0.5))
    return {name: math.nan if value is None else value for name, value in found.items()}


@given(ROWS.filter(lambda rows: 0 < sum(label for label, _ in rows) < len(rows)))
def test_each_metric_is_scikit_learns_also_with_equal_scores(rows: list[tuple[int, float]]):
    y, p = zip(*rows, strict=True)
    assert _ours(y, p) == pytest.approx(_reference(y, p), abs=1e-12, nan_ok=True)


def test_weights_count_rows_as_often():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 300), rng.random(300).round(1)
    weights = rng.integers(0, 4, 300).astype(float)
    ranking = metrics.rank(y, p, 0.5)
    assert metrics.metrics(ranking, weights[ranking.order]) == pytest.approx(_reference(y, p, weights), abs=1e-12)


def test_what_is_not_defined_is_none():
    found = metrics.metrics(metrics.rank([0, 0], [0.1, 0.2], 0.5))
    undefined = {name for name, value in found.items() if value is None}
    assert undefined == {"precision", "recall", "f1", "auc", "precision_recall_auc"}


def test_deviations_are_seeded_and_near_the_known_error_of_a_share():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 2000)
    p = np.where(rng.random(2000) < 0.8, 0.9 * y + 0.05, 0.95 - 0.9 * y)
    ranking = metrics.rank(y, p, 0.5)
    first = metrics.with_deviations(ranking, seed=7)
    assert first == metrics.with_deviations(ranking, seed=7)
    assert first != metrics.with_deviations(ranking, seed=8)
    accuracy = first["accuracy"]
    assert accuracy["standard_deviation"] == pytest.approx(math.sqrt(0.8 * 0.2 / 2000), rel=0.2)
    assert tuple(first) == metrics.NAMES


def test_confusion_matrix():
    ranking = metrics.rank([0, 0, 0, 1, 1], [0.1, 0.6, 0.2, 0.5, 0.4], 0.5)
    assert metrics.confusion_matrix(ranking) == {"0": {"0": 2, "1": 1}, "1": {"0": 1, "1": 1}}


@pytest.mark.parametrize("count", [10, 5000])
def test_the_roc_curve_is_short_and_keeps_its_area(count: int):
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, count)
    p = np.clip(0.3 * y + rng.random(count) * 0.7, 0, 1)
    curve = metrics.roc_curve(metrics.rank(y, p, 0.5))
    false, true = curve["false_positive_rates"], curve["true_positive_rates"]
    assert len(false) == len(true) <= metrics.ROC_POINTS
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(true, false) == pytest.approx(reference.roc_auc_score(y, p), abs=1e-3)
