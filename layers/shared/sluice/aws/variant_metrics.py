"""What CloudWatch counted of an endpoint's variants.

Source: SageMaker Developer Guide, "Metrics for monitoring SageMaker AI with CloudWatch", endpoint invocation metrics.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

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


def _weighted(values: Points, counts: Points) -> float | None:
    weights = {at: counts.get(at, 0.0) for at in values}
    total = sum(weights.values())
    return sum(values[at] * weight for at, weight in weights.items()) / total / _MICROSECONDS if total else None
