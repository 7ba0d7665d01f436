"""Is the challenger as good as the version that serves now, on the same test rows?"""

from collections.abc import Iterator
from typing import Final

from sluice.definition.gate import ChampionComparison
from sluice.gate.check import Check, not_held, skipped
from sluice.gate.differences import Gain
from sluice.gate.evaluation import Champion, Evaluation
from sluice.gate.wording import listed, measured, share, signed

_COMPARABLE: Final = "champion.comparable"
_FEATURES: Final = "champion.features"
_LOSS: Final = "log_loss"
_ACCEPTED_LOSS: Final = 0.1
"""Of the champion's log loss: by so much a model's probabilities may get worse before a person is asked."""


def check_champion(evaluation: Evaluation, rule: ChampionComparison) -> Iterator[Check]:
    label, champion = f"champion.{rule.metric}", evaluation.champion
    if champion is None:
        reason = "There is no champion to compare with: no version is in production."
        yield skipped(label, reason, rule.minimum_gain)
        return
    comparable = _comparable(champion, rule)
    yield comparable
    if champion.problem is None or champion.features is not None:
        yield _same_features(champion)
    if rule.metric not in evaluation.metrics:
        reason = f"{rule.metric} could not be computed: the challenger is not shown to be as good as the champion."
        yield Check(label, "fail", None, rule.minimum_gain, reason)
    elif comparable.outcome == "fail":
        yield skipped(label, f"{rule.metric} was not compared with the champion's.", rule.minimum_gain)
    else:
        yield _gained(evaluation, champion, rule)
        yield from _probabilities(evaluation, champion, rule)


def _comparable(champion: Champion, rule: ChampionComparison) -> Check:
    problem = champion.problem
    if problem is None and rule.metric not in champion.metrics:
        problem = f"its {rule.metric} could not be computed."
    if problem is not None:
        reason = f"The champion cannot be compared with: {problem}"
        return Check(_COMPARABLE, "fail", None, None, reason, "needs-human")
    return Check(_COMPARABLE, "pass", None, None, "The champion was scored on the same rows.", "needs-human")


def _same_features(champion: Champion) -> Check:
    if champion.features is None:
        return not_held(_FEATURES, "Changes of the features were", live=True)
    kinds = (
        ("added", champion.features.added),
        ("removed", champion.features.removed),
        ("of another type", champion.features.retyped),
    )
    changes = [f"{kind}: {listed(names)}" for kind, names in kinds if names]
    count = sum(len(names) for _, names in kinds)
    if changes:
        reason = f"The features are not the champion's: {'; '.join(changes)}."
        return Check(_FEATURES, "fail", count, 0, reason, "needs-human")
    return Check(_FEATURES, "pass", 0, 0, "The features are the champion's.", "needs-human")


def _gained(evaluation: Evaluation, champion: Champion, rule: ChampionComparison) -> Check:
    label, metric, bound = f"champion.{rule.metric}", rule.metric, rule.minimum_gain
    if champion.differences is None:
        return not_held(label, "Differences from the champion were", bound, live=True)
    difference = champion.differences.get(metric)
    gain = difference.gain(metric) if difference else None
    if gain is None:
        reason = f"How certain the difference of {metric} from the champion's is could not be measured."
        return Check(label, "fail", difference.value if difference else None, bound, reason, "needs-human")
    both = f"{metric} is {measured(evaluation.metrics[metric])} against the champion's "
    both += f"{measured(champion.metrics[metric])}: a gain of {signed(gain.value)}"
    judge = _not_worse if rule.policy == "not-worse" else _better
    good, shown = judge(gain, rule)
    return Check(label, "pass" if good else "fail", gain.value, bound, f"{both}, {shown}")


def _probabilities(evaluation: Evaluation, champion: Champion, rule: ChampionComparison) -> Iterator[Check]:
    """A model may rank as well as the champion and say nothing by its scores: AUC does not see that, log loss does."""
    if rule.metric == _LOSS or not {_LOSS} <= evaluation.metrics.keys() & champion.metrics.keys():
        return
    difference = (champion.differences or {}).get(_LOSS)
    gain = difference.gain(_LOSS) if difference else None
    if gain is None:
        return
    bound = -_ACCEPTED_LOSS * champion.metrics[_LOSS]
    bad = gain.at_most(1 - rule.confidence) < bound
    ours, theirs = measured(evaluation.metrics[_LOSS]), measured(champion.metrics[_LOSS])
    reason = (
        f"Log loss is {ours} against the champion's {theirs}: {'shown' if bad else 'not shown'} to be more than "
        f"{share(_ACCEPTED_LOSS)} worse{'; the scores say less than they did' if bad else ''}."
    )
    yield Check(f"champion.{_LOSS}", "fail" if bad else "pass", gain.value, bound, reason, "needs-human")


def _not_worse(gain: Gain, rule: ChampionComparison) -> tuple[bool, str]:
    """Refused only when the loss is shown: chance alone fails it in few of the runs, as confidence says."""
    upper = gain.at_most(1 - rule.confidence)
    at_most = f"at most {signed(upper)} at {share(rule.confidence)} confidence"
    if upper < rule.minimum_gain:
        return False, f"{at_most}: shown to be below {rule.minimum_gain:+g}."
    return True, f"{at_most}: not shown to be below {rule.minimum_gain:+g}."


def _better(gain: Gain, rule: ChampionComparison) -> tuple[bool, str]:
    """Refused unless the gain is shown: a challenger that is only as good seldom passes.

    Never by a gain of nothing: an identical model, whose difference does not scatter, is not better.
    """
    lower, least = gain.at_least(1 - rule.confidence), rule.minimum_gain
    at_least = f"at least {signed(lower)} at {share(rule.confidence)} confidence"
    wanted = f"to reach {least:+g}" if least > 0 else f"to be above {least:+g}"
    if lower > least or (lower >= least and least > 0):
        return True, f"{at_least}: shown {wanted}."
    return False, f"{at_least}: not shown {wanted}."
