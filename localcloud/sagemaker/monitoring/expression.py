"""When a schedule fires.

SageMaker takes every hour, every N hours, once a day, or `NOW`. The local cloud's clock of a schedule begins when the
schedule does and runs by its time scale: of a second of AWS's, `time_scale` seconds pass. At 0.02 an hourly schedule
fires every 72 seconds; at 1 it fires on the hour.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from localcloud.sagemaker.jobs.checks import invalid

NOW: Final = "NOW"
_CRON: Final = re.compile(r"cron\(0 (?P<start>\*|\d{1,2})(?:/(?P<every>\d{1,2}))? \? \* \* \*\)")


@dataclass(frozen=True)
class Expression:
    """`hours` of the day, UTC, in which a recurring schedule fires; none: once, at once."""

    hours: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """ValidationException for what Model Monitor does not take."""
        if text == NOW:
            return cls(())
        match = _CRON.fullmatch(text)
        hours = _hours(match["start"], match["every"]) if match else ()
        if not hours:
            raise invalid(
                f"ScheduleExpression is {text}; Model Monitor takes cron(0 * ? * * *), cron(0 [00-23] ? * * *), "
                f"cron(0 [00-23]/[01-24] ? * * *) and {NOW}"
            )
        return cls(hours)

    @classmethod
    def daily(cls, hour: int) -> "Expression":
        return cls((hour,))

    @property
    def once(self) -> bool:
        return not self.hours

    @property
    def hourly(self) -> bool:
        return len(self.hours) == 24

    def after(self, moment: datetime) -> datetime:
        """The next time that the expression names."""
        full = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return next(at for at in (full + timedelta(hours=step) for step in range(1, 26)) if at.hour in self.hours)

    def period(self, at: datetime) -> timedelta:
        """How long before `at`, a time that the expression names, the one before it was."""
        steps = (step for step in range(1, 25) if (at - timedelta(hours=step)).hour in self.hours)
        return timedelta(hours=next(steps))


@dataclass(frozen=True)
class Firing:
    """`at` is the real moment, `before` that of the time before; `period` is what AWS would have between the two."""

    at: datetime
    before: datetime
    period: timedelta


@dataclass(frozen=True)
class Cadence:
    """An expression on the local cloud's clock, which showed the real time at `began`."""

    expression: Expression
    began: datetime
    time_scale: float

    def after(self, moment: datetime) -> Firing:
        shown = self.began + (moment - self.began) / self.time_scale
        named = self.expression.after(shown)
        period = self.expression.period(named)
        return Firing(self._real(named), self._real(named - period), period)

    def _real(self, shown: datetime) -> datetime:
        return self.began + (shown - self.began) * self.time_scale


def _hours(start: str, every: str | None) -> tuple[int, ...]:
    """Empty when the numbers are none of a clock."""
    if start == "*":
        return tuple(range(24)) if every is None else ()
    step = int(every) if every else 24
    return tuple(range(int(start), 24, step)) if int(start) < 24 and 1 <= step <= 24 else ()
