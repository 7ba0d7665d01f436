"""PutMetricAlarm, for each bound of `deployment.alarms` and each variant; and for the alarm that ends a rollout.

Metrics and units: SageMaker Developer Guide, "Monitor Amazon SageMaker AI with Amazon CloudWatch" (ModelLatency is in
microseconds). What watches is metric math, with 0 for periods of few requests.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sluice.definition.deployment import Alarms
from sluice.naming import alarm_name, recall_alarm_name

_SHARES = {"server-errors": "Invocation5XXErrors", "model-errors": "InvocationModelErrors"}
_MICROSECONDS_PER_MS = 1000


def alarm_requests(endpoint: str, variants: Sequence[str], alarms: Alarms, topic_arn: str) -> list[dict[str, Any]]:
    return [
        {**request, **_window(alarms), "AlarmActions": [topic_arn], "TreatMissingData": "notBreaching"}
        for variant in variants
        for request in _of_variant(endpoint, variant, alarms)
    ]


def recall_alarm(endpoint: str) -> dict[str, Any]:
    """Its metric never has data, and missing data leave its state as it is: it stays as SetAlarmState has left it.
    CloudWatch sets any other metric alarm right again at its next look, which may be before SageMaker's.

    CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data".
    """
    return {
        "AlarmName": recall_alarm_name(endpoint),
        "AlarmDescription": f"Measures nothing. Sluice sets it to have SageMaker end a rollout on {endpoint}.",
        "Namespace": "Sluice",
        "MetricName": "Recalled",
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "ignore",
    }


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
            "Metrics": _latency(dimensions, alarms),
            "Threshold": alarms.p99_latency_ms * _MICROSECONDS_PER_MS,
            "ComparisonOperator": "GreaterThanThreshold",
        }


def _share(errors: str, dimensions: list[dict[str, str]], alarms: Alarms) -> list[dict[str, Any]]:
    return [
        _metric("requests", "Invocations", "Sum", dimensions, alarms),
        _metric("errors", errors, "Sum", dimensions, alarms),
        _where_asked("100 * FILL(errors, 0) / requests", f"{errors} in %", alarms),
    ]


def _latency(dimensions: list[dict[str, str]], alarms: Alarms) -> list[dict[str, Any]]:
    """Not a plain percentile alarm: CloudWatch judges a p99 from 1,000 samples on, or takes one slow request for it."""
    return [
        _metric("requests", "Invocations", "Sum", dimensions, alarms),
        _metric("latency", "ModelLatency", "p99", dimensions, alarms),
        _where_asked("FILL(latency, 0)", "p99 of ModelLatency in microseconds", alarms),
    ]


def _metric(identity: str, name: str, stat: str, dimensions: list[dict[str, str]], alarms: Alarms) -> dict[str, Any]:
    named = {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": dimensions}
    return {
        "Id": identity,
        "MetricStat": {"Metric": named, "Period": alarms.period_seconds, "Stat": stat},
        "ReturnData": False,
    }


def _where_asked(expression: str, label: str, alarms: Alarms) -> dict[str, Any]:
    """0 where a period has too few requests."""
    judged = f"IF(requests >= {alarms.minimum_invocations}, {expression}, 0)"
    return {"Id": "judged", "Expression": judged, "Label": label, "ReturnData": True}


def _window(alarms: Alarms) -> dict[str, Any]:
    return {"EvaluationPeriods": alarms.evaluation_periods, "DatapointsToAlarm": alarms.evaluation_periods}
