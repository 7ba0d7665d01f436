"""What PutMetricAlarm may say, and what is refused by name."""

from typing import Any

import pytest

from localcloud.alarms.definition import MetricStat, read_alarm
from localcloud.errors import ApiError
from tests.unit.localcloud.alarms.test_judgement import REQUEST


def stat(name: str, period: int = 60) -> dict[str, Any]:
    metric = {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": [{"Name": "E", "Value": "e"}]}
    return {"Metric": metric, "Period": period, "Stat": "Sum"}


def math(*metrics: dict[str, Any], **changes: Any) -> dict[str, Any]:
    kept = ("AlarmName", "EvaluationPeriods", "Threshold", "ComparisonOperator")
    return {name: REQUEST[name] for name in kept} | {"Metrics": list(metrics)} | changes


SHARE = math(
    {"Id": "share", "Expression": "IF(all > 0, errors / all, 0)"},
    {"Id": "errors", "MetricStat": stat("Invocation5XXErrors"), "ReturnData": False},
    {"Id": "all", "MetricStat": stat("Invocations"), "ReturnData": False},
)


def test_one_metric() -> None:
    alarm = read_alarm({**REQUEST, "Dimensions": [{"Name": "b", "Value": "2"}, {"Name": "a", "Value": "1"}]})

    [query] = alarm.queries
    assert query.source == MetricStat("AWS/SageMaker", "Invocation5XXErrors", (("a", "1"), ("b", "2")), 60, "Sum", None)
    assert (alarm.datapoints, alarm.missing, alarm.statistic) == (3, "missing", "Sum")


def test_metric_math() -> None:
    alarm = read_alarm(SHARE)

    assert [query.id for query in alarm.queries] == ["share", "errors", "all"]
    assert (alarm.returned, alarm.period, alarm.statistic) == ("share", 60, None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Statistic": None}, "a statistic is required"),
        ({"ExtendedStatistic": "tm90"}, "the statistic tm90 is not implemented"),
        ({"Period": 45}, "must be 10, 20, 30 or a multiple of 60"),
        ({"DatapointsToAlarm": 4}, "1 ≤ M ≤ N"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "ComparisonOperator is GreaterThanUpperThreshold"),
        ({"TreatMissingData": "zero"}, "TreatMissingData is zero"),
        ({"ThresholdMetricId": "band"}, "ThresholdMetricId is not implemented"),
        ({"EvaluateLowSampleCountPercentile": "skip"}, "EvaluateLowSampleCountPercentile is skip"),
        ({"Threshold": "much"}, "Threshold is 'much'; it must be a number"),
        ({"AlarmName": ""}, "AlarmName is required"),
        ({"Threshold": None}, "Threshold is required"),
        ({"Namespace": ""}, "Namespace and MetricName are required"),
    ],
)
def test_what_cannot_be_judged_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ApiError, match=said) as refused:
        read_alarm({**REQUEST, **change})

    assert refused.value.code == "ValidationError"


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ([{"Id": "e", "Expression": "m1 + 1"}], r"refers to \['m1'\]"),
        ([{"Id": "e", "Expression": "SUM(METRICS())"}], "the function SUM is not implemented"),
        ([{"Id": "m1", "MetricStat": stat("a")}, {"Id": "m2", "MetricStat": stat("b")}], "Exactly one"),
        ([{"Id": "m1", "MetricStat": stat("a"), "Expression": "m2"}], "either MetricStat or Expression"),
        ([{"Id": "M", "MetricStat": stat("a")}], "must begin with a lower-case letter"),
        (
            [{"Id": "m1", "MetricStat": stat("a")}, {"Id": "m2", "MetricStat": stat("b", 300), "ReturnData": False}],
            "one Period",
        ),
        ([{"Id": "m1", "MetricStat": stat("a")}, {"Id": "m1", "MetricStat": stat("b"), "ReturnData": False}], "unique"),
    ],
)
def test_metric_math_that_cannot_be_is_refused(metrics: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ApiError, match=said):
        read_alarm(math(*metrics))


def test_both_forms_at_once_are_refused() -> None:
    with pytest.raises(ApiError, match="cannot both be given"):
        read_alarm({**REQUEST, "Metrics": SHARE["Metrics"]})
