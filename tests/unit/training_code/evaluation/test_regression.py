import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from evaluation.bootstrap import ROWS, Bootstrap
from evaluation.regression import NAMES, Regression

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda number: round(number, 3))


def _reference(labels: Any, predictions: Any) -> dict[str, float]:
    mse = reference.mean_squared_error(labels, predictions)
    return {
        "mae": reference.mean_absolute_error(labels, predictions),
        "mse": mse,
        "rmse": math.sqrt(mse),
        "r2": reference.r2_score(labels, predictions),
        "mape": reference.mean_absolute_percentage_error(labels, predictions),
    }


def _values(labels: Any, predictions: Any) -> dict[str, float | None]:
    found = Regression().metrics(np.asarray(labels, float), predictions, Bootstrap(2))
    return {name: metric["value"] for name, metric in found.items()}


def _scored(count: int, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    labels = rng.lognormal(3, 0.7, count)
    return labels, (labels * rng.normal(1, 0.2, count)).astype(np.float32)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2).filter(lambda rows: len({y for y, _ in rows}) > 1))
def test_each_metric_is_scikit_learns(rows: list[tuple[float, float]]):
    labels, predictions = (np.array(column) for column in zip(*rows, strict=True))
    found, expected = _values(labels, predictions), _reference(labels, predictions)
    if (labels == 0).any():
        assert found["mape"] is None
        del found["mape"], expected["mape"]
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_r2_of_a_target_that_does_not_vary_is_not_defined():
    found = Regression().metrics(np.full(7, 0.1), np.linspace(0, 1, 7), Bootstrap(3))
    assert found["r2"] == {"value": None, "standard_deviation": None}
    assert found["mae"]["value"] is not None


def test_r2_survives_a_target_far_from_zero():
    labels, predictions = _scored(200)
    far = _values(labels + 1e9, predictions.astype(float) + 1e9)
    assert far["r2"] == pytest.approx(_values(labels, predictions)["r2"], abs=1e-4)


def test_deviations_are_those_of_resampling_row_by_row_and_seeded():
    labels, predictions = _scored(400)
    rng = np.random.default_rng(3)
    slow = [_reference(labels[r], predictions[r]) for r in (rng.integers(400, size=400) for _ in range(500))]
    found = Regression().metrics(labels, predictions, Bootstrap(600))
    for name in NAMES:
        expected = np.std([one[name] for one in slow], ddof=1)
        assert found[name]["standard_deviation"] == pytest.approx(expected, rel=0.2), name
    again = Regression().metrics(labels, predictions, Bootstrap(600))
    assert found == again
    assert tuple(found) == NAMES


def test_a_large_test_set_has_the_deviations_of_its_size():
    labels, predictions = _scored(4 * ROWS)
    found = Regression().metrics(labels, predictions, Bootstrap(150))["mae"]["standard_deviation"]
    errors = np.abs(labels - predictions)
    assert found == pytest.approx(errors.std() / math.sqrt(len(errors)), rel=0.2)
