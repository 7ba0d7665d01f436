"""Too good to be true? A column that holds what is to be predicted makes a model that is worth nothing."""

from collections.abc import Iterator
from typing import Final

from sluice.definition.gate import LeakageRule
from sluice.gate.check import Check, not_held, skipped
from sluice.gate.evaluation import Evaluation
from sluice.gate.wording import measured, one_line, share

_AUC: Final = "leakage.auc"
_GAIN: Final = "leakage.gain"
_FEWEST_FEATURES: Final = 3
"""With one or two features, that one of them carries the model says nothing."""


def check_leakage(evaluation: Evaluation, rule: LeakageRule) -> Iterator[Check]:
    yield _auc(evaluation, rule.maximum_auc)
    yield _gain(evaluation, rule.maximum_gain_share)


def _auc(evaluation: Evaluation, bound: float) -> Check:
    value = evaluation.metrics.get("auc")
    if value is None:
        why = "a regression has none" if evaluation.task == "regression" else "it could not be computed"
        return skipped(_AUC, f"auc was not looked at for leakage: {why}.", bound, "needs-human")
    if value > bound:
        reason = f"auc is {measured(value)}, above {bound:g}: does a column hold what is to be predicted?"
        return Check(_AUC, "fail", value, bound, reason, "needs-human")
    return Check(_AUC, "pass", value, bound, f"auc is {measured(value)}, not suspiciously high.", "needs-human")


def _gain(evaluation: Evaluation, bound: float) -> Check:
    if evaluation.gain_shares is None:
        return not_held(_GAIN, "Gains of the features were", bound, live=evaluation.champion is not None)
    if not any(evaluation.gain_shares.values()):
        return skipped(_GAIN, "Gains of the features were not judged: the model uses none.", bound, "needs-human")
    if evaluation.feature_count < _FEWEST_FEATURES:
        reason = f"Gains of the features were not judged: there are fewer than {_FEWEST_FEATURES}."
        return skipped(_GAIN, reason, bound, "needs-human")
    feature, value = max(evaluation.gain_shares.items(), key=lambda one: one[1])
    told = f"{one_line(feature)} carries {share(value)} of the model's gain"
    if value > bound:
        reason = f"{told}, above {share(bound)}: does it hold what is to be predicted?"
        return Check(_GAIN, "fail", value, bound, reason, "needs-human")
    return Check(_GAIN, "pass", value, bound, f"{told}, more than any other feature.", "needs-human")
