"""What CloudWatch counted of an endpoint's variants.

Source: SageMaker Developer Guide, "Metrics for monitoring SageMaker AI with CloudWatch", endpoint invocation metrics.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sluice.monitoring.operations import Latency, Operations
from sluice.trial.traffic import Traffic

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

NAMESPACE = "AWS/SageMaker"
_STATISTICS = {
    "requests": ("Invocations", "Sum"),
    "bad_requests": ("Invocation4XXErrors", "Sum"),
    "server_errors": ("Invocation5XXErrors", "Sum"),
    "model_errors": ("InvocationModelErrors", "Sum"),
    "median": ("ModelLatency", "p50"),
    "p99": ("ModelLatency", "p99"),
    "timed": ("ModelLatency", "SampleCount"),
}
_COUNTED = {
    "requests": ("Invocations", "Sum"),
    "bad_requests": ("Invocation4XXErrors", "Sum"),
    "server_errors": ("Invocation5XXErrors", "Sum"),
    "setups": ("ModelSetupTime", "SampleCount"),
}

_TIMED = {"mean": "Average", "median": "p50", "p99": "p99", "longest": "Maximum", "timed": "SampleCount"}
_MICROSECONDS = 1000
"""ModelLatency is in microseconds; a millisecond has so many."""

Points = Mapping[datetime, float]


@dataclass(frozen=True)
class VariantMetrics:
    client: "CloudWatchClient"

    def traffic(self, endpoint: str, variant: str, start: datetime, end: datetime) -> Traffic:
        """Percentiles are of each period, weighted by its requests: CloudWatch gives none of a longer time."""
        query = {name: (metric, statistic, variant) for name, (metric, statistic) in _STATISTICS.items()}
        found = self._points(endpoint, query, start, end)
        total = {name: round(sum(points.values())) for name, points in found.items()}
        return Traffic(
            requests=total["requests"],
            errors=max(total["model_errors"], total["bad_requests"] + total["server_errors"]),
            median_ms=_weighted(found["median"], found["timed"]),
            p99_ms=_weighted(found["p99"], found["timed"]),
        )

    def invocations(self, endpoint: str, variants: Sequence[str], start: datetime, end: datetime) -> int:
        query = {f"v{place}": ("Invocations", "Sum", variant) for place, variant in enumerate(variants)}
        found = self._points(endpoint, query, start, end)
        return round(sum(sum(points.values()) for points in found.values()))

    def operations(
        self, endpoint: str, variants: Sequence[str], start: datetime, end: datetime, cold_starts: bool
    ) -> Operations:
        """Of all the variants together. cold_starts: whether the endpoint has such (a serverless one)."""
        places: list[tuple[str, str | None]] = [(f"v{place}", name) for place, name in enumerate(variants)]
        counted = {
            f"{place}_{name}": (metric, statistic, variant)
            for place, variant in places
            for name, (metric, statistic) in _COUNTED.items()
        }
        counted["processed"] = ("InvocationsProcessed", "Sum", None)
        timed = {
            f"{place}_{metric}_{name}": (metric, statistic, variant)
            for place, variant in places
            for metric in ("ModelLatency", "OverheadLatency")
            for name, statistic in _TIMED.items()
        }
        found = self._points(endpoint, {**counted, **timed}, start, end)

        def total(*names: str) -> int:
            return round(sum(sum(found[f"{place}_{name}"].values()) for place, _ in places for name in names))

        invocations = total("requests") or round(sum(found["processed"].values()))
        return Operations(
            invocations=invocations,
            errors_4xx=total("bad_requests"),
            errors_5xx=total("server_errors"),
            model_latency_ms=_latency(found, [f"{place}_ModelLatency" for place, _ in places]),
            overhead_latency_ms=_latency(found, [f"{place}_OverheadLatency" for place, _ in places]),
            cold_starts=total("setups") if cold_starts else None,
        )

    def largest_backlog(self, endpoint: str, start: datetime, end: datetime) -> float:
        """Of an asynchronous endpoint: requests that waited; 0 of another."""
        query = {"backlog": ("ApproximateBacklogSize", "Maximum", None)}
        return max(self._points(endpoint, query, start, end)["backlog"].values(), default=0.0)

    def _points(
        self, endpoint: str, query: Mapping[str, tuple[str, str, str | None]], start: datetime, end: datetime
    ) -> dict[str, dict[datetime, float]]:
        """By the query's names. query: metric, statistic and variant; None: of the endpoint as a whole."""
        found: dict[str, dict[datetime, float]] = {name: {} for name in query}
        period = _period(end - start)
        queries = [_query(name, endpoint, *asked, period) for name, asked in query.items()]
        for result in self._results({"MetricDataQueries": queries, "StartTime": start, "EndTime": end}):
            found[result["Id"]].update(zip(result["Timestamps"], result["Values"], strict=True))
        return found

    def _results(self, request: dict[str, Any]) -> Iterator[Any]:
        while True:
            page = self.client.get_metric_data(**request)
            yield from page["MetricDataResults"]
            if not page.get("NextToken"):
                return
            request = {**request, "NextToken": page["NextToken"]}


def _period(span: timedelta) -> int:
    """CloudWatch keeps minutes for 15 days and five minutes for 63, and gives 100,800 points in one answer."""
    if span <= timedelta(days=1):
        return 60
    return 300 if span <= timedelta(days=14) else 3600


def _query(name: str, endpoint: str, metric: str, statistic: str, variant: str | None, period: int) -> dict[str, Any]:
    dimensions = [{"Name": "EndpointName", "Value": endpoint}]
    if variant is not None:
        dimensions.append({"Name": "VariantName", "Value": variant})
    asked = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": asked, "Period": period, "Stat": statistic}}


def _weighted(values: Mapping[Any, float], counts: Mapping[Any, float]) -> float | None:
    weights = {at: counts.get(at, 0.0) for at in values}
    total = sum(weights.values())
    return sum(values[at] * weight for at, weight in weights.items()) / total / _MICROSECONDS if total else None


def _latency(found: Mapping[str, Points], series: Sequence[str]) -> Latency | None:
    """series: the names' beginnings, one a variant. None where nothing was timed."""
    counts = {(one, at): count for one in series for at, count in found[f"{one}_timed"].items()}

    def weighted(statistic: str) -> float | None:
        values = {(one, at): value for one in series for at, value in found[f"{one}_{statistic}"].items()}
        return _weighted(values, counts)

    average = weighted("mean")
    if average is None:
        return None
    longest = max(value for one in series for value in found[f"{one}_longest"].values())
    return Latency(average, weighted("median"), weighted("p99"), longest / _MICROSECONDS)
