import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from monitoring.bias import LEAST_ROWS, Rate, heterogeneity, measure_bias
from monitoring.claims import judge
from monitoring.observed import Observed, SliceCounts
from monitoring.reference import Reference
from tests.unit.training_code.monitoring.versions import SETTINGS, draw, version


def _slices(**rates: float) -> tuple[SliceCounts, ...]:
    """Of 2,000 rows each, unlabelled but for the test split."""
    return tuple(SliceCounts("sex", value, "value", 2000, int(2000 * rate)) for value, rate in rates.items())


def _measured(then: tuple[SliceCounts, ...], now: tuple[SliceCounts, ...]) -> tuple[dict[str, Any], Any]:
    reference: Reference = replace(version().reference, slices=then)
    observed: Observed = replace(version().window(draw(10, 1)), slices={found.place: found for found in now})
    return measure_bias(SETTINGS, reference, observed)


def test_a_gap_that_opened():
    document, claims = _measured(_slices(f=0.30, m=0.32), _slices(f=0.25, m=0.45))
    (gap,) = document["gaps"]
    assert gap["between"] == ["m", "f"]
    assert (gap["gap"], gap["baseline_gap"], gap["change"]) == pytest.approx((0.20, 0.02, 0.18))
    (judged,) = judge(claims, 0.01)
    assert judged.violated
    assert "selection rate of 'm' minus that of 'f' is +0.200, on the test split +0.020" in judged.claim.description


def test_a_gap_that_turned_round_is_a_change_though_it_is_as_wide():
    (gap,) = _measured(_slices(f=0.40, m=0.30), _slices(f=0.30, m=0.40))[0]["gaps"]
    assert gap["change"] == pytest.approx(0.2)
    assert gap["p_value"] < 1e-9


def test_what_moved_alike_everywhere_is_no_bias():
    document, claims = _measured(_slices(f=0.30, m=0.32), _slices(f=0.50, m=0.52))
    assert document["gaps"][0]["change"] == pytest.approx(0)
    assert not judge(claims, 0.01)[0].violated


def test_a_small_change_is_within_the_bound_however_sure():
    many = tuple(replace(found, rows=10**6, selected=found.selected * 500) for found in _slices(f=0.30, m=0.32))
    more = tuple(replace(found, rows=10**6, selected=found.selected * 500) for found in _slices(f=0.30, m=0.37))
    document, claims = _measured(many, more)
    assert document["gaps"][0]["p_value"] < 1e-9
    assert not judge(claims, 0.01)[0].violated


def test_slices_with_too_few_rows_are_shown_and_not_judged():
    tiny = SliceCounts("sex", "x", "value", LEAST_ROWS - 1, LEAST_ROWS - 1)
    document, claims = _measured((*_slices(f=0.3), tiny), (*_slices(f=0.3), tiny))
    assert [found["value"] for found in document["slices"]] == ["f", "x"]
    assert (claims, document["status"]) == ([], "not-enough-data")


def test_rates_of_labelled_rows_need_labels():
    then = SliceCounts("sex", "f", "value", 1000, 300, 1000, 400, 250, 50)
    other = replace(then, value="m")
    document, _ = _measured((then, other), (replace(then, labelled=0, positives=0), replace(other, true_positives=100)))
    assert [gap["measure"] for gap in document["gaps"]] == ["selection_rate"]
    first = document["slices"][0]
    assert (first["true_positive_rate"], first["baseline_true_positive_rate"]) == (None, 0.625)
    both, _ = _measured((then, other), (then, replace(other, true_positives=100)))
    assert [gap["measure"] for gap in both["gaps"]] == ["selection_rate", "true_positive_rate", "false_positive_rate"]
    assert both["gaps"][1]["change"] == pytest.approx(0.375)
    json.dumps(both, allow_nan=False)


def test_other_tasks_and_no_slices_say_so():
    window = version().window(draw(10, 1))
    regression = measure_bias(SETTINGS, replace(version().reference, task="regression"), window)[0]
    assert regression["reason"] == "Only a model that tells two classes apart selects rows."
    none = measure_bias(SETTINGS, replace(version().reference, slices=()), window)[0]
    assert none["reason"] == "The definition names no column in evaluation.slices."


def _drawn(rng: np.random.Generator, rate: float, rows: int) -> Rate:
    return Rate(int(rng.binomial(rows, rate)), rows)


@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_the_test_is_wrong_as_often_as_it_says(rate: float):
    rng = np.random.default_rng(3)
    p_values = [
        heterogeneity({str(place): (_drawn(rng, rate, 700), _drawn(rng, rate, 400)) for place in range(3)})
        for _ in range(2000)
    ]
    assert 0.02 < np.mean(np.array(p_values) < 0.05) < 0.07
