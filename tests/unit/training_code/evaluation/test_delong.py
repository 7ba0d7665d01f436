import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from evaluation.delong import area_difference_deviation, placements
from tests.unit.training_code.evaluation.pairs import two_models

SCORES = st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])
ROWS = st.lists(st.tuples(st.integers(0, 1), SCORES, SCORES), min_size=4, max_size=30)
TWO_OF_EACH = ROWS.filter(lambda rows: 2 <= sum(label for label, _, _ in rows) <= len(rows) - 2)


def _by_pairs(labels: Any, first: Any, second: Any) -> float:
    """DeLong's formulas as they stand in the paper: over all pairs of a positive and a negative row."""
    parts = []
    for scores in (first, second):
        gaps = scores[labels == 1][:, None] - scores[labels == 0][None, :]
        wins = (gaps > 0) + 0.5 * (gaps == 0)
        parts.append((wins.mean(axis=1), wins.mean(axis=0)))
    contrast = np.array([1, -1])
    variance = 0.0
    for components in zip(*parts, strict=True):
        covariance = np.cov(np.stack(components), ddof=1)
        variance += float(contrast @ covariance @ contrast) / len(components[0])
    return math.sqrt(max(variance, 0.0))


@given(TWO_OF_EACH)
def test_it_is_the_u_statistics_deviation_also_with_equal_scores(rows: list[tuple[int, float, float]]):
    labels, first, second = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    expected = _by_pairs(labels, first, second)
    assert area_difference_deviation(labels, first, second) == pytest.approx(expected, abs=1e-7)


@given(TWO_OF_EACH)
def test_the_mean_placement_of_either_class_is_the_auc(rows: list[tuple[int, float, float]]):
    labels, scores, _ = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    placed = placements(labels, scores)
    for label in (0, 1):
        assert placed[labels == label].mean() == pytest.approx(roc_auc_score(labels, scores))


def test_it_is_how_much_the_difference_scatters_over_test_sets():
    gaps, deviations = [], []
    for seed in range(400):
        labels, first, second = two_models(300, noise=0.5, seed=seed)
        gaps.append(roc_auc_score(labels, first) - roc_auc_score(labels, second))
        deviations.append(area_difference_deviation(labels, first, second))
    assert np.mean(deviations) == pytest.approx(np.std(gaps, ddof=1), rel=0.1)


def test_it_is_what_resampling_rows_gives():
    labels, first, second = two_models(1000, noise=0.5)
    rng = np.random.default_rng(1)
    gaps = []
    for _ in range(500):
        rows = rng.integers(1000, size=1000)
        gaps.append(roc_auc_score(labels[rows], first[rows]) - roc_auc_score(labels[rows], second[rows]))
    assert area_difference_deviation(labels, first, second) == pytest.approx(np.std(gaps, ddof=1), rel=0.12)


def test_the_same_scores_and_the_same_order_do_not_differ():
    labels, scores, _ = two_models(200, noise=0.5)
    assert area_difference_deviation(labels, scores, scores) == 0
    assert area_difference_deviation(labels, scores, scores**2) == 0


def test_models_that_see_the_same_are_told_apart_more_sharply_than_models_that_do_not():
    labels, first, second = two_models(2000, noise=0.1)
    order = np.random.default_rng(0).permutation(2000)
    # The same scores, of other rows of the same class: what both models find hard is no longer the same.
    apart = np.empty_like(second)
    apart[np.argsort(labels, kind="stable")] = second[order][np.argsort(labels[order], kind="stable")]
    assert roc_auc_score(labels, apart) == pytest.approx(roc_auc_score(labels, second))
    alike, unlike = (area_difference_deviation(labels, first, other) for other in (second, apart))
    assert alike is not None
    assert unlike is not None
    assert alike < unlike / 5


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1], [0, 0, 1], [0, 1, 1]])
def test_without_two_rows_of_each_class_it_is_not_known(labels: list[float]):
    scores = np.array([0.1, 0.2, 0.3])
    assert area_difference_deviation(np.array(labels, dtype=float), scores, scores[::-1]) is None
