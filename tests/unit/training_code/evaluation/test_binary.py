import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from evaluation import binary
from evaluation.bootstrap import Bootstrap
from evaluation.ranking import coarse, rank

SCORES = st.sampled_from([0.0, 0.2, 0.5, 0.5001, 0.9, 1.0])
ROWS = st.lists(st.tuples(st.integers(0, 1), SCORES), min_size=2)
BOTH_CLASSES = ROWS.filter(lambda rows: 0 < sum(label for label, _ in rows) < len(rows))


def _calibration_error(y: Any, p: Any, weights: Any = None) -> float:
    """Row by row, by the definition."""
    w = np.ones(len(y)) if weights is None else weights
    bins: dict[int, list[tuple[float, float, float]]] = {}
    for label, score, weight in zip(y, p, w, strict=True):
        bins.setdefault(min(math.floor(score * 10), 9), []).append((label, score, weight))
    gaps = [abs(sum(w * y for y, _, w in rows) - sum(w * p for _, p, w in rows)) for rows in bins.values()]
    return sum(gaps) / sum(w)


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
        "calibration_error": _calibration_error(y, p, weights),
    }


def _ours(y: Any, p: Any) -> dict[str, float]:
    ranking = rank(y, p, 0.5)
    return {name: float(value) for name, value in binary.metric_values(ranking, ranking.counts).items()}


def _scored(count: int, seed: int = 1) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    y = (rng.random(count) < 0.3).astype(float)
    return y, np.clip(rng.normal(0.3 + 0.25 * y, 0.18), 0.01, 0.99).astype(np.float32)


@given(BOTH_CLASSES)
def test_each_metric_is_scikit_learns_also_with_equal_scores(rows: list[tuple[int, float]]):
    y, p = zip(*rows, strict=True)
    assert _ours(y, p) == pytest.approx(_reference(y, p), abs=1e-12, nan_ok=True)


@given(BOTH_CLASSES, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_each_metric_stays_within_its_bounds(rows: list[Any], random: Any):
    shuffled = list(rows)
    random.shuffle(shuffled)
    found = _ours(*zip(*rows, strict=True))
    assert found == pytest.approx(_ours(*zip(*shuffled, strict=True)), abs=1e-12, nan_ok=True)
    assert found["log_loss"] >= 0
    assert all(0 <= value <= 1 for name, value in found.items() if name != "log_loss" and not math.isnan(value))


def test_a_row_that_stands_there_twice_counts_twice():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 300), rng.random(300).round(2)
    weights = rng.integers(0, 4, 300)
    repeated = _ours(np.repeat(y, weights), np.repeat(p, weights))
    assert repeated == pytest.approx(_reference(y, p, weights.astype(float)), abs=1e-12)


def test_what_is_not_defined_is_none():
    found = binary.with_deviations(rank([0, 0], [0.1, 0.2], 0.5), Bootstrap(10))
    undefined = {name for name, metric in found.items() if metric["value"] is None}
    assert undefined == {"precision", "recall", "auc", "precision_recall_auc", "f1"}
    assert all(found[name]["standard_deviation"] is None for name in undefined)


def test_deviations_are_seeded_and_near_the_known_error_of_a_share():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 2000)
    p = np.where(rng.random(2000) < 0.8, 0.9 * y + 0.05, 0.95 - 0.9 * y)
    ranking = rank(y, p, 0.5)
    first = binary.with_deviations(ranking, Bootstrap(seed=7))
    assert first == binary.with_deviations(ranking, Bootstrap(seed=7))
    assert first != binary.with_deviations(ranking, Bootstrap(seed=8))
    assert first["accuracy"]["standard_deviation"] == pytest.approx(math.sqrt(0.8 * 0.2 / 2000), rel=0.2)
    assert tuple(first) == binary.NAMES


def test_deviations_are_those_of_resampling_row_by_row():
    y, p = _scored(500)
    rng = np.random.default_rng(3)
    draws = [rng.integers(500, size=500) for _ in range(300)]
    slow = [_reference(y[rows], p[rows]) for rows in draws]
    found = binary.with_deviations(rank(y, p, 0.5), Bootstrap(600))
    for name in binary.NAMES:
        expected = np.std([one[name] for one in slow], ddof=1)
        # Both scatter: by 1/√600 and 1/√1200.
        assert found[name]["standard_deviation"] == pytest.approx(expected, rel=0.2), name


def test_a_large_test_set_is_resampled_in_coarse_groups_with_the_same_deviations():
    y, p = _scored(60_000)
    ranking = rank(y, p, 0.37)
    groups = coarse(ranking)
    assert groups.counts.shape[1] < 1020 < 10_000 < ranking.counts.shape[1]
    exact = binary.metric_values(ranking, Bootstrap(150, seed=1).counts(ranking.counts).astype(float))
    fast = binary.with_deviations(ranking, Bootstrap(1000))
    for name in binary.NAMES:
        assert fast[name]["standard_deviation"] == pytest.approx(np.std(exact[name], ddof=1), rel=0.2), name
    # What counts at the threshold and in the bins is not approximated at all.
    merged, full = (
        {name: float(value) for name, value in binary.metric_values(of, of.counts).items()} for of in (groups, ranking)
    )
    rankings = {"auc", "precision_recall_auc"}
    assert {n: v for n, v in merged.items() if n not in rankings} == pytest.approx(
        {n: v for n, v in full.items() if n not in rankings}, abs=1e-12
    )
    assert merged == pytest.approx(full, abs=1e-3)


def test_the_confusion_matrix_is_at_the_threshold():
    ranking = rank([0, 0, 0, 1, 1], [0.1, 0.6, 0.2, 0.5, 0.4], 0.5)
    assert binary.confusion_matrix(ranking) == {"0": {"0": 2, "1": 1}, "1": {"0": 1, "1": 1}}
    lower = rank([0, 0, 0, 1, 1], [0.1, 0.6, 0.2, 0.5, 0.4], 0.2)
    assert binary.confusion_matrix(lower) == {"0": {"0": 1, "1": 2}, "1": {"0": 0, "1": 2}}
