"""What a trial comes to: every check with its reason, and one decision."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from sluice.definition.deployment import AbTest, Shadow
from sluice.definition.gate import MetricName
from sluice.events.trial_concluded import TrialDecision
from sluice.gate.wording import measured, share, signed
from sluice.trial.agreement import Agreement
from sluice.trial.quality import Measurement, gain
from sluice.trial.traffic import Traffic

Outcome = Literal["pass", "fail", "skipped"]

_LOSS: Final = "log_loss"
_ACCEPTED_LOSS: Final = 0.1
"""As the gate has it: by so much of the champion's log loss probabilities may get worse before a person is asked."""


@dataclass(frozen=True)
class TrialCheck:
    name: str
    outcome: Outcome
    value: float | None
    bound: float | None
    reason: str
    consequence: TrialDecision = "roll-back"
    """Of a failure: roll-back, or keep until a person decides."""


@dataclass(frozen=True)
class Side:
    """A variant, and what is known of it."""

    version: int
    variant: str
    traffic: Traffic
    labels: int = 0
    """Answers whose truth arrived."""
    quality: Mapping[MetricName, Measurement] = field(default_factory=dict)


@dataclass(frozen=True)
class QualityRule:
    """By which metric quality is judged, and how much of a loss is accepted, in its unit."""

    metric: MetricName
    accepted_loss: float = 0.0


@dataclass(frozen=True)
class LabelsSeen:
    """What became of the ground truth that was sent."""

    complete: bool = True
    """All of it was looked at."""
    unusable: int = 0
    """Lines that were no label, or none for the answer; a line that ends a file stands for the rest of it."""
    unmatched: int = 0
    """Requests with labels that the trial did not capture: of the days before it, or by ids that nobody gave out."""

    @property
    def unusable_lines(self) -> str:
        return f"{self.unusable:,} {'line' if self.unusable == 1 else 'lines'} of ground truth"


ALL_SEEN: Final = LabelsSeen()


