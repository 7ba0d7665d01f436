"""M of N, and what a missing data point counts as: CloudWatch's own tables."""

from typing import Any

import pytest

from localcloud.alarms.definition import Alarm, read_alarm
from localcloud.alarms.judgement import State, judge, reason_data

REQUEST: dict[str, Any] = {
    "AlarmName": "errors",
    "Namespace": "AWS/SageMaker",
    "MetricName": "Invocation5XXErrors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}
STARTS = [0.0, 60.0, 120.0, 180.0, 240.0]
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def alarm(**changes: Any) -> Alarm:
    return read_alarm({**REQUEST, **changes})


def states(pattern: str, datapoints: int) -> list[str]:
    """By treatment; `0` is a data point that does not breach, `X` one that does, `-` none. "same": no change."""
    values = [{"0": 0.0, "X": 1.0, "-": None}[mark] for mark in pattern]
    found = []
    for treatment in TREATMENTS:
        verdict = judge(alarm(DatapointsToAlarm=datapoints, TreatMissingData=treatment), STARTS, values, "OK")
        found.append(verdict.state if verdict else "same")
    return found


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("0-X-X", ["OK", "OK", "OK", "OK"]),
        ("----0", ["OK", "OK", "OK", "OK"]),
        ("-----", ["INSUFFICIENT_DATA", "same", "ALARM", "OK"]),
        ("0XX-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("--X--", ["ALARM", "same", "ALARM", "OK"]),
    ],
)
def test_three_of_three(pattern: str, expected: list[str]) -> None:
    assert states(pattern, 3) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("0-X-X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("00X0X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("0-X--", ["OK", "OK", "ALARM", "OK"]),
        ("----0", ["OK", "OK", "ALARM", "OK"]),
        ("---X-", ["ALARM", "same", "ALARM", "OK"]),
    ],
)
def test_two_of_three(pattern: str, expected: list[str]) -> None:
    assert states(pattern, 2) == expected


def test_a_first_breach_alone_is_no_alarm_yet() -> None:
    assert states("----X", 3)[0] == "same"


@pytest.mark.parametrize(
    ("comparison", "at", "expected"),
    [
        ("GreaterThanThreshold", 1.0, "OK"),
        ("GreaterThanOrEqualToThreshold", 1.0, "ALARM"),
        ("LessThanThreshold", 1.0, "OK"),
        ("LessThanOrEqualToThreshold", 1.0, "ALARM"),
        ("LessThanThreshold", 0.5, "ALARM"),
    ],
)
def test_comparisons(comparison: str, at: float, expected: State) -> None:
    verdict = judge(alarm(ComparisonOperator=comparison, EvaluationPeriods=1), STARTS[:3], [None, None, at], "OK")

    assert verdict is not None
    assert verdict.state == expected


def test_the_reason_tells_values_threshold_and_how_many_it_took() -> None:
    verdict = judge(alarm(DatapointsToAlarm=2), STARTS, [None, None, 0.0, 3.0, 2.0], "OK")

    assert verdict is not None
    assert verdict.reason == (
        "Threshold Crossed: 2 out of the last 3 datapoints [2.0 (01/01/70 00:04:00), 3.0 (01/01/70 00:03:00)] were "
        "greater than or equal to the threshold (1.0) (minimum 2 datapoints for OK -> ALARM transition)."
    )
    told = reason_data(alarm(DatapointsToAlarm=2), verdict, 300.0)
    assert told["recentDatapoints"] == [0.0, 3.0, 2.0]
    assert told["startDate"] == "1970-01-01T00:02:00.000+0000"
    assert (told["statistic"], told["period"], told["threshold"]) == ("Sum", 60, 1.0)
