"""What CloudWatch counted of an endpoint's variants.

Names and units: SageMaker Developer Guide, "Endpoint invocation metrics" (ModelLatency is in microseconds), and "Alarms
and logs for tracking metrics from asynchronous endpoints": these have InvocationsProcessed and no Invocations.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_REQUESTS = ("Invocations", "InvocationsProcessed")
"""An endpoint has one of the two, by its mode."""


@dataclass(frozen=True)
class Activity:
    """client_errors: answers 4XX; server_errors: 5XX. mean_milliseconds: of the model, None without requests."""

    requests: int = 0
    client_errors: int = 0
    server_errors: int = 0
    mean_milliseconds: float | None = None
    first_at: datetime | None = None
    """Start of the first period with a request."""


@dataclass(frozen=True)
class EndpointMetrics:
    client: Any
    """Of `cloudwatch`."""

    def activity(
        self, endpoint: str, variants: Iterable[str], since: datetime, until: datetime, period_seconds: int
    ) -> Activity:
        """Of all the variants together. CloudWatch gives 1,440 periods a call at most, and counts with some delay."""
        points = {
            name: [
                point
                for variant in variants
                for point in self._points(name, endpoint, variant, since, until, period_seconds)
            ]
            for name in (*_REQUESTS, "Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency")
        }
        asked = [point for name in _REQUESTS for point in points[name]]
        client_errors, server_errors = (
            round(sum(point["Sum"] for point in points[name]))
            for name in ("Invocation4XXErrors", "Invocation5XXErrors")
        )
        requests = round(sum(point["Sum"] for point in asked))
        timed = sum(point["SampleCount"] for point in points["ModelLatency"])
        microseconds = sum(point["Sum"] for point in points["ModelLatency"])
        busy = [point["Timestamp"] for point in asked if point["Sum"]]
        mean = microseconds / timed / 1000 if timed else None
        return Activity(requests, client_errors, server_errors, mean, min(busy, default=None))

    def _points(
        self, metric: str, endpoint: str, variant: str, since: datetime, until: datetime, period_seconds: int
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}],
            StartTime=since,
            EndTime=until,
            Period=period_seconds,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        return found
