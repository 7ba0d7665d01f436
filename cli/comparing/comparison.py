"""Two versions compared: values in, a frozen comparison out. Differences are the right one's minus the left one's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cli.comparing.data_rows import Row, data_rows, different_test_sets
from cli.comparing.facts import VersionFacts
from cli.comparing.features import Gain, feature_changes, gains
from cli.comparing.paired import Paired, paired_of
from cli.comparing.slices import SliceDifference, slice_differences
from cli.evaluation_numbers import Metric, decision_threshold, metrics_of
from cli.gate_reasons import unmet
from sluice.definition.gate import LOWER_IS_BETTER
from sluice.gate.evaluation import FeatureChanges

Better = Literal["left", "right"]


@dataclass(frozen=True)
class Side:
    version: int
    package_arn: str
    status: str
    production: str
    verdict: str | None
    reasons: tuple[str, ...]
    run_id: str | None
    data_version: str | None
    training_job: str | None
    code_sha256: str | None
    threshold: float | None


@dataclass(frozen=True)
class MetricRow:
    """`better` is None where the two are equal, or not measured on the same rows."""

    metric: str
    left: Metric | None
    right: Metric | None
    difference: float | None
    better: Better | None


@dataclass(frozen=True)
class Comparison:
    model: str
    left: Side
    right: Side
    not_comparable: tuple[str, ...]
    """Why the two were not measured on the same test rows; empty where they were."""
    notes: tuple[str, ...]
    paired: Paired | None
    metrics: tuple[MetricRow, ...]
    hyperparameters: tuple[Row, ...]
    """Those that differ."""
    data: tuple[Row, ...]
    features: FeatureChanges
    slices: tuple[SliceDifference, ...]
    gain: tuple[Gain, ...]


def compare(left: VersionFacts, right: VersionFacts) -> Comparison:
    unlike = tuple(different_test_sets(left, right))
    paired = paired_of(left, right)
    return Comparison(
        model=left.model,
        left=_side(left),
        right=_side(right),
        not_comparable=unlike,
        notes=(*left.missing, *right.missing, *_champion_problems(left, right)),
        paired=paired,
        metrics=tuple(_metrics(left, right, same_rows=not unlike)),
        hyperparameters=tuple(_differing(left.hyperparameters, right.hyperparameters)),
        data=tuple(data_rows(left, right)),
        features=feature_changes(left.definition, right.definition),
        slices=slice_differences(left.evaluation, right.evaluation),
        gain=gains(left.evaluation, right.evaluation),
    )


def _side(facts: VersionFacts) -> Side:
    told = facts.metadata
    return Side(
        version=facts.number,
        package_arn=facts.arn,
        status=facts.status,
        production=facts.role,
        verdict=(facts.decision or {}).get("verdict") or told.get("verdict"),
        reasons=tuple(unmet(facts.decision or {})),
        run_id=told.get("run_id"),
        data_version=told.get("data_version"),
        training_job=told.get("training_job"),
        code_sha256=told.get("code_sha256"),
        threshold=decision_threshold(facts.evaluation or {}),
    )


def _metrics(left: VersionFacts, right: VersionFacts, same_rows: bool) -> Iterator[MetricRow]:
    of_left, of_right = (metrics_of(facts.evaluation) if facts.evaluation else {} for facts in (left, right))
    for name in dict.fromkeys((*of_left, *of_right)):
        one, other = of_left.get(name), of_right.get(name)
        difference = _difference(one, other)
        better = _better(name, difference) if same_rows and difference else None
        yield MetricRow(name, one, other, difference, better)


def _difference(left: Metric | None, right: Metric | None) -> float | None:
    one, other = (metric.get("value") if metric else None for metric in (left, right))
    return other - one if one is not None and other is not None else None


def _better(metric: str, difference: float) -> Better:
    rises = difference > 0
    return "left" if rises == (metric in LOWER_IS_BETTER) else "right"


def _differing(left: Mapping[str, str], right: Mapping[str, str]) -> Iterator[Row]:
    for name in sorted({*left, *right}):
        one, other = left.get(name), right.get(name)
        if one != other and not _same_number(one, other):
            yield Row(name, one, other)


def _same_number(one: str | None, other: str | None) -> bool:
    """A search sends 1.0 where a definition says 1."""
    try:
        return one is not None and other is not None and float(one) == float(other)
    except ValueError:
        return False


def _champion_problems(left: VersionFacts, right: VersionFacts) -> Iterator[str]:
    """Where one was to be compared with the other on the same rows, and could not be."""
    for challenger, champion in ((right, left), (left, right)):
        told: Any = (challenger.evaluation or {}).get("champion") or {}
        if told.get("package_arn") == champion.arn and told.get("error"):
            yield f"{challenger.name}'s run could not score {champion.name} on its test rows: {told['error']}"
