import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.thresholds import choose_threshold

ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.floats(0, 1, width=32), st.floats(0.125, 4, width=32)), min_size=1, max_size=30
)


def _arrays(rows):
    labels, scores, weights = (np.array(column, dtype=np.float32) for column in zip(*rows, strict=True))
    return scores, labels, weights


def _counts(scores, labels, weights, threshold):
    """Weights of true positives, false positives, missed positives."""
    called = scores >= threshold
    return [
        float(weights[mask].sum(dtype=float))
        for mask in (called & (labels == 1), called & (labels == 0), ~called & (labels == 1))
    ]


@given(ROWS)
def test_no_other_threshold_has_a_better_f1(rows):
    scores, labels, weights = _arrays(rows)

    def f1(threshold):
        true, false, missed = _counts(scores, labels, weights, threshold)
        return 2 * true / (2 * true + false + missed) if true else 0.0

    chosen = choose_threshold("best-f1", scores, labels, weights)
    assert f1(chosen) == pytest.approx(max(map(f1, scores))) or not labels.any()


@given(ROWS, st.sampled_from([0.2, 1.0, 7.5]))
def test_no_other_threshold_costs_less(rows, ratio):
    scores, labels, weights = _arrays(rows)

    def cost(threshold):
        _, false, missed = _counts(scores, labels, weights, threshold)
        return ratio * missed + false

    chosen = choose_threshold(f"cost:{ratio}", scores, labels, weights)
    candidates = [*scores, np.nextafter(scores.max(), np.float32(2))]
    assert cost(np.float32(chosen)) == pytest.approx(min(map(cost, candidates))) or not labels.any()


def test_a_given_threshold_stays():
    assert choose_threshold(0.3, np.zeros(0, np.float32), np.zeros(0, np.float32)) == 0.3


def test_of_equal_thresholds_the_highest_is_taken():
    scores = np.array([0.9, 0.5, 0.4, 0.1], dtype=np.float32)
    # Calling one more positive and one false alarm more leave F1 at 2/3.
    assert choose_threshold("best-f1", scores, np.array([1, 0, 1, 0], dtype=np.float32)) == np.float32(0.4)
    assert choose_threshold("best-f1", scores[[0, 2, 3]], np.array([1, 0, 1], dtype=np.float32)) == pytest.approx(0.1)
    # Missing one costs what one false alarm costs.
    assert choose_threshold("cost:1", scores, np.array([1, 0, 1, 0], dtype=np.float32)) == np.float32(0.9)


def test_where_false_alarms_cost_most_no_row_is_positive():
    scores, labels = np.array([0.9, 0.9], dtype=np.float32), np.array([1, 0], dtype=np.float32)
    threshold = choose_threshold("cost:0.1", scores, labels)
    assert threshold > np.float32(0.9)
    assert threshold == pytest.approx(0.9)


def test_a_dearer_miss_lowers_the_threshold():
    rng = np.random.default_rng(0)
    scores = rng.random(2000).astype(np.float32)
    labels = (rng.random(2000) < scores).astype(np.float32)
    chosen = [choose_threshold(f"cost:{ratio}", scores, labels) for ratio in (0.2, 1, 5)]
    assert chosen == sorted(chosen, reverse=True)
    # Scores that are probabilities: the best threshold is 1 / (1 + ratio).
    np.testing.assert_allclose(chosen, [1 / 1.2, 1 / 2, 1 / 6], atol=0.08)


def test_without_a_positive_row_it_is_one_half():
    assert choose_threshold("best-f1", np.ones(3, np.float32), np.zeros(3, np.float32)) == 0.5
