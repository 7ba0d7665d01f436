"""What a firing analyzes.

The window ends when the schedule fires and begins one period of the schedule before, the period unscaled: with a time
scale of 0.02 an hourly schedule fires every 72 seconds and looks at the last hour each time, so that windows overlap.
(On AWS, where it fires on the hour, they follow each other.) Offsets, which are unscaled too, count back from the
firing. Captures are chosen by their hours' folders: a window that is not on the hour reaches into one more, and the
container is told its exact ends, as AWS's contract has it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from localcloud.sagemaker.jobs.checks import invalid
from localcloud.sagemaker.monitoring.durations import offset
from localcloud.sagemaker.monitoring.expression import NOW, Firing

_LONGEST: Final = timedelta(hours=24)
_OF_THE_SCHEDULE: Final = ("DataAnalysisStartTime", "DataAnalysisEndTime")
_OF_THE_INPUT: Final = ("StartTimeOffset", "EndTimeOffset")


@dataclass(frozen=True)
class Window:
    start: datetime
    end: datetime

    def hours(self) -> Iterator[str]:
        """The folders `yyyy/mm/dd/hh` that hold something of it."""
        at = self.start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        while at < self.end:
            yield f"{at:%Y/%m/%d/%H}"
            at += timedelta(hours=1)


@dataclass(frozen=True)
class Offsets:
    """Before the firing; None: as the schedule's period says."""

    start: timedelta | None = None
    end: timedelta | None = None

    @classmethod
    def of(cls, schedule_config: Mapping[str, Any], endpoint_input: Mapping[str, Any]) -> "Offsets":
        """The schedule's own, or else the definition's. ValidationException for a window that is none."""
        source, names = schedule_config, _OF_THE_SCHEDULE
        if not any(name in source for name in names):
            source, names = endpoint_input, _OF_THE_INPUT
        start, end = (offset(source[name], name) if name in source else None for name in names)
        if start is not None and start >= (end or timedelta()):
            raise invalid(f"{names[0]} ({source[names[0]]}) must lie before {names[1]} ({source.get(names[1], 'now')})")
        if source is schedule_config and start is not None and (end or timedelta()) - start > _LONGEST:
            raise invalid(f"{names[0]} must not precede {names[1]} by more than 24 hours")
        return cls(start, end)

    def window(self, firing: Firing) -> Window:
        end = firing.at + (self.end or timedelta())
        return Window(end - firing.period if self.start is None else firing.at + self.start, end)


def require_offsets(schedule_config: Mapping[str, Any]) -> None:
    """A schedule that runs once has no period."""
    for name in _OF_THE_SCHEDULE:
        if name not in schedule_config:
            raise invalid(f"ScheduleConfig.{name} is required when ScheduleExpression is {NOW}")
