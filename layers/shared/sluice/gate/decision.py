"""All checks together: the verdict, and what it rests on."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sluice.definition import Gate
from sluice.gate.calibration import check_calibration
from sluice.gate.champion import check_champion
from sluice.gate.check import Check
from sluice.gate.data import check_data
from sluice.gate.evaluation import Evaluation
from sluice.gate.held_out import check_test_set
from sluice.gate.leakage import check_leakage
from sluice.gate.slices import check_slices
from sluice.gate.thresholds import check_threshold

Verdict = Literal["pass", "fail", "needs-human"]


@dataclass(frozen=True)
class GateDecision:
    verdict: Verdict
    checks: tuple[Check, ...]

    @property
    def summary(self) -> str:
        """One sentence a check: what fails the gate first, what a person must decide next, what passed last."""
        return " ".join(check.reason for check in sorted(self.checks, key=_urgency))

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "summary": self.summary}


def decide(evaluation: Evaluation, policy: Gate) -> GateDecision:
    """Every check is made, so that a person sees all reasons at once."""
    checks = tuple(_checks(evaluation, policy))
    consequences = {check.on_failure for check in checks if check.outcome == "fail"}
    verdict: Verdict = "pass"
    if consequences:
        verdict = "fail" if "fail" in consequences else "needs-human"
    return GateDecision(verdict, checks)


def _checks(evaluation: Evaluation, policy: Gate) -> Iterator[Check]:
    yield check_test_set(evaluation, policy.minimum_test_rows)
    for name, threshold in policy.metrics.items():
        yield check_threshold(name, evaluation.metrics.get(name), threshold)
    if policy.champion is not None:
        yield from check_champion(evaluation, policy.champion)
    if policy.slices is not None:
        yield from check_slices(evaluation, policy.slices)
    if policy.calibration is not None:
        yield check_calibration(evaluation, policy.calibration)
    if policy.data is not None:
        yield from check_data(evaluation, policy.data)
    if policy.leakage is not None:
        yield from check_leakage(evaluation, policy.leakage)


def _urgency(check: Check) -> int:
    if check.outcome == "fail":
        return 0 if check.on_failure == "fail" else 1
    return 2 if check.outcome == "skipped" else 3
