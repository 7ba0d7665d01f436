"""How many instances a policy asks for, and when a cooldown holds it back.

https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from localcloud.errors import ApiError

DEFAULT_COOLDOWN: Final = 300
_AGGREGATIONS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "Average": lambda values: sum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
}


@dataclass(frozen=True)
class Cooling:
    """Moments of the cloud's clock. `out_base` is the capacity that the last scale-out started from."""

    out_until: float = 0.0
    out_base: int = 0
    in_until: float = 0.0


NO_COOLING: Final = Cooling()


def after_change(cooling: Cooling, before: int, wanted: int, until: float) -> Cooling:
    """A scale-out ends the scale-in's cooldown."""
    if wanted > before:
        return Cooling(out_until=until, out_base=before)
    return Cooling(cooling.out_until, cooling.out_base, in_until=until)


def starting_capacity(cooling: Cooling, current: int, now: float) -> int:
    """During a scale-out's cooldown, what it has added counts as part of what is asked for next."""
    return cooling.out_base if now < cooling.out_until else current


def allowed(current: int, wanted: int, bounds: tuple[int, int], cooling: Cooling, now: float) -> int | None:
    """The capacity to set; None when there is nothing to do, or not yet.

    A capacity that lies outside the bounds is no reason by itself to change it the other way.
    """
    minimum, maximum = bounds
    bounded = min(max(wanted, minimum), maximum)
    if wanted > current:
        return bounded if bounded > current else None
    if wanted < current and bounded < current and now >= max(cooling.in_until, cooling.out_until):
        return bounded
    return None


def tracking_capacity(current: int, value: float, target: float) -> int:
    """In proportion, and never so few that the metric would be above the target again.

    How many AWS takes away at a time is not published; what it says of both directions holds here.
    """
    # What is measured with no instance at all is what one would have.
    return math.ceil(max(current, 1) * value / target - 1e-9)


def step_capacity(
    configuration: Mapping[str, Any], current: int, values: Sequence[float], threshold: float, *, above: bool
) -> int | None:
    """None when no step covers the breach. Without values (SetAlarmState) the metric counts as at the threshold."""
    aggregate = _AGGREGATIONS[configuration.get("MetricAggregationType", "Average")]
    difference = aggregate(values) - threshold if values else 0.0
    for step in configuration["StepAdjustments"]:
        if _covers(step, difference, above=above):
            return _adjusted(configuration, current, step["ScalingAdjustment"])
    return None


def check_steps(configuration: Mapping[str, Any]) -> None:
    """ApiError for steps that overlap, leave a gap, or are not there."""
    steps = configuration.get("StepAdjustments") or []
    if not configuration.get("AdjustmentType") or not steps:
        raise _invalid("AdjustmentType and at least one step adjustment are required for a step scaling policy")
    spans = sorted((_lower(step), _upper(step)) for step in steps)
    if any(lower >= upper for lower, upper in spans):
        raise _invalid("A step adjustment's upper bound must be greater than its lower bound")
    for (_, upper), (lower, _) in itertools.pairwise(spans):
        if upper != lower:
            raise _invalid(f"Step adjustment intervals can neither overlap nor leave a gap: {upper} and {lower}")


def _covers(step: Mapping[str, Any], difference: float, *, above: bool) -> bool:
    lower, upper = _lower(step), _upper(step)
    return lower <= difference < upper if above else lower < difference <= upper


def _lower(step: Mapping[str, Any]) -> float:
    return float(step.get("MetricIntervalLowerBound", -math.inf))


def _upper(step: Mapping[str, Any]) -> float:
    return float(step.get("MetricIntervalUpperBound", math.inf))


def _adjusted(configuration: Mapping[str, Any], current: int, adjustment: int) -> int:
    match configuration["AdjustmentType"]:
        case "ExactCapacity":
            return adjustment
        case "ChangeInCapacity":
            return max(current + adjustment, 0)
    change = current * adjustment / 100
    # Toward zero, but at least one.
    whole = math.trunc(change) if abs(change) >= 1 else int(math.copysign(1, change)) if change else 0
    least = configuration.get("MinAdjustmentMagnitude", 0)
    if abs(whole) < least:
        whole = int(math.copysign(least, adjustment))
    return max(current + whole, 0)


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)
