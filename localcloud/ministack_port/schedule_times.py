"""When a schedule of EventBridge Scheduler fires: at(), rate() and cron(), in the schedule's time zone."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ministack.services import eventbridge

from localcloud.errors import ApiError

_RATE: Final = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
_AT: Final = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_SECONDS: Final = {"minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True)
class Times:
    """`created` is when a rate without a start date begins."""

    expression: str
    zone: str
    created: datetime
    start: datetime | None
    end: datetime | None
    enabled: bool

    @classmethod
    def of(cls, schedule: Mapping[str, Any]) -> "Times":
        """From the members of CreateSchedule; ValidationException when they name no time."""
        made = cls(
            expression=schedule["ScheduleExpression"].strip(),
            zone=schedule.get("ScheduleExpressionTimezone") or "UTC",
            created=datetime.fromtimestamp(schedule["CreationDate"], UTC),
            start=_moment(schedule.get("StartDate")),
            end=_moment(schedule.get("EndDate")),
            enabled=schedule.get("State", "ENABLED") == "ENABLED",
        )
        made.next(made.created)
        return made

    def next(self, since: datetime) -> datetime | None:
        """The first time from `since` on; None when there is none any more.

        A single time that has passed counts for a schedule that begins, and not for one that is changed.
        """
        zone = _zone(self.zone)
        single = self._single(zone)
        if single is not None:
            return single if single >= since or since == self.created else None
        earliest = max(since, self.start) if self.start else since
        found = self._recurring(earliest, zone)
        return found if found is not None and (self.end is None or found <= self.end) else None

    def following(self, now: datetime) -> datetime | None:
        """The first time after `now`, when the schedule has fired; what was missed until then is left out."""
        if self._single(_zone(self.zone)) is not None:
            return None
        return self.next(now + timedelta(microseconds=1))

    def _single(self, zone: tzinfo) -> datetime | None:
        match = _AT.fullmatch(self.expression)
        if match is None:
            return None
        try:
            return datetime.fromisoformat(match[1]).replace(tzinfo=zone).astimezone(UTC)
        except ValueError as exc:
            raise self._invalid() from exc

    def _recurring(self, earliest: datetime, zone: tzinfo) -> datetime | None:
        match = _RATE.fullmatch(self.expression)
        if match:
            step = timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
            anchor = self.start or self.created
            return anchor + max(0, math.ceil((earliest - anchor) / step)) * step
        fields = eventbridge._parse_cron_fields(self.expression)
        if fields is None:
            raise self._invalid()
        # MiniStack answers with the first minute after the one that it is given.
        before = (earliest - timedelta(microseconds=1)).astimezone(zone)
        found: datetime | None = eventbridge._cron_next_fire(fields, before)
        return found.astimezone(UTC) if found else None

    def _invalid(self) -> ApiError:
        return ApiError(
            "ValidationException",
            f"Invalid Schedule Expression {self.expression}: write rate(value unit), cron(min hour day month weekday "
            "year) or at(yyyy-mm-ddThh:mm:ss)",
        )


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ApiError("ValidationException", f"Provided scheduling timezone is not valid: {name}") from exc


def _moment(value: Any) -> datetime | None:
    """A date as the API has it (seconds) or CloudFormation (ISO 8601)."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as exc:
        raise ApiError("ValidationException", f"{value} is not a date: write 2026-03-01T10:00:00Z") from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
