"""PutMetricAlarm, for each bound of `deployment.alarms` and each variant.

Metrics and units: SageMaker Developer Guide, "Monitor Amazon SageMaker AI with Amazon CloudWatch" (ModelLatency is in
microseconds). The shares of errors are metric math, with 0 for periods of few requests.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sluice.definition.deployment import Alarms
from sluice.naming import alarm_name

_SHARES = {"server-errors": "Invocation5XXErrors", "model-errors": "InvocationModelErrors"}
_MICROSECONDS_PER_MS = 1000


def alarm_requests(endpoint: str, variants: Sequence[str], alarms: Alarms, topic_arn: str) -> list[dict[str, Any]]:
    return [
        {**request, **_window(alarms), "AlarmActions": [topic_arn], "TreatMissingData": "notBreaching"}
        for variant in variants
        for request in _of_variant(endpoint, variant, alarms)
    ]


def _of_variant(endpoint: str, variant: str, alarms: Alarms) -> Iterator[dict[str, Any]]:
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
    bounds = {"server-errors": alarms.server_error_percent, "model-errors": alarms.model_error_percent}
    for kind, bound in bounds.items():
        if bound is not None:
            yield {
                "AlarmName": alarm_name(endpoint, variant, kind),
                "AlarmDescription": f"More than {bound:g} % of the requests to {variant} of {endpoint}: {kind}.",
                "Metrics": _share(_SHARES[kind], dimensions, alarms),
                "Threshold": bound,
                "ComparisonOperator": "GreaterThanThreshold",
            }
    if alarms.p99_latency_ms is not None:
        yield {
            "AlarmName": alarm_name(endpoint, variant, "latency"),
            "AlarmDescription": f"p99 of {variant} of {endpoint} is above {alarms.p99_latency_ms:g} ms.",
            "Namespace": "AWS/SageMaker",
            "MetricName": "ModelLatency",
            "Dimensions": dimensions,
            "ExtendedStatistic": "p99",
            "EvaluateLowSampleCountPercentile": "ignore",
            "Period": alarms.period_seconds,
            "Threshold": alarms.p99_latency_ms * _MICROSECONDS_PER_MS,
            "ComparisonOperator": "GreaterThanThreshold",
        }


def _share(errors: str, dimensions: list[dict[str, str]], alarms: Alarms) -> list[dict[str, Any]]:
    def total(identity: str, metric: str) -> dict[str, Any]:
        named = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions}
        return {
            "Id": identity,
            "MetricStat": {"Metric": named, "Period": alarms.period_seconds, "Stat": "Sum"},
            "ReturnData": False,
        }

    expression = f"IF(requests >= {alarms.minimum_invocations}, 100 * FILL(errors, 0) / requests, 0)"
    share = {"Id": "share", "Expression": expression, "Label": f"{errors} in %", "ReturnData": True}
    return [total("requests", "Invocations"), total("errors", errors), share]


def _window(alarms: Alarms) -> dict[str, Any]:
    return {"EvaluationPeriods": alarms.evaluation_periods, "DatapointsToAlarm": alarms.evaluation_periods}
