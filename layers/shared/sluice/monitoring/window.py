"""The time that a check looks at. Pure: when it was asked for in, hours out."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Window:
    """From start to just before end, in UTC. Of a batch both are the moment of its upload."""

    start: datetime
    end: datetime

    @property
    def is_whole_hours(self) -> bool:
        """As a schedule asks for it; `sluice monitor --now` seldom does."""
        return self.end == hour_of(self.end)


def hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def window_of(asked_at: datetime, every_hours: int, now: bool) -> Window:
    """The whole hours before that moment; with `now` as many hours up to it.

    A firing has the same window however late it comes, because asked_at is when it was due. Whole hours, because
    captures lie by hour: a window's last hour has ended when it is checked.
    """
    asked = asked_at.astimezone(UTC)
    # An event knows whole seconds only: with `now` the second in which it was asked counts too.
    end = asked.replace(microsecond=0) + timedelta(seconds=1) if now else hour_of(asked)
    return hours_until(end, every_hours)


def hours_until(end: datetime, hours: int) -> Window:
    end = end.astimezone(UTC)
    return Window(end - timedelta(hours=hours), end)


def batch_window(batch_id: str) -> Window:
    """Of `YYMMDDhhmmss-…`: the same whoever asks and when."""
    uploaded = datetime.strptime(batch_id.partition("-")[0], "%y%m%d%H%M%S").replace(tzinfo=UTC)
    return Window(uploaded, uploaded)