@dataclass(frozen=True)
class Verdict:
    decision: TrialDecision
    reason: str
    checks: tuple[TrialCheck, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def judge_ab_test(
    model: str, policy: AbTest, rule: QualityRule, champion: Side, challenger: Side, seen: LabelsSeen = ALL_SEEN
) -> Verdict:
    checks = list(_traffic_checks(policy, champion, challenger))
    if _enough(checks):
        checks += _quality_checks(policy, rule, champion, challenger, seen)
    return _verdict(model, policy.after, challenger, checks)


def judge_shadow(model: str, policy: Shadow, agreement: Agreement, champion: Side, shadow: Side) -> Verdict:
    checks = list(_traffic_checks(policy, champion, shadow))
    if _enough(checks):
        checks.append(_agreed(policy, agreement, champion, shadow))
    return _verdict(model, policy.after, shadow, checks)


def _verdict(model: str, after: Literal["promote", "ask"], challenger: Side, checks: Sequence[TrialCheck]) -> Verdict:
    """Rolled back for one shown fault; kept while something is missing; promoted only when everything was judged."""
    failed = [check for check in checks if check.outcome == "fail"]
    told = " ".join(check.reason for check in sorted(checks, key=_urgency))
    name = challenger.variant
    if any(check.consequence == "roll-back" for check in failed):
        return Verdict("roll-back", f"{name} is taken back. {told}", tuple(checks))
    if failed:
        return Verdict(
            "keep", f"{name} is neither promoted nor taken back. {_by_hand(model, name)} {told}", tuple(checks)
        )
    if after == "ask":
        return Verdict("keep", f"{name} did well. {_by_hand(model, name)} {told}", tuple(checks))
    return Verdict("promote", f"{name} did well and gets all traffic. {told}", tuple(checks))


def _by_hand(model: str, name: str) -> str:
    return f"A person decides: sluice traffic {model} --set {name}=100, or sluice rollback {model}."


def _urgency(check: TrialCheck) -> int:
    if check.outcome == "fail":
        return 0 if check.consequence == "roll-back" else 1
    return 2 if check.outcome == "pass" else 3


def _enough(checks: Sequence[TrialCheck]) -> bool:
    """Whether there were requests enough to compare anything."""
    return checks[0].outcome == "pass"


def _traffic_checks(policy: AbTest | Shadow, champion: Side, challenger: Side) -> Iterator[TrialCheck]:
    fewest = min(champion, challenger, key=lambda side: side.traffic.requests)
    requests, least = fewest.traffic.requests, policy.minimum_invocations
    counts = f"{_answered(challenger)} and {_answered(champion)}"
    if requests < least:
        reason = f"{counts}: too few to compare, of each at least {least:,}."
        yield TrialCheck("requests", "fail", requests, least, reason, "keep")
        return
    yield TrialCheck("requests", "pass", requests, least, f"{counts}.", "keep")
    yield _errors(policy, champion, challenger)
    yield _latency(policy, champion, challenger)


def _answered(side: Side) -> str:
    return f"{side.variant} had {side.traffic.requests:,} requests"


def _errors(policy: AbTest | Shadow, champion: Side, challenger: Side) -> TrialCheck:
    ours, theirs = challenger.traffic.error_percent, champion.traffic.error_percent
    bound, increase = policy.maximum_error_increase, ours - theirs
    points = "percentage point" if bound == 1 else "percentage points"
    bad = increase > bound
    reason = (
        f"{challenger.variant} failed {ours:.2f} % of its requests and {champion.variant} {theirs:.2f} %: "
        f"{'more' if bad else 'not more'} than {bound:g} {points} above."
    )
    return TrialCheck("errors", "fail" if bad else "pass", increase, bound, reason)


def _latency(policy: AbTest | Shadow, champion: Side, challenger: Side) -> TrialCheck:
    ours, theirs, bound = challenger.traffic.median_ms, champion.traffic.median_ms, policy.maximum_latency_increase
    if ours is None or not theirs:
        reason = "How long the models took was not measured."
        return TrialCheck("latency", "fail", None, bound, reason, "keep")
    increase = 100 * (ours / theirs - 1)
    bad = increase > bound
    reason = (
        f"Half of the requests took {challenger.variant} {ours:.3g} ms or less and {champion.variant} {theirs:.3g} ms: "
        f"{'more' if bad else 'not more'} than {bound:g} % above."
    )
    return TrialCheck("latency", "fail" if bad else "pass", increase, bound, reason)


def _quality_checks(
    policy: AbTest, rule: QualityRule, champion: Side, challenger: Side, seen: LabelsSeen
) -> Iterator[TrialCheck]:
    fewest, least = min(champion.labels, challenger.labels), policy.minimum_labels
    if fewest < least:
        reason = (
            f"Quality was not judged: ground truth arrived for {challenger.labels:,} answers of {challenger.variant} "
            f"and {champion.labels:,} of {champion.variant}, of each at least {least:,} are needed."
        )
        if seen.unusable:
            reason += f" Labels were sent, but {seen.unusable_lines} could not be used: they may say that it is worse."
        if seen.unmatched:
            requests = f"{seen.unmatched:,} {'request' if seen.unmatched == 1 else 'requests'}"
            reason += f" Labels of {requests} match no request that was captured in the trial."
        # Labels that were not looked at, or not understood, may say what nobody heard: a person does.
        skipped = seen.complete and not seen.unusable
        yield TrialCheck("quality", "skipped" if skipped else "fail", fewest, least, reason, "keep")
        return
    yield _not_worse(policy, rule, champion, challenger)
    if rule.metric != _LOSS and _LOSS in champion.quality and _LOSS in challenger.quality:
        bound = _ACCEPTED_LOSS * champion.quality[_LOSS].value
        yield _not_worse(policy, QualityRule(_LOSS, bound), champion, challenger, "keep")


def _not_worse(
    policy: AbTest, rule: QualityRule, champion: Side, challenger: Side, consequence: TrialDecision = "roll-back"
) -> TrialCheck:
    """Refused only when the loss is shown, as the gate does it: chance alone seldom does."""
    name, metric, least = f"quality.{rule.metric}", rule.metric, -rule.accepted_loss
    ours, theirs = challenger.quality.get(metric), champion.quality.get(metric)
    found = gain(metric, ours, theirs) if ours and theirs else None
    if found is None or ours is None or theirs is None:
        reason = f"{metric} could not be compared: the labels that arrived do not suffice for it."
        return TrialCheck(name, "fail", None, least, reason, "keep")
    upper = found.at_most(1 - policy.confidence)
    bad = upper < least
    reason = (
        f"{metric} is {measured(ours.value)} of {challenger.variant} and {measured(theirs.value)} of "
        f"{champion.variant}: a gain of at most {signed(upper)} at {share(policy.confidence)} confidence, "
        f"{'shown' if bad else 'not shown'} to be below {least:+.4g}."
    )
    return TrialCheck(name, "fail" if bad else "pass", found.value, least, reason, consequence)


def _agreed(policy: Shadow, agreement: Agreement, champion: Side, shadow: Side) -> TrialCheck:
    compared, bound = agreement.pairs + agreement.unlike, policy.minimum_agreement_percent
    if compared < policy.minimum_invocations:
        reason = (
            f"{compared:,} answers of both were captured: too few to compare, at least {policy.minimum_invocations:,} "
            "are needed."
        )
        return TrialCheck("agreement", "fail", compared, policy.minimum_invocations, reason, "keep")
    percent = agreement.share_percent
    bad = percent < bound
    reason = (
        f"{shadow.variant} agreed with {champion.variant} on {percent:.2f} % of {compared:,} answers: "
        f"{'less than' if bad else 'at least'} {bound:g} %."
    )
    if agreement.largest_difference is not None:
        reason += (
            f" Half of the scores differ by {measured(agreement.median_difference or 0.0)} or less, 19 of 20 by "
            f"{measured(agreement.p95_difference or 0.0)}, and all by {measured(agreement.largest_difference)}."
        )
    return TrialCheck("agreement", "fail" if bad else "pass", percent, bound, reason)
