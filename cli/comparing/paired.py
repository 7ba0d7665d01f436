"""Challenger against champion on the same test rows: the one comparison that says something of the models alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

from cli.comparing.facts import VersionFacts
from cli.evaluation_numbers import metrics_of, single_numbers
from sluice.definition.gate import LOWER_IS_BETTER
from sluice.gate import metrics_key

_CONFIDENCE = 0.95
_Z = NormalDist().inv_cdf(0.5 + _CONFIDENCE / 2)


@dataclass(frozen=True)
class PairedDifference:
    """`difference` is the challenger's value minus the champion's; `shown` says what the interval shows of it."""

    metric: str
    champion: float | None
    challenger: float | None
    difference: float
    standard_deviation: float | None
    low: float | None
    high: float | None
    shown: Literal["better", "worse", "nothing"]


@dataclass(frozen=True)
class Paired:
    challenger: int
    champion: int
    differences: tuple[PairedDifference, ...]


def paired_of(left: VersionFacts, right: VersionFacts) -> Paired | None:
    """None when neither was the other's champion, or the champion could not be scored."""
    for challenger, champion in ((right, left), (left, right)):
        told: Mapping[str, Any] = (challenger.evaluation or {}).get("champion") or {}
        if told.get("package_arn") == champion.arn and told.get("differences"):
            return Paired(challenger.number, champion.number, tuple(_differences(challenger, told)))
    return None


def _differences(challenger: VersionFacts, told: Mapping[str, Any]) -> Iterator[PairedDifference]:
    evaluation = challenger.evaluation or {}
    own, its = metrics_of(evaluation), single_numbers(told.get(metrics_key(evaluation)) or {})
    for metric, found in told["differences"].items():
        if (found or {}).get("value") is not None:
            champion, value = its.get(metric, {}).get("value"), own.get(metric, {}).get("value")
            yield _difference(metric, champion, value, found["value"], found.get("standard_deviation"))


def _difference(
    metric: str, champion: float | None, challenger: float | None, difference: float, deviation: float | None
) -> PairedDifference:
    low, high = (None, None) if deviation is None else (difference - _Z * deviation, difference + _Z * deviation)
    return PairedDifference(metric, champion, challenger, difference, deviation, low, high, _shown(metric, low, high))


def _shown(metric: str, low: float | None, high: float | None) -> Literal["better", "worse", "nothing"]:
    if low is None or high is None or low <= 0 <= high:
        return "nothing"
    return "worse" if (low > 0) == (metric in LOWER_IS_BETTER) else "better"
