"""Are the metrics within their absolute bounds?"""

from sluice.definition.gate import MetricName, MetricThreshold
from sluice.gate.check import Check
from sluice.gate.wording import measured


def check_threshold(name: MetricName, value: float | None, threshold: MetricThreshold) -> Check:
    label, low, high = f"threshold.{name}", threshold.min, threshold.max
    bound = low if low is not None else high
    if value is None:
        return Check(label, "fail", None, bound, f"{name} could not be computed.")
    if low is not None and value < low:
        return Check(label, "fail", value, low, f"{name} is {measured(value)}, below {low:,.10g}.")
    if high is not None and value > high:
        return Check(label, "fail", value, high, f"{name} is {measured(value)}, above {high:,.10g}.")
    bounds = (("at least", low), ("at most", high))
    within = " and ".join(f"{side} {limit:,.10g}" for side, limit in bounds if limit is not None)
    return Check(label, "pass", value, bound, f"{name} is {measured(value)}, {within}.")
