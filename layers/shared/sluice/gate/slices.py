"""Does the challenger lose against the champion on a part of the test rows?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sluice.definition.gate import SliceRule
from sluice.gate.check import Check, Outcome, skipped
from sluice.gate.differences import Gain
from sluice.gate.evaluation import Evaluation, Slice
from sluice.gate.wording import listed, share, signed

_NAME: Final = "slices"
MOST_SHOWN: Final = 20
"""Slices with a check of their own, the worst first; a decision must stay far below Step Functions' 256 KiB."""


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
    why_not = _why_not(evaluation)
    if why_not is not None:
        yield skipped(_NAME, f"Slices were not judged: {why_not}", -rule.maximum_loss)
        return
    parts = evaluation.slices or ()
    large = [part for part in parts if part.rows >= rule.minimum_rows]
    judged, unmeasured = _judged(large, rule)
    yield from (_check(one, rule) for one in judged[:MOST_SHOWN])
    if judged[MOST_SHOWN:]:
        yield _rest(judged[MOST_SHOWN:], rule)
    small = [part.label for part in parts if part.rows < rule.minimum_rows]
    if unmeasured or small:
        yield skipped(f"{_NAME}.skipped", _not_judged(unmeasured, small, rule), -rule.maximum_loss)


def _why_not(evaluation: Evaluation) -> str | None:
    if evaluation.champion is None:
        return "there is no champion to compare with."
    if evaluation.champion.problem is not None:
        return "the champion could not be scored."
    if evaluation.slices is None:
        return "the evaluation is of an older version and lacks them."
    return None if evaluation.slices else "the evaluation holds none."


def _judged(parts: Sequence[Slice], rule: SliceRule) -> tuple[list[_Judged], list[str]]:
    """The worst first, and the labels of those where no difference is defined.

    Bonferroni: among many slices, one seems to lose by chance; together they may do so as often as one alone might.
    """
    error = (1 - rule.confidence) / max(1, len(parts))
    found, unmeasured = [], []
    for part in parts:
        difference = (part.differences or {}).get(rule.metric)
        gain = difference.gain(rule.metric) if difference else None
        if gain is None:
            unmeasured.append(part.label)
        else:
            found.append(_Judged(part, gain, gain.at_most(error)))
    return sorted(found, key=lambda one: (one.upper, one.part.label)), unmeasured


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


def _not_judged(unmeasured: Sequence[str], small: Sequence[str], rule: SliceRule) -> str:
    sentences = []
    if unmeasured:
        sentences.append(f"No difference of {rule.metric} is defined in {listed(unmeasured)}: not judged.")
    if small:
        sentences.append(f"Fewer than {rule.minimum_rows:,} rows in {listed(small)}: not judged.")
    return " ".join(sentences)
