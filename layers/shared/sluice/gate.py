"""The gate: may this challenger be approved? Pure: the evaluation's numbers and the policy in, a decision out."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sluice.definition import Gate
from sluice.definition.gate import LOWER_IS_BETTER, ChampionComparison, MetricName, MetricThreshold
from sluice.errors import DefectError

_METRICS_KEYS = ("binary_classification_metrics", "multiclass_classification_metrics", "regression_metrics")

SHOWN_METRICS = ("auc", "accuracy", "f1", "macro_f1", "log_loss", "r2", "rmse", "mae")
"""What a version's metadata tell at a glance, each where its task has it."""

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
    positive_rows: int | None = None
    """Of a binary task; None for another."""
    champion: Mapping[str, float] | None = None
    champion_problem: str | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Evaluation":
        """Read `evaluation.json`: SageMaker's model-quality shape, whose metrics' key tells the task."""
        key = metrics_key(document)
        champion, dataset = document.get("champion"), document["dataset"]
        positives = dataset.get("positive_count")
        return cls(
            metrics=_values(document[key]),
            test_rows=int(dataset["item_count"]),
            positive_rows=int(positives) if key == "binary_classification_metrics" else None,
            champion=_values(champion[key]) if champion and key in champion else None,
            champion_problem=_champion_problem(champion, key),
        )


def metrics_key(document: Mapping[str, Any]) -> str:
    """Under which key an evaluation holds its metrics. Raises DefectError when there is none."""
    found = next((key for key in _METRICS_KEYS if key in document), None)
    if found is None:
        raise DefectError(f"evaluation.json holds none of {', '.join(_METRICS_KEYS)}")
    return found


def _champion_problem(champion: Mapping[str, Any] | None, key: str) -> str | None:
    if not champion or key in champion:
        return None
    return str(champion.get("error") or "it was made for another task.")


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
    if positives is not None and not 0 < positives < rows:
        held = "no positive rows" if positives == 0 else "positive rows only"
        return Check("test_set", "fail", float(rows), float(minimum), f"The test split holds {held}: nothing is shown.")
    if rows < minimum:
        return Check("test_set", "fail", rows, minimum, f"The test split has {rows} rows; {minimum} are needed.")
    of_them = "" if positives is None else f", {positives} of them positive"
    return Check("test_set", "pass", rows, minimum, f"The test split has {rows} rows{of_them}.")


def _check_threshold(name: MetricName, value: float | None, threshold: MetricThreshold) -> Check:
    label = f"threshold.{name}"
    if value is None:
        bound = threshold.min if threshold.min is not None else threshold.max
        return Check(label, "fail", None, bound, f"{name} could not be computed.")
    if threshold.min is not None and value < threshold.min:
        return Check(label, "fail", value, threshold.min, f"{name} is {measured(value)}, below {threshold.min:,.10g}.")
    if threshold.max is not None and value > threshold.max:
        return Check(label, "fail", value, threshold.max, f"{name} is {measured(value)}, above {threshold.max:,.10g}.")
    bound = threshold.min if threshold.min is not None else threshold.max
    side = "at least" if threshold.min is not None else "at most"
    return Check(label, "pass", value, bound, f"{name} is {measured(value)}, {side} {bound:,.10g}.")


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
        f"{metric} is {measured(challenger)} against the champion's {measured(champion)}: "
        f"a gain of {gain:+.4f}, {'at least' if outcome == 'pass' else 'below'} {comparison.minimum_gain:+g}."
    )
    return Check(label, outcome, gain, comparison.minimum_gain, sentence)


def measured(value: float) -> str:
    """A metric as people read it: four decimals of a share, none of an error in the thousands."""
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:,.0f}"


def _values(metrics: Mapping[str, Any]) -> dict[str, float]:
    found = {name: entry.get("value") for name, entry in metrics.items() if isinstance(entry, dict)}
    return {
        name: float(value) for name, value in found.items() if isinstance(value, int | float) and math.isfinite(value)
    }
