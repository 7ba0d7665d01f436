from typing import Any

import numpy as np
import pytest

from codec.codec import BINARY, MULTICLASS, REGRESSION, Target
from evaluation.binary import Binary
from evaluation.multiclass import Multiclass
from evaluation.paired import Judged
from evaluation.regression import Regression
from evaluation.score_charts import MOST_POINTS, champion_curves, score_facts, threshold_facts
from tests.unit.training_code.evaluation.pairs import two_models

LABELS = np.array([0.0, 0, 0, 1, 1])
SCORES = np.array([0.1, 0.6, 0.2, 0.5, 0.4], np.float32)


def _binary(scores: Any, threshold: float = 0.5) -> Judged:
    return Judged(Binary(threshold), np.asarray(scores, dtype=np.float32))


def test_scores_of_two_classes_lie_in_fifty_bars():
    target = Target("y", BINARY, ("No", "Yes"))
    found = score_facts(target, LABELS, _binary(SCORES), _binary([0, 1, 1.0000001, 0.5, -1e-9]), 1)
    assert len(found["edges"]) == 51
    assert (found["edges"][0], found["edges"][-1]) == (0, 1)
    assert {name: sum(counts) for name, counts in found["challenger"].items()} == {"positive": 2, "negative": 3}
    assert np.flatnonzero(found["challenger"]["positive"]).tolist() == [20, 25]
    # 1 belongs to the last bar, and so does what a forest's rounding makes of it.
    assert np.flatnonzero(found["champion"]["negative"]).tolist() == [0, 49]
    assert sum(found["champion"]["positive"]) == 2
    assert score_facts(target, LABELS, _binary(SCORES), None, 1)["champion"] is None


def test_each_class_has_its_shares_and_null_where_there_is_none():
    target = Target("y", MULTICLASS, ("a", "b", "never"))
    scores = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]], np.float32)
    found = score_facts(target, np.array([0.0, 1, 1]), Judged(Multiclass(target.classes), scores), None, 1)
    assert found["per_class"] == {
        "a": {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1},
        "b": {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "support": 2},
        "never": {"precision": None, "recall": None, "f1": None, "support": 0},
    }


def test_residuals_and_points_of_the_same_rows_of_both_models():
    rng = np.random.default_rng(0)
    labels = rng.normal(100, 10, 3000)
    ours, theirs = ((labels + rng.normal(size=3000)).astype(np.float32) for _ in range(2))
    models = Judged(Regression(), ours), Judged(Regression(), theirs)
    found = score_facts(Target("y", REGRESSION), labels, *models, 1)
    bars = found["residuals"]
    assert sum(bars["counts"]) == sum(bars["champion_counts"]) == 3000
    assert bars["counts"] == np.histogram(ours - labels, bars["edges"])[0].tolist()
    assert len(found["points"]) == len(found["champion_points"]) == MOST_POINTS
    assert [label for label, _ in found["points"]] == [label for label, _ in found["champion_points"]]
    assert found["points"] == score_facts(Target("y", REGRESSION), labels, *models, 1)["points"]
    alone = score_facts(Target("y", REGRESSION), labels, models[0], None, 1)
    assert set(alone) == {"residuals", "points"}
    assert set(alone["residuals"]) == {"counts", "edges"}


@pytest.mark.parametrize("labels", [[5.0], [2.0, 2.0], [1e17, 1e17 + 16]])
def test_residuals_that_hardly_differ_still_lie_in_bars(labels: list[float]):
    judged = Judged(Regression(), np.array(labels, np.float32))
    found = score_facts(Target("y", REGRESSION), np.array(labels), judged, None, 1)
    assert sum(found["residuals"]["counts"]) == len(labels)


def test_what_each_threshold_calls():
    found = threshold_facts(LABELS, _binary(SCORES, 0.37), _binary(1 - SCORES, 0.123))
    assert found is not None
    at = found["at"]
    assert at == sorted(set(at))
    assert len(at) <= 201
    assert {0.0, 0.37, 0.123, 1.0} <= set(at)
    for name, scores in (("challenger", SCORES), ("champion", (1 - SCORES).astype(np.float32))):
        for place, threshold in enumerate(at):
            called = scores.astype(float) >= threshold
            counts = {key: values[place] for key, values in found[name].items()}
            assert counts == {
                "tp": int((called & (LABELS == 1)).sum()),
                "fp": int((called & (LABELS == 0)).sum()),
                "tn": int((~called & (LABELS == 0)).sum()),
                "fn": int((~called & (LABELS == 1)).sum()),
            }


def test_the_slider_has_places_where_all_scores_are_small():
    labels, scores, _ = two_models(2000, 0.3)
    found = threshold_facts(labels, _binary(scores / 1000, 0.0004), None)
    assert found is not None
    assert found["champion"] is None
    called = np.array(found["challenger"]["tp"]) + np.array(found["challenger"]["fp"])
    assert len(set(called.tolist())) > 90
    assert len(found["at"]) <= 201


def test_only_two_classes_have_thresholds_and_curves():
    judged = Judged(Regression(), SCORES)
    assert threshold_facts(LABELS, judged, judged) is None
    assert champion_curves(LABELS, judged) is None
    assert champion_curves(LABELS, None) is None
    curves = champion_curves(LABELS, _binary(SCORES))
    assert curves is not None
    assert set(curves) == {
        "receiver_operating_characteristic_curve",
        "precision_recall_curve",
        "calibration_curve",
    }
