"""From values to a state: M of N, and what a missing data point counts as.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from localcloud.alarms.definition import COMPARISONS, Alarm

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
EXTRA_PERIODS: Final = 2
"""CloudWatch looks at some more periods than EvaluationPeriods, so that late data do not count as missing."""

_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Datapoint:
    start: float
    value: float


@dataclass(frozen=True)
class Verdict:
    state: State
    reason: str
    datapoints: tuple[Datapoint, ...] = ()
    """Those that were judged, newest first."""


def breaches(alarm: Alarm, value: float) -> bool:
    return _OPERATORS[alarm.comparison](value, alarm.threshold)


def judge(alarm: Alarm, starts: Sequence[float], values: Sequence[float | None], state: State) -> Verdict | None:
    """None: the state stays what it is. `values` are oldest first, EvaluationPeriods and EXTRA_PERIODS of them."""
    real = [Datapoint(at, value) for at, value in zip(starts, values, strict=True) if value is not None]
    recent = tuple(reversed(real[-alarm.evaluation_periods :]))
    breaching = sum(breaches(alarm, point.value) for point in recent)
    lacking = alarm.evaluation_periods - len(recent)
    if lacking == 0:
        return _told(alarm, "ALARM" if breaching >= alarm.datapoints else "OK", recent, state)
    if not recent:
        return _without_data(alarm)
    if alarm.missing == "breaching":
        return _told(alarm, "ALARM" if breaching + lacking >= alarm.datapoints else "OK", recent, state)
    if breaching >= alarm.datapoints:
        return _told(alarm, "ALARM", recent, state)
    if breaching < len(recent) or alarm.missing == "notBreaching":
        return _told(alarm, "OK", recent, state)
    return _too_few(alarm, values, recent, state)


def _too_few(
    alarm: Alarm, values: Sequence[float | None], recent: tuple[Datapoint, ...], state: State
) -> Verdict | None:
    """All there are breach, and they are fewer than it takes.

    They count as an alarm when the oldest is as old as it takes: nothing better came since.
    """
    age = len(values) - next(at for at, value in enumerate(values) if value is not None)
    if alarm.missing == "missing" and age >= alarm.datapoints:
        return _told(alarm, "ALARM", recent, state)
    return None


def _without_data(alarm: Alarm) -> Verdict | None:
    count = alarm.evaluation_periods
    periods = f"{count} period{'s' if count > 1 else ''}"
    match alarm.missing:
        case "missing":
            return Verdict("INSUFFICIENT_DATA", f"Insufficient Data: {_datapoints(count)} were unknown.")
        case "ignore":
            return None
    treated, state = ("Breaching", "ALARM") if alarm.missing == "breaching" else ("NonBreaching", "OK")
    reason = (
        f"Threshold Crossed: no datapoints were received for {periods} and "
        f"{count} missing datapoint{'s were' if count > 1 else ' was'} treated as [{treated}]."
    )
    return Verdict("ALARM" if state == "ALARM" else "OK", reason)


def _told(alarm: Alarm, state: State, recent: tuple[Datapoint, ...], old: State) -> Verdict:
    hits = [point for point in recent if breaches(alarm, point.value) == (state == "ALARM")] or list(recent)
    shown = ", ".join(f"{point.value} ({_short_time(point.start)})" for point in hits)
    least = alarm.datapoints if state == "ALARM" else alarm.evaluation_periods - alarm.datapoints + 1
    negated = "" if state == "ALARM" else "not "
    reason = (
        f"Threshold Crossed: {len(hits)} out of the last {_datapoints(alarm.evaluation_periods)} [{shown}] "
        f"{'was' if len(hits) == 1 else 'were'} {negated}{COMPARISONS[alarm.comparison]} the threshold "
        f"({alarm.threshold}) (minimum {_datapoints(least)} for {old} -> {state} transition)."
    )
    return Verdict(state, reason, recent)


def reason_data(alarm: Alarm, verdict: Verdict, now: float) -> dict[str, Any]:
    """StateReasonData, as a document."""
    told: dict[str, Any] = {"version": "1.0", "queryDate": long_time(now)}
    if verdict.datapoints:
        told["startDate"] = long_time(verdict.datapoints[-1].start)
    if alarm.statistic:
        told["statistic"] = alarm.statistic
    values = [point.value for point in reversed(verdict.datapoints)]
    return told | {"period": alarm.period, "recentDatapoints": values, "threshold": alarm.threshold}


def long_time(epoch: float) -> str:
    """2026-11-21T06:48:00.123+0000"""
    at = datetime.fromtimestamp(epoch, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def _short_time(epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%d/%m/%y %H:%M:%S}"


def _datapoints(count: int) -> str:
    return f"{count} datapoint{'' if count == 1 else 's'}"
