"""A variant's quality, against the evaluate step's own measures and against definitions written out."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.delong import placements
from sluice.trial.answers import Answer
from sluice.trial.ground_truth import UnreadableLabelError
from sluice.trial.quality import (
    Labelled,
    Measurement,
    accuracy,
    area_under_curve,
    deciding_metric,
    gain,
    log_loss,
    quality_of,
    root_mean_squared_error,
)

rows = st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.integers(0, 8).map(lambda n: n / 8)), min_size=4, max_size=60)


@settings(deadline=None)
@given(rows)
def test_the_area_and_its_deviation_are_the_evaluate_steps(pairs: list[tuple[float, float]]) -> None:
    truth, scores = [label for label, _ in pairs], [score for _, score in pairs]
    measured = area_under_curve(truth, scores)
    counts = truth.count(0.0), truth.count(1.0)
    if min(counts) == 0:
        assert measured is None
        return

    assert measured is not None
    labels = np.array(truth)
    placed = placements(labels, np.array(scores))
    assert measured.value == pytest.approx(placed[labels == 1].mean())
    if min(counts) < 2:
        assert measured.deviation is None
    else:
        parts = [placed[labels == label] for label in (0, 1)]
        expected = math.sqrt(sum(part.var(ddof=1) / len(part) for part in parts))
        assert measured.deviation == pytest.approx(expected, abs=1e-12)


def test_the_areas_deviation_is_how_much_it_scatters() -> None:
    draw = random.Random(7)
    measured = []
    for _ in range(300):
        truth = [float(draw.random() < 0.4) for _ in range(200)]
        measured.append(area_under_curve(truth, [draw.gauss(label, 1) for label in truth]))
    values = [one.value for one in measured if one]
    deviations = [one.deviation for one in measured if one and one.deviation]

    assert np.std(values) == pytest.approx(np.mean(deviations), rel=0.15)


def test_log_loss_is_bounded_where_a_certain_answer_is_wrong() -> None:
    measured = log_loss([1.0, 0.0], [0.5, 0.25])
    assert measured.value == pytest.approx(-(math.log(0.5) + math.log(0.75)) / 2)
    assert math.isfinite(log_loss([1.0, 0.0], [0.0, 1.0]).value)


def test_the_other_measures() -> None:
    right = accuracy([1.0] * 4, [1.0, 1.0, 1.0, 0.0])
    assert (right.value, right.deviation) == (0.75, pytest.approx(math.sqrt(0.25 / 4)))
    assert root_mean_squared_error([1.0, 2.0], [1.0, 4.0]).value == pytest.approx(math.sqrt(2))
    assert root_mean_squared_error([1.0, 2.0], [1.0, 2.0]) == Measurement(0.0, 0.0)
    assert root_mean_squared_error([1.0], [2.0]) == Measurement(1.0, None)


def test_the_deviation_of_an_error_is_how_much_it_scatters() -> None:
    draw = random.Random(7)
    found = [root_mean_squared_error([0.0] * 150, [draw.gauss(0, 3) for _ in range(150)]) for _ in range(300)]

    deviations = [one.deviation for one in found if one.deviation is not None]
    assert np.std([one.value for one in found]) == pytest.approx(np.mean(deviations), rel=0.15)


def test_a_gain_is_counted_so_that_more_is_better() -> None:
    one, other = Measurement(0.5, 0.3), Measurement(0.75, 0.4)

    up, down = gain("auc", other, one), gain("log_loss", other, one)
    assert up is not None
    assert down is not None
    assert (up.value, down.value) == (0.25, -0.25)
    assert up.deviation == down.deviation == pytest.approx(0.5)
    assert gain("auc", Measurement(0.5, None), other) is None


def test_answers_are_joined_with_their_labels() -> None:
    labelled = Labelled("binary", "yes")
    labelled.add([Answer((0.25,)), Answer((0.75,), "yes")], ["no", "yes"])

    assert list(zip(labelled.truth, labelled.predicted, strict=True)) == [(0.0, 0.25), (1.0, 0.75)]
    assert set(quality_of(labelled)) == {"auc", "log_loss"}
    assert quality_of(Labelled("binary", "yes")) == {}


def test_a_row_whose_label_is_not_known_is_left_out() -> None:
    labelled = Labelled("regression")
    labelled.add([Answer((1.0,)), Answer((2.0,))], [None, "3"])

    assert (list(labelled.truth), list(labelled.predicted)) == ([3.0], [2.0])


@pytest.mark.parametrize(
    ("labelled", "answers", "labels", "said"),
    [
        (Labelled("binary", "yes"), [Answer((0.5,))], ["yes", "no"], "2 labels for 1 answers"),
        (Labelled("binary", "yes"), [Answer((), "yes")], ["yes"], "no probability"),
        (Labelled("multiclass"), [Answer((0.5, 0.5))], ["a"], "names no class"),
        (Labelled("regression"), [Answer((0.5,)), Answer((0.5,))], ["1", "dear"], "'dear' is no number"),
    ],
)
def test_what_cannot_be_joined_adds_nothing(
    labelled: Labelled, answers: list[Answer], labels: list[str], said: str
) -> None:
    with pytest.raises(UnreadableLabelError, match=said):
        labelled.add(answers, labels)

    assert (len(labelled), len(labelled.predicted)) == (0, 0)


def test_a_trial_decides_by_the_gates_metric_where_it_measures_it() -> None:
    assert deciding_metric("binary", "log_loss") == "log_loss"
    assert deciding_metric("binary", "f1") == "auc"
    assert deciding_metric("multiclass", "auc") == "accuracy"
    assert deciding_metric("regression", None) == "rmse"
