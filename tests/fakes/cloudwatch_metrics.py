"""CloudWatch's metrics in memory: GetMetricData of single values, a result a page."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Dimensions = frozenset[tuple[str, str]]


@dataclass
class FakeMetrics:
    points: dict[tuple[str, Dimensions], list[tuple[datetime, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    asked: list[dict[str, Any]] = field(default_factory=list)

    def put(self, metric: str, at: datetime, values: Sequence[float], **dimensions: str) -> None:
        self.points[metric, frozenset(dimensions.items())] += [(at, value) for value in values]

    def requests(
        self, endpoint: str, variant: str, at: datetime, count: int, *, errors: int = 0, microseconds: float = 5000
    ) -> None:
        """As SageMaker tells of so many, the first of which failed with 5XX."""
        about = {"EndpointName": endpoint, "VariantName": variant}
        failed = [1.0] * errors + [0.0] * (count - errors)
        self.put("Invocations", at, [1.0] * count, **about)
        self.put("Invocation4XXErrors", at, [0.0] * count, **about)
        self.put("Invocation5XXErrors", at, failed, **about)
        self.put("InvocationModelErrors", at, failed, **about)
        self.put("ModelLatency", at, [microseconds] * count, **about)

    def get_metric_data(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        queries = request["MetricDataQueries"]
        place = int(request.get("NextToken", 0))
        found = [self._result(queries[place], request["StartTime"], request["EndTime"])]
        more = {"NextToken": str(place + 1)} if place + 1 < len(queries) else {}
        return {"MetricDataResults": found, **more}

    def _result(self, query: Mapping[str, Any], start: datetime, end: datetime) -> dict[str, Any]:
        stat = query["MetricStat"]
        metric, period = stat["Metric"], stat["Period"]
        assert metric["Namespace"] == "AWS/SageMaker"
        dimensions = frozenset((one["Name"], one["Value"]) for one in metric["Dimensions"])
        buckets: dict[int, list[float]] = defaultdict(list)
        for at, value in self.points.get((metric["MetricName"], dimensions), []):
            if start.timestamp() // period * period <= at.timestamp() < end.timestamp():
                buckets[int(at.timestamp() // period * period)].append(value)
        return {
            "Id": query["Id"],
            "Timestamps": [datetime.fromtimestamp(at, UTC) for at in sorted(buckets)],
            "Values": [_statistic(stat["Stat"], buckets[at]) for at in sorted(buckets)],
            "StatusCode": "Complete",
        }


def _statistic(name: str, values: Sequence[float]) -> float:
    if name.startswith("p"):
        return sorted(values)[max(0, math.ceil(float(name[1:]) / 100 * len(values)) - 1)]
    return {"Sum": sum(values), "Maximum": max(values), "SampleCount": float(len(values))}[name]
