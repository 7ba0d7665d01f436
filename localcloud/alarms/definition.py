"""What an alarm says: PutMetricAlarm's members, checked, as the values that the evaluation needs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from localcloud.alarms.expression import ExpressionError, Node, parse, references
from localcloud.errors import ApiError

COMPARISONS: Final[Mapping[str, str]] = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
STATISTICS: Final = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
MISSING: Final = ("missing", "ignore", "breaching", "notBreaching")
_LOW_SAMPLES: Final = "EvaluateLowSampleCountPercentile"
_PERCENTILE: Final = re.compile(r"p(100|\d{1,2})(\.\d+)?")
_ID: Final = re.compile(r"[a-z]\w*")
_NOT_IMPLEMENTED: Final = (
    "ThresholdMetricId",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
)


@dataclass(frozen=True)
class MetricStat:
    """`period` in AWS's seconds; `dimensions` exactly those of the metric."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    period: int
    stat: str
    unit: str | None = None


@dataclass(frozen=True)
class Query:
    id: str
    source: MetricStat | Node
    label: str = ""
    expression: str = ""


@dataclass(frozen=True)
class Alarm:
    name: str
    queries: tuple[Query, ...]
    returned: str
    """The id of the query whose values are compared."""
    period: int
    evaluation_periods: int
    datapoints: int
    threshold: float
    comparison: str
    missing: str
    waits_for_samples: bool = False
    """Whether too few samples for its percentile leave its state as it is."""

    @property
    def statistic(self) -> str | None:
        """Of an alarm on one metric."""
        only = self.queries[0].source
        return only.stat if len(self.queries) == 1 and isinstance(only, MetricStat) else None


def read_alarm(request: Mapping[str, Any]) -> Alarm:
    """Raises ApiError ValidationError for what CloudWatch refuses, or the local cloud does not implement."""
    if not request.get("AlarmName"):
        raise _invalid("AlarmName is required")
    for member in _NOT_IMPLEMENTED:
        if request.get(member):
            raise _invalid(f"{member} is not implemented by the local cloud")
    queries, returned = _queries(request)
    period = _common_period(queries)
    periods = int(_number(request, "EvaluationPeriods"))
    datapoints = int(_number(request, "DatapointsToAlarm")) or periods
    if not 1 <= datapoints <= periods:
        raise _invalid(f"EvaluationPeriods is {periods} and DatapointsToAlarm {datapoints}; 1 ≤ M ≤ N must hold")
    if request.get("Threshold") is None:
        raise _invalid("Threshold is required")
    return Alarm(
        name=str(request["AlarmName"]),
        queries=queries,
        returned=returned,
        period=period,
        evaluation_periods=periods,
        datapoints=datapoints,
        threshold=_number(request, "Threshold"),
        comparison=_one_of(request, "ComparisonOperator", tuple(COMPARISONS)),
        missing=_one_of(request, "TreatMissingData", MISSING, "missing"),
        waits_for_samples=_one_of(request, _LOW_SAMPLES, ("evaluate", "ignore"), "evaluate") == "ignore",
    )


def _queries(request: Mapping[str, Any]) -> tuple[tuple[Query, ...], str]:
    metrics = request.get("Metrics") or []
    if not metrics:
        stat = request.get("ExtendedStatistic") or request.get("Statistic")
        document = {"Metric": request, "Period": request.get("Period") or 60, "Stat": stat, "Unit": request.get("Unit")}
        return (Query("m1", _metric_stat(document, "the alarm")),), "m1"
    if request.get("MetricName"):
        raise _invalid("MetricName and Metrics cannot both be given")
    queries = tuple(_query(one) for one in metrics)
    returned = [one["Id"] for one in metrics if one.get("ReturnData", True)]
    if len(returned) != 1:
        raise _invalid(f"Exactly one element of Metrics must have ReturnData true; {len(returned)} have: {returned}")
    _check_references(queries)
    return queries, returned[0]


def _query(one: Mapping[str, Any]) -> Query:
    name = str(one.get("Id", ""))
    if not _ID.fullmatch(name):
        raise _invalid(f"Metrics: the Id {name!r} must begin with a lower-case letter and hold letters, digits and _")
    if one.get("AccountId"):
        raise _invalid(f"Metrics {name}: AccountId is not implemented by the local cloud")
    if bool(one.get("MetricStat")) == bool(one.get("Expression")):
        raise _invalid(f"Metrics {name}: either MetricStat or Expression must be given")
    label = str(one.get("Label") or "")
    if one.get("MetricStat"):
        return Query(name, _metric_stat(one["MetricStat"], f"Metrics {name}"), label)
    try:
        return Query(name, parse(one["Expression"]), label, one["Expression"])
    except ExpressionError as error:
        raise _invalid(f"Metrics {name}: {error}") from error


def _metric_stat(document: Mapping[str, Any], where: str) -> MetricStat:
    metric, stat = document.get("Metric") or {}, document.get("Stat")
    if not metric.get("Namespace") or not metric.get("MetricName"):
        raise _invalid(f"{where}: Namespace and MetricName are required")
    if not stat:
        raise _invalid(f"{where}: a statistic is required (Statistic, ExtendedStatistic, or Stat of a MetricStat)")
    if stat not in STATISTICS and not _PERCENTILE.fullmatch(stat):
        raise _invalid(f"{where}: the statistic {stat} is not implemented; use {', '.join(STATISTICS)} or pNN")
    period = int(_number(document, "Period"))
    if period not in (10, 20, 30) and (period <= 0 or period % 60):
        raise _invalid(f"{where}: Period is {period}; it must be 10, 20, 30 or a multiple of 60")
    dimensions = tuple(sorted((one["Name"], one["Value"]) for one in metric.get("Dimensions") or ()))
    return MetricStat(metric["Namespace"], metric["MetricName"], dimensions, period, stat, document.get("Unit") or None)


def _check_references(queries: Sequence[Query]) -> None:
    known: set[str] = {one.id for one in queries if isinstance(one.source, MetricStat)}
    if len({one.id for one in queries}) < len(queries):
        raise _invalid("Metrics: every Id must be unique")
    waiting = {one.id: set(references(one.source)) for one in queries if not isinstance(one.source, MetricStat)}
    while ready := [name for name, needed in waiting.items() if needed <= known]:
        known.update(ready)
        waiting = {name: needed for name, needed in waiting.items() if name not in known}
    if waiting:
        name, needed = next(iter(waiting.items()))
        raise _invalid(f"Metrics {name}: its expression refers to {sorted(needed - known)}, which cannot be resolved")


def _common_period(queries: Sequence[Query]) -> int:
    periods = {one.source.period for one in queries if isinstance(one.source, MetricStat)}
    if len(periods) != 1:
        raise _invalid(f"All metrics of an alarm must have one Period here; these have {sorted(periods)}")
    return periods.pop()


def _number(document: Mapping[str, Any], member: str) -> float:
    """0 where it is not given. The query protocol brings numbers as text."""
    try:
        return float(document.get(member) or 0)
    except ValueError as error:
        raise _invalid(f"{member} is {document[member]!r}; it must be a number") from error


def _one_of(request: Mapping[str, Any], member: str, allowed: Sequence[str], default: str | None = None) -> str:
    value = request.get(member) or default
    if value not in allowed:
        raise _invalid(f"{member} is {value}; the local cloud knows {', '.join(allowed)}")
    return str(value)


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationError", message)
