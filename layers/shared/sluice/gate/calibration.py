"""Are the probabilities what they say?"""

from typing import Final

from sluice.definition.gate import CalibrationRule
from sluice.gate.check import Check
from sluice.gate.differences import z_score
from sluice.gate.evaluation import Evaluation
from sluice.gate.wording import measured

_NAME: Final = "calibration"
_METRIC: Final = "calibration_error"
_ERROR: Final = 0.05


def check_calibration(evaluation: Evaluation, rule: CalibrationRule) -> Check:
    """Fails when the error is shown to be too large: in the binned error of a small test set chance has a share."""
    value, bound = evaluation.metrics.get(_METRIC), rule.maximum_error
    if value is None:
        return Check(_NAME, "fail", None, bound, f"{_METRIC} could not be computed.")
    # Where its deviation is not known, the number stands for itself.
    lower = value - z_score(_ERROR) * evaluation.deviations.get(_METRIC, 0.0)
    if lower > bound:
        reason = f"{_METRIC} is {measured(value)}, at least {measured(lower)} at 95 % confidence: above {bound:g}."
        return Check(_NAME, "fail", value, bound, reason)
    if value > bound:
        reason = f"{_METRIC} is {measured(value)}, above {bound:g}, but the test set does not show it at 95 %."
        return Check(_NAME, "pass", value, bound, reason)
    return Check(_NAME, "pass", value, bound, f"{_METRIC} is {measured(value)}, at most {bound:g}.")
