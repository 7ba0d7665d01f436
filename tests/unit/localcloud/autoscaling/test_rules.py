"""What policies ask for, and when cooldowns hold them back."""

from typing import Any

import pytest

from localcloud.autoscaling import rules
from localcloud.autoscaling.rules import Cooling
from localcloud.errors import ApiError


@pytest.mark.parametrize(
    ("current", "value", "target", "wanted"),
    [
        (2, 150, 100, 3),
        (2, 101, 100, 3),
        (2, 100, 100, 2),
        (4, 20, 100, 1),
        (3, 0, 100, 0),
        (0, 7, 2, 4),
        (3, 0.3, 0.1, 9),
    ],
)
def test_tracking_is_proportional_and_rounds_up(current: int, value: float, target: float, wanted: int) -> None:
    assert rules.tracking_capacity(current, value, target) == wanted


STEPS: dict[str, Any] = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [
        {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 3},
    ],
}


@pytest.mark.parametrize(
    ("values", "wanted"), [([50], 3), ([59.9], 3), ([60], 5), ([40, 70], 3), ([49], None), ([], 3)]
)
def test_the_step_is_chosen_by_the_distance_to_the_threshold(values: list[float], wanted: int | None) -> None:
    assert rules.step_capacity(STEPS, 2, values, 50, above=True) == wanted


def test_below_the_threshold_the_upper_bound_belongs_to_the_step() -> None:
    steps = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [
            {"MetricIntervalUpperBound": 0, "MetricIntervalLowerBound": -10, "ScalingAdjustment": -1},
            {"MetricIntervalUpperBound": -10, "ScalingAdjustment": -2},
        ],
    }

    assert rules.step_capacity(steps, 5, [40], 50, above=False) == 3
    assert rules.step_capacity(steps, 5, [41], 50, above=False) == 4


@pytest.mark.parametrize(
    ("kind", "adjustment", "least", "wanted"),
    [
        ("ExactCapacity", 7, 0, 7),
        ("PercentChangeInCapacity", 25, 0, 5),
        ("PercentChangeInCapacity", 10, 0, 5),
        ("PercentChangeInCapacity", 25, 2, 6),
        ("PercentChangeInCapacity", -10, 0, 3),
        ("ChangeInCapacity", -9, 0, 0),
    ],
)
def test_adjustments(kind: str, adjustment: int, least: int, wanted: int) -> None:
    steps = {
        "AdjustmentType": kind,
        "MinAdjustmentMagnitude": least,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": adjustment}],
    }

    assert rules.step_capacity(steps, 4, [1], 0, above=True) == wanted


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "at least one"),
        ([{"MetricIntervalLowerBound": 5, "MetricIntervalUpperBound": 1, "ScalingAdjustment": 1}], "greater than"),
        (
            [
                {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 1, "ScalingAdjustment": 1},
                {"MetricIntervalLowerBound": 2, "ScalingAdjustment": 2},
            ],
            "leave a gap",
        ),
    ],
)
def test_steps_that_make_no_whole_are_refused(steps: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ApiError, match=said):
        rules.check_steps({"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps})


@pytest.mark.parametrize(
    ("current", "wanted", "cooling", "set_to"),
    [
        (2, 9, Cooling(), 4),
        (2, 0, Cooling(), 1),
        (4, 9, Cooling(), None),
        (3, 2, Cooling(in_until=11.0), None),
        (3, 2, Cooling(in_until=10.0), 2),
        (3, 2, Cooling(out_until=11.0), None),
        (3, 4, Cooling(in_until=11.0, out_until=11.0), 4),
        # Outside the bounds: up to the minimum when it goes up, and not down from below it.
        (0, 1, Cooling(), 1),
        (0, -1, Cooling(), None),
        (6, 5, Cooling(), 4),
        (6, 7, Cooling(), None),
    ],
)
def test_bounds_and_cooldowns(current: int, wanted: int, cooling: Cooling, set_to: int | None) -> None:
    assert rules.allowed(current, wanted, (1, 4), cooling, now=10.0) == set_to


def test_what_a_scale_out_added_counts_during_its_cooldown() -> None:
    cooling = rules.after_change(Cooling(in_until=50.0), before=2, wanted=4, until=30.0)

    assert rules.starting_capacity(cooling, 4, now=29.0) == 2
    assert rules.starting_capacity(cooling, 4, now=30.0) == 4
    assert cooling.in_until == 0.0
