"""When alarms are judged, and what follows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from localcloud.alarms.definition import Alarm, MetricStat
from localcloud.alarms.engine import AlarmEngine
from localcloud.alarms.events import Standing, detail
from localcloud.alarms.judgement import Verdict
from localcloud.alarms.series import Point
from tests.unit.localcloud.alarms.test_definition import SHARE
from tests.unit.localcloud.alarms.test_judgement import REQUEST


@dataclass
class Book:
    documents: list[dict[str, Any]]
    held: dict[str, list[Point]] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)
    repeated: int = 0

    def metric_alarms(self) -> list[Mapping[str, Any]]:
        return [dict(one) for one in self.documents]

    def points(self, metric: MetricStat, since: float) -> Iterable[Point]:
        return self.held.get(metric.name, [])

    def become(self, alarm: Alarm, verdict: Verdict) -> None:
        self.changes.append((alarm.name, verdict.state))
        for one in self.documents:
            if one["AlarmName"] == alarm.name:
                one["StateValue"] = verdict.state

    def stay_in_alarm(self, alarm: Alarm, verdict: Verdict) -> None:
        self.repeated += 1


def document(**changes: Any) -> dict[str, Any]:
    return {**REQUEST, "StateValue": "INSUFFICIENT_DATA", "EvaluationPeriods": 1, **changes}


@dataclass
class Stage:
    """A second of AWS lasts a tenth: a period of 60 s is 6 s of the clock."""

    book: Book
    now: float = 600.0

    def __post_init__(self) -> None:
        self.engine = AlarmEngine(self.book, 0.1, lambda: self.now)


@pytest.fixture
def stage() -> Stage:
    return Stage(Book([document()]))


def test_a_period_is_judged_when_it_has_ended(stage: Stage) -> None:
    stage.book.held["Invocation5XXErrors"] = [Point(601.0, 1, 5, 5, 5)]

    stage.engine.look()
    assert stage.book.changes == []

    stage.now = 606.0
    stage.engine.look()
    assert stage.book.changes == [("errors", "ALARM")]


def test_no_period_is_judged_twice_and_an_alarm_repeats_once_a_period(stage: Stage) -> None:
    stage.book.held["Invocation5XXErrors"] = [Point(601.0, 1, 5, 5, 5)]
    for now in (606.0, 606.5, 611.9):
        stage.now = now
        stage.engine.look()
    assert (len(stage.book.changes), stage.book.repeated) == (1, 0)

    stage.now = 612.0
    stage.engine.look()
    assert stage.book.repeated == 1


def test_what_only_a_look_can_tell_is_measured_once_a_minute() -> None:
    moments = [600.0, 605.9, 606.0, 611.0]
    clock = iter(moments)
    measured: list[int] = []
    engine = AlarmEngine(Book([]), 0.1, lambda: next(clock), lambda: measured.append(1))

    counts = []
    for _ in moments:
        engine.look()
        counts.append(len(measured))

    assert counts == [1, 1, 2, 2]


def test_without_data_the_alarm_says_so_again(stage: Stage) -> None:
    stage.book.documents[0]["StateValue"] = "OK"
    stage.now = 660.0

    stage.engine.look()

    assert stage.book.changes == [("errors", "INSUFFICIENT_DATA")]


def test_a_percentile_of_few_samples_changes_nothing_where_the_alarm_says_so(stage: Stage) -> None:
    stage.book.documents = [
        document(AlarmName="waits", Statistic=None, ExtendedStatistic="p90", EvaluateLowSampleCountPercentile="ignore"),
        document(AlarmName="judges", Statistic=None, ExtendedStatistic="p90"),
    ]
    stage.book.held["Invocation5XXErrors"] = [Point(595.0, 99, 990, 10, 10)]
    stage.engine.look()
    assert stage.book.changes == [("judges", "ALARM")]

    stage.now = 606.0
    stage.book.held["Invocation5XXErrors"] = [Point(601.0, 100, 1000, 10, 10)]
    stage.engine.look()
    assert ("waits", "ALARM") in stage.book.changes


def test_one_alarm_that_cannot_be_read_does_not_hide_the_others(stage: Stage) -> None:
    stage.book.documents.insert(0, document(AlarmName="broken", ComparisonOperator="None"))
    stage.book.held["Invocation5XXErrors"] = [Point(595.0, 1, 0, 0, 0)]

    stage.engine.look()

    assert stage.book.changes == [("errors", "OK")]


def test_the_event_of_an_alarm_on_one_metric() -> None:
    alarm = document(Dimensions=[{"Name": "EndpointName", "Value": "churn"}], AlarmDescription="Errors.")
    before, after = Standing("OK", "fine", 0.0), Standing("ALARM", "Threshold Crossed", 1.5, "{}")

    told = detail(alarm, before, after)

    [metric] = told["configuration"]["metrics"]
    assert metric["metricStat"] == {
        "metric": {
            "namespace": "AWS/SageMaker",
            "name": "Invocation5XXErrors",
            "dimensions": {"EndpointName": "churn"},
        },
        "period": 60,
        "stat": "Sum",
    }
    assert told["configuration"]["description"] == "Errors."
    assert told["previousState"] == {"value": "OK", "reason": "fine", "timestamp": "1970-01-01T00:00:00.000+0000"}
    assert told["state"] == {
        "value": "ALARM",
        "reason": "Threshold Crossed",
        "timestamp": "1970-01-01T00:00:01.500+0000",
        "reasonData": "{}",
    }


def test_the_events_of_metric_math_and_of_composite_alarms() -> None:
    standing = Standing("OK", "", 0.0)

    math = detail(SHARE, standing, standing)["configuration"]["metrics"]
    composite = detail({"AlarmName": "c", "AlarmRule": 'ALARM("errors")'}, standing, standing)["configuration"]

    assert [one["id"] for one in math] == ["share", "errors", "all"]
    assert math[0] == {"id": "share", "expression": "IF(all > 0, errors / all, 0)", "returnData": True}
    assert math[1]["returnData"] is False
    assert composite == {"alarmRule": 'ALARM("errors")'}
