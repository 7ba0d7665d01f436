"""The gate: may this challenger be approved? Pure: the evaluation's numbers and the policy in, a decision out."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sluice.definition import Gate
from sluice.definition.gate import LOWER_IS_BETTER, ChampionComparison, MetricName, MetricThreshold

Outcome = Literal["pass", "fail", "skipped"]
Verdict = Literal["pass", "fail"]


@dataclass(frozen=True)
class Check:
    name: str
    outcome: Outcome
    value: float | None
    bound: float | None
    reason: str


@dataclass(frozen=True)
class GateDecision:
    verdict: Verdict
    checks: tuple[Check, ...]

    @property
    def summary(self) -> str:
        """One sentence a check, the failed ones first."""
        ordered = sorted(self.checks, key=lambda check: check.outcome != "fail")
        return " ".join(check.reason for check in ordered)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "summary": self.summary}


@dataclass(frozen=True)
class Evaluation:
    """What the evaluate step measured on the test split. A metric that could not be computed is absent."""

    metrics: Mapping[str, float]
    test_rows: int
    positive_rows: int
    champion: Mapping[str, float] | None = None
    champion_problem: str | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Evaluation":
        """Read `evaluation.json` (SageMaker's `binary_classification_metrics` shape)."""
        champion = document.get("champion")
        return cls(
            metrics=_values(document["binary_classification_metrics"]),
            test_rows=int(document["dataset"]["item_count"]),
            positive_rows=int(document["dataset"]["positive_count"]),
            champion=_values(champion["binary_classification_metrics"])
            if champion and "binary_classification_metrics" in champion
            else None,
            champion_problem=champion.get("error") if champion else None,
        )


def decide(evaluation: Evaluation, policy: Gate) -> GateDecision:
    """Every check is made, so that a person sees all reasons at once; one failure fails the gate."""
    checks = [_check_test_set(evaluation, policy.minimum_test_rows)]
    checks += [
        _check_threshold(name, evaluation.metrics.get(name), threshold) for name, threshold in policy.metrics.items()
    ]
    if policy.champion is not None:
        checks.append(_check_champion(evaluation, policy.champion))
    failed = any(check.outcome == "fail" for check in checks)
    return GateDecision("fail" if failed else "pass", tuple(checks))


def _check_test_set(evaluation: Evaluation, minimum: int) -> Check:
    rows, positives = evaluation.test_rows, evaluation.positive_rows
    if not 0 < positives < rows:
        held = "no positive rows" if positives == 0 else "positive rows only"
        return Check("test_set", "fail", float(rows), float(minimum), f"The test split holds {held}: nothing is shown.")
    if rows < minimum:
        return Check("test_set", "fail", rows, minimum, f"The test split has {rows} rows; {minimum} are needed.")
    return Check("test_set", "pass", rows, minimum, f"The test split has {rows} rows, {positives} of them positive.")


def _check_threshold(name: MetricName, value: float | None, threshold: MetricThreshold) -> Check:
    label = f"threshold.{name}"
    if value is None:
        bound = threshold.min if threshold.min is not None else threshold.max
        return Check(label, "fail", None, bound, f"{name} could not be computed.")
    if threshold.min is not None and value < threshold.min:
        return Check(label, "fail", value, threshold.min, f"{name} is {value:.4f}, below {threshold.min:g}.")
    if threshold.max is not None and value > threshold.max:
        return Check(label, "fail", value, threshold.max, f"{name} is {value:.4f}, above {threshold.max:g}.")
    bound = threshold.min if threshold.min is not None else threshold.max
    side = "at least" if threshold.min is not None else "at most"
    return Check(label, "pass", value, bound, f"{name} is {value:.4f}, {side} {bound:g}.")


def _check_champion(evaluation: Evaluation, comparison: ChampionComparison) -> Check:
    label, metric = f"champion.{comparison.metric}", comparison.metric
    if evaluation.champion_problem is not None:
        return Check(label, "fail", None, comparison.minimum_gain, f"No comparison: {evaluation.champion_problem}")
    if evaluation.champion is None:
        return Check(label, "skipped", None, comparison.minimum_gain, "There is no champion to compare with.")
    challenger, champion = evaluation.metrics.get(metric), evaluation.champion.get(metric)
    if challenger is None or champion is None:
        return Check(label, "fail", None, comparison.minimum_gain, f"{metric} could not be computed for both models.")
    gain = champion - challenger if metric in LOWER_IS_BETTER else challenger - champion
    outcome: Outcome = "pass" if gain >= comparison.minimum_gain else "fail"
    sentence = (
        f"{metric} is {challenger:.4f} against the champion's {champion:.4f}: "
        f"a gain of {gain:+.4f}, {'at least' if outcome == 'pass' else 'below'} {comparison.minimum_gain:+g}."
    )
    return Check(label, outcome, gain, comparison.minimum_gain, sentence)


def _values(metrics: Mapping[str, Any]) -> dict[str, float]:
    found = {name: entry.get("value") for name, entry in metrics.items() if isinstance(entry, dict)}
    return {
        name: float(value) for name, value in found.items() if isinstance(value, int | float) and math.isfinite(value)
    }
