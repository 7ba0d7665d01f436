import numpy as np
import pytest
from sklearn import metrics as reference

from evaluation.calibration import calibration_curve
from evaluation.curves import POINTS, precision_recall_curve, roc_curve
from evaluation.ranking import Ranking, rank


def _ranking(count: int) -> tuple[Ranking, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, count)
    p = np.clip(0.3 * y + rng.random(count) * 0.7, 0, 1)
    return rank(y, p, 0.5), y, p


@pytest.mark.parametrize("count", [10, 5000])
def test_the_roc_curve_is_short_and_keeps_its_area(count: int):
    ranking, y, p = _ranking(count)
    curve = roc_curve(ranking)
    false, true = curve["false_positive_rates"], curve["true_positive_rates"]
    assert len(false) == len(true) <= POINTS
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(true, false) == pytest.approx(reference.roc_auc_score(y, p), abs=1e-3)


@pytest.mark.parametrize("count", [10, 5000])
def test_the_precision_recall_curve_is_short_and_keeps_its_area(count: int):
    ranking, y, p = _ranking(count)
    curve = precision_recall_curve(ranking)
    precisions, recalls = curve["precisions"], curve["recalls"]
    assert len(precisions) == len(recalls) <= POINTS
    assert (recalls[0], recalls[-1], precisions[-1]) == (0, 1, pytest.approx(y.mean()))
    expected_precision, expected_recall, _ = reference.precision_recall_curve(y, p)
    expected = -np.trapezoid(expected_precision, expected_recall)
    assert np.trapezoid(precisions, recalls) == pytest.approx(expected, abs=0.01 if count > 10 else 0.11)


def test_the_calibration_curve_holds_the_bins_that_hold_rows():
    ranking = rank([0, 1, 1, 0], [0.11, 0.19, 0.9, 1.0], 0.5)
    curve = calibration_curve(ranking.bins, ranking.counts, ranking.scores)
    assert curve == {
        "mean_scores": pytest.approx([0.15, 0.95]),
        "positive_ratios": [0.5, 0.5],
        "item_counts": [2, 2],
    }
