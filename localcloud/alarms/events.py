"""The EventBridge event of an alarm's change of state.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.alarms.judgement import long_time

SOURCE: Final = "aws.cloudwatch"
DETAIL_TYPE: Final = "CloudWatch Alarm State Change"
# Metrics of alarms on one metric have no id of their own; the same alarm shows the same one each time.
_IDS: Final = uuid.UUID("9a8fd4d2-5b0c-4d0e-9c80-6a0f5d1c2f11")


@dataclass(frozen=True)
class Standing:
    """One state of an alarm, since when and why."""

    value: str
    reason: str
    timestamp: float
    reason_data: str = ""

    def told(self) -> dict[str, str]:
        told = {"value": self.value, "reason": self.reason, "timestamp": long_time(self.timestamp)}
        return told | ({"reasonData": self.reason_data} if self.reason_data else {})


def detail(alarm: Mapping[str, Any], before: Standing, after: Standing) -> dict[str, Any]:
    """`alarm` as DescribeAlarms shows it."""
    configuration: dict[str, Any] = {}
    if alarm.get("AlarmDescription"):
        configuration["description"] = alarm["AlarmDescription"]
    if "AlarmRule" in alarm:
        names = ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
        held = {name[0].lower() + name[1:]: alarm[name] for name in names if alarm.get(name) is not None}
        configuration = {"alarmRule": alarm["AlarmRule"], **configuration, **held}
    else:
        configuration["metrics"] = _metrics(alarm)
    return {
        "alarmName": alarm["AlarmName"],
        "configuration": configuration,
        "previousState": before.told(),
        "state": after.told(),
    }


def _metrics(alarm: Mapping[str, Any]) -> list[dict[str, Any]]:
    if alarm.get("Metrics"):
        return [_query(one) for one in alarm["Metrics"]]
    stat = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
    document = {"Metric": alarm, "Period": alarm.get("Period"), "Stat": stat, "Unit": alarm.get("Unit")}
    name = str(uuid.uuid5(_IDS, alarm["AlarmName"]))
    return [{"id": name, "metricStat": _metric_stat(document), "returnData": True}]


def _query(one: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"id": one["Id"]}
    if one.get("Expression"):
        told["expression"] = one["Expression"]
    else:
        told["metricStat"] = _metric_stat(one["MetricStat"])
    if one.get("Label"):
        told["label"] = one["Label"]
    return told | {"returnData": one.get("ReturnData", True)}


def _metric_stat(stat: Mapping[str, Any]) -> dict[str, Any]:
    metric = stat["Metric"]
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions") or ()}
    named = {"namespace": metric["Namespace"], "name": metric["MetricName"], "dimensions": dimensions}
    unit = {"unit": stat["Unit"]} if stat.get("Unit") else {}
    return {"metric": named, "period": stat["Period"], "stat": stat["Stat"], **unit}
