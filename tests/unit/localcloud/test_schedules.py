"""Schedules of EventBridge Scheduler: when they fire, what they send, and what is refused."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localcloud.delivery import Delivery
from localcloud.errors import ApiError
from localcloud.ministack_port import schedules
from localcloud.ministack_port.schedule_times import Times

CREATED = datetime(2026, 3, 1, 10, 0, 30, tzinfo=UTC)
ARN = "arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly"
KEY = ("000000000000", "us-east-1", "default/nightly")
TARGET = {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "RoleArn": "arn:aws:iam::000000000000:role/r"}


def schedule(expression: str, **more: Any) -> dict[str, Any]:
    return {
        "Arn": ARN,
        "ScheduleExpression": expression,
        "CreationDate": CREATED.timestamp(),
        "State": "ENABLED",
        "Target": TARGET,
    } | more


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "more", "first", "second"),
    [
        ("rate(5 minutes)", {}, "2026-03-01T10:00:30", "2026-03-01T10:05:30"),
        ("rate(1 hour)", {"StartDate": "2026-03-02T08:00:00Z"}, "2026-03-02T08:00:00", "2026-03-02T09:00:00"),
        ("cron(0 * * * ? *)", {}, "2026-03-01T11:00:00", "2026-03-01T12:00:00"),
        (
            "cron(30 9 * * ? *)",
            {"ScheduleExpressionTimezone": "Europe/Berlin"},
            "2026-03-02T08:30:00",
            "2026-03-03T08:30:00",
        ),
        # Its clocks go forward on 29 March.
        (
            "cron(30 9 29 * ? *)",
            {"ScheduleExpressionTimezone": "Europe/Berlin"},
            "2026-03-29T07:30:00",
            "2026-04-29T07:30:00",
        ),
        ("at(2026-03-01T12:00:00)", {}, "2026-03-01T12:00:00", None),
        (
            "at(2026-03-01T12:00:00)",
            {"ScheduleExpressionTimezone": "America/New_York"},
            "2026-03-01T17:00:00",
            None,
        ),
        ("rate(1 day)", {"EndDate": "2026-03-01T11:00:00Z"}, "2026-03-01T10:00:30", None),
    ],
)
def test_a_schedule_fires_first_and_then(expression, more, first, second):
    times = Times.of(schedule(expression, **more))
    found = times.next(times.created)
    assert found == utc(first)
    assert times.following(found) == (utc(second) if second else None)


@pytest.mark.parametrize(
    "expression", ["rate(0 minutes)", "rate(1 week)", "cron(0 * * * *)", "at(tomorrow)", "at(2026-02-30T10:00:00)", ""]
)
def test_an_expression_that_names_no_time_is_refused(expression):
    with pytest.raises(ApiError, match="Invalid Schedule Expression"):
        Times.of(schedule(expression))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd"])
def test_a_time_zone_that_is_none_is_refused(zone):
    with pytest.raises(ApiError, match="timezone is not valid"):
        Times.of(schedule("rate(1 day)", ScheduleExpressionTimezone=zone))


class Clock:
    """MiniStack's store with one schedule, and the time."""

    def __init__(self) -> None:
        self.now = CREATED
        self.sent: list[Delivery] = []
        self.held: dict[Any, Any] = schedules.scheduler._schedules._data
        self.ticker = schedules.Ticker(self.sent.append, lambda: self.now)

    def tick(self, **later: float) -> list[str]:
        """The times that were fired."""
        self.now += timedelta(**later)
        self.sent.clear()
        self.ticker.tick()
        return [one.parameters["ScheduledTime"] for one in self.sent]


@pytest.fixture
def clock() -> Iterator[Clock]:
    made = Clock()
    yield made
    made.held.clear()


def test_a_rate_fires_at_once_and_once_for_each_time(clock):
    clock.held[KEY] = schedule("rate(5 minutes)")
    assert clock.tick() == ["2026-03-01T10:00:30Z"]
    assert clock.tick(minutes=4) == []
    assert clock.tick(minutes=1, seconds=2) == ["2026-03-01T10:05:30Z"]
    assert clock.tick(seconds=1) == []
    # What was missed is left out: one time stands for all of them.
    assert clock.tick(minutes=20) == ["2026-03-01T10:10:30Z"]
    assert clock.tick(minutes=5) == ["2026-03-01T10:30:30Z"]


def test_a_schedule_that_is_off_does_not_fire_and_goes_on_when_it_is_on_again(clock):
    clock.held[KEY] = schedule("rate(5 minutes)", State="DISABLED")
    assert clock.tick() == []
    assert clock.tick(minutes=7) == []
    clock.held[KEY] = schedule("rate(5 minutes)")
    assert clock.tick() == []
    assert clock.tick(minutes=3) == ["2026-03-01T10:10:30Z"]


def test_a_single_time_fires_once_however_often_the_schedule_is_switched(clock):
    clock.held[KEY] = schedule("at(2026-03-01T10:00:00)")
    assert clock.tick() == ["2026-03-01T10:00:00Z"]
    for state in ("DISABLED", "ENABLED"):
        clock.held[KEY] = schedule("at(2026-03-01T10:00:00)", State=state)
        assert clock.tick(minutes=1) == []


@pytest.mark.parametrize(
    ("expression", "more"), [("at(2026-03-01T10:01:00)", {}), ("rate(1 hour)", {"EndDate": "2026-03-01T10:30:00Z"})]
)
def test_a_completed_schedule_is_deleted_when_it_says_so(clock, expression, more):
    clock.held[KEY] = schedule(expression, ActionAfterCompletion="DELETE", **more)
    clock.tick()
    assert len(clock.tick(minutes=31)) <= 1
    assert KEY not in clock.held


def test_context_attributes_stand_in_the_input(clock):
    words = "<aws.scheduler.schedule-arn> <aws.scheduler.scheduled-time> <aws.scheduler.execution-id>"
    target = TARGET | {"Input": json.dumps({"told": words}), "RetryPolicy": {"MaximumRetryAttempts": 2}}
    clock.held[KEY] = schedule("rate(1 day)", Target=target)
    clock.tick()
    (sent,) = clock.sent
    arn, time, execution = json.loads(sent.payload)["told"].split()
    assert (arn, time, execution) == (ARN, "2026-03-01T10:00:30Z", sent.event_id)
    assert (sent.retry.maximum_attempts, sent.retry.maximum_age_seconds) == (2, 86_400)
    assert sent.role_arn == TARGET["RoleArn"]


def test_without_an_input_the_target_gets_schedulers_event(clock):
    clock.held[KEY] = schedule("rate(1 day)")
    clock.tick()
    event = json.loads(clock.sent[0].payload)
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.scheduler", "Scheduled Event", "{}")
    assert (event["resources"], event["time"]) == ([ARN], "2026-03-01T10:00:30Z")
