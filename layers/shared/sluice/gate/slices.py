"""Does the challenger lose against the champion on a part of the test rows?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sluice.definition.gate import SliceRule
from sluice.gate.check import Check, Outcome, not_held, skipped, unmade
from sluice.gate.differences import Gain
from sluice.gate.evaluation import Evaluation, Slice
from sluice.gate.wording import listed, share, signed

_NAME: Final = "slices"
MOST_SHOWN: Final = 20
"""Slices with a check of their own, the worst first; a decision must stay far below Step Functions' 256 KiB."""

FEWEST_OF_A_CLASS: Final = 20
"""Rows of the rarest class: from fewer, neither a metric's deviation nor its distribution is known far out, where the
bound of many slices lies."""
_OF_CLASSES: Final = frozenset(
    {"auc", "precision_recall_auc", "recall", "precision", "f1", "macro_recall", "macro_precision", "macro_f1"}
)
"""Metrics that scatter by the rows of their rarest class, however many there are of the others."""


@dataclass(frozen=True)
class _Judged:
    part: Slice
    gain: Gain
    upper: float
    """What its gain is at most, at the confidence of all slices together."""

    def loses(self, rule: SliceRule) -> bool:
        """The loss is shown, not only measured: small slices vary."""
        return self.upper < -rule.maximum_loss


def check_slices(evaluation: Evaluation, rule: SliceRule) -> Iterator[Check]:
    unjudged = _unjudged(evaluation, rule)
    if unjudged is not None:
        yield unjudged
        return
    parts = evaluation.slices or ()
    small = [part for part in parts if part.rows < rule.minimum_rows]
    large = [part for part in parts if part.rows >= rule.minimum_rows]
    rare = [part for part in large if _is_rare(part, rule)]
    judged, unmeasured = _judged([part for part in large if not _is_rare(part, rule)], rule)
    yield from (_check(one, rule) for one in judged[:MOST_SHOWN])
    if judged[MOST_SHOWN:]:
        yield _rest(judged[MOST_SHOWN:], rule)
    if unmeasured or small or rare:
        yield skipped(f"{_NAME}.skipped", _not_judged(unmeasured, small, rare, rule), -rule.maximum_loss)


def _unjudged(evaluation: Evaluation, rule: SliceRule) -> Check | None:
    """Why there is nothing to judge; None where there is."""
    bound, parts = -rule.maximum_loss, evaluation.slices
    if evaluation.champion is None:
        return skipped(_NAME, "Slices were not judged: there is no champion to compare with.", bound)
    if evaluation.champion.problem is not None:
        return unmade(_NAME, "Slices were not judged: the champion could not be scored.", bound)
    if parts is None:
        return not_held(_NAME, "Slices were", bound, live=True)
    if not parts:
        return unmade(_NAME, "Slices were not judged: the evaluation holds none.", bound)
    if all(part.differences is None for part in parts):
        return unmade(_NAME, "Slices were not judged: their differences from the champion are missing.", bound)
    if rule.metric in _OF_CLASSES and any(part.rarest_class_rows is None for part in parts):
        reason = "Slices were not judged: the evaluation is of an older version and does not count their classes."
        return unmade(_NAME, reason, bound)
    return None


def _is_rare(part: Slice, rule: SliceRule) -> bool:
    return rule.metric in _OF_CLASSES and (part.rarest_class_rows or 0) < FEWEST_OF_A_CLASS


def _judged(parts: Sequence[Slice], rule: SliceRule) -> tuple[list[_Judged], list[Slice]]:
    """The worst first, and those where no difference is defined.

    Bonferroni: among many slices, one seems to lose by chance; together they may do so as often as one alone might.
    """
    error = (1 - rule.confidence) / max(1, len(parts))
    found, unmeasured = [], []
    for part in parts:
        difference = (part.differences or {}).get(rule.metric)
        gain = difference.gain(rule.metric) if difference else None
        if gain is None:
            unmeasured.append(part)
        else:
            found.append(_Judged(part, gain, gain.at_most(error, _freedom(part, rule))))
    return sorted(found, key=lambda one: (one.upper, one.part.label)), unmeasured


def _freedom(part: Slice, rule: SliceRule) -> int | None:
    """Degrees of freedom of the deviation, at least: Welch's are never fewer than those of the smaller sample."""
    return part.rarest_class_rows - 1 if rule.metric in _OF_CLASSES and part.rarest_class_rows else None


def _check(one: _Judged, rule: SliceRule) -> Check:
    part, bad = one.part, one.loses(rule)
    reason = (
        f"In {part.label} ({part.rows:,} rows) the gain of {rule.metric} is {signed(one.gain.value)}, at most "
        f"{signed(one.upper)} at {share(rule.confidence)} confidence for all slices together: "
        f"{'shown' if bad else 'not shown'} to lose more than {rule.maximum_loss:g}."
    )
    name = f"{_NAME}.{part.label}"
    return Check(name, "fail" if bad else "pass", one.gain.value, -rule.maximum_loss, reason)


def _rest(rest: Sequence[_Judged], rule: SliceRule) -> Check:
    bad = sum(one.loses(rule) for one in rest)
    reason = (
        f"Other slices that were judged: {len(rest)}; shown to lose more than {rule.maximum_loss:g} of {rule.metric}: "
        f"{bad}; the worst gains at most {signed(rest[0].upper)}."
    )
    outcome: Outcome = "fail" if bad else "pass"
    return Check(f"{_NAME}.rest", outcome, rest[0].gain.value, -rule.maximum_loss, reason)


def _not_judged(unmeasured: Sequence[Slice], small: Sequence[Slice], rare: Sequence[Slice], rule: SliceRule) -> str:
    kinds = (
        (f"No difference of {rule.metric} is defined", unmeasured),
        (f"Fewer than {rule.minimum_rows:,} rows", small),
        (f"Fewer than {FEWEST_OF_A_CLASS} rows of the rarest class", rare),
    )
    named = [(what, listed([part.label for part in parts])) for what, parts in kinds if parts]
    return " ".join(f"{what} in {labels}: not judged." for what, labels in named)
