"""Target tracking's own alarms: above the target for three minutes, well below it for a quarter of an hour."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from localcloud.autoscaling.targets import Policy, Target
from localcloud.errors import ApiError

PREDEFINED: Final = "SageMakerVariantInvocationsPerInstance"
METRIC_NAMESPACE: Final = "AWS/SageMaker"
METRIC: Final = "InvocationsPerInstance"
_PERIOD: Final = 60
_HIGH_PERIODS: Final = 3
_LOW_PERIODS: Final = 15
_LOW_SHARE: Final = 0.9


def check(configuration: Mapping[str, Any]) -> None:
    """ApiError for a configuration without exactly one metric, or with one that is not implemented."""
    predefined = configuration.get("PredefinedMetricSpecification")
    customized = configuration.get("CustomizedMetricSpecification")
    if bool(predefined) == bool(customized):
        raise _invalid("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be given")
    if configuration["TargetValue"] <= 0:
        raise _invalid(f"TargetValue is {configuration['TargetValue']}; it must be greater than 0")
    if predefined and predefined["PredefinedMetricType"] != PREDEFINED:
        kind = predefined["PredefinedMetricType"]
        raise _invalid(f"PredefinedMetricType {kind} is not implemented by the local cloud; it has {PREDEFINED}")
    if customized and not customized.get("Metrics"):
        missing = [name for name in ("Namespace", "MetricName", "Statistic") if not customized.get(name)]
        if missing:
            raise _invalid(f"CustomizedMetricSpecification.{missing[0]} is required")


def is_predefined(policy: Policy) -> bool:
    return policy.tracks and "PredefinedMetricSpecification" in policy.configuration


def alarm_name(resource_id: str, side: str) -> str:
    return f"TargetTracking-{resource_id}-Alarm{side}-{uuid.uuid4()}"


def alarm_requests(target: Target, policy: Policy) -> list[dict[str, Any]]:
    """PutMetricAlarm's, High first; none for scaling in where the policy disables it."""
    goal = float(policy.configuration["TargetValue"])
    metric = _metric(target, policy.configuration)
    high = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": goal, "EvaluationPeriods": _HIGH_PERIODS}
    low = {
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": goal * _LOW_SHARE,
        "EvaluationPeriods": _LOW_PERIODS,
    }
    told = {
        "AlarmActions": [policy.arn],
        "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}.",
    }
    requests = [{"AlarmName": policy.high_alarm, **metric, **high, **told}]
    if policy.low_alarm:
        requests.append({"AlarmName": policy.low_alarm, **metric, **low, **told})
    return requests


def _metric(target: Target, configuration: Mapping[str, Any]) -> dict[str, Any]:
    customized = configuration.get("CustomizedMetricSpecification")
    if customized is None:
        endpoint, variant = target.variant
        names = {"EndpointName": endpoint, "VariantName": variant}
        return {
            "Namespace": METRIC_NAMESPACE,
            "MetricName": METRIC,
            "Dimensions": [{"Name": name, "Value": value} for name, value in names.items()],
            "Statistic": "Sum",
            "Period": _PERIOD,
        }
    if customized.get("Metrics"):
        return {"Metrics": [_query(one) for one in customized["Metrics"]]}
    members = ("Namespace", "MetricName", "Dimensions", "Statistic", "Unit")
    return {name: customized[name] for name in members if name in customized} | {"Period": _PERIOD}


def _query(one: Mapping[str, Any]) -> dict[str, Any]:
    if "MetricStat" not in one:
        return dict(one)
    return {**one, "MetricStat": {**one["MetricStat"], "Period": _PERIOD}}


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)
