"""An endpoint that nobody asks costs money: first a notice, then, if still nobody asks, its end. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Step = Literal["leave", "warn", "withdraw", "reap"]


@dataclass(frozen=True)
class IdleRule:
    idle: timedelta
    """So long without a request: a notice."""
    notice: timedelta
    """So much longer: its end."""


@dataclass(frozen=True)
class Idleness:
    step: Step
    reason: str


def since(rule: IdleRule, now: datetime, noticed_at: datetime | None) -> datetime:
    """From when on requests matter."""
    return noticed_at or now - rule.idle


def next_step(
    rule: IdleRule, now: datetime, *, changed_at: datetime, noticed_at: datetime | None, is_asked: bool
) -> Idleness:
    """changed_at: of the endpoint's last deployment; is_asked: requests came, or waited, since then (`since`)."""
    if noticed_at is not None:
        if is_asked or changed_at > noticed_at:
            return Idleness("withdraw", "it was asked or changed since the notice")
        if now - noticed_at >= rule.notice:
            return Idleness("reap", f"nobody asked it in the {_hours(rule.notice)} since the notice")
        return Idleness("leave", "its notice still runs")
    if is_asked:
        return Idleness("leave", "it is asked")
    if now - changed_at < rule.idle:
        return Idleness("leave", "it was changed a short while ago")
    return Idleness("warn", f"nobody asked it for {_hours(rule.idle)}; in {_hours(rule.notice)} more it is removed")


def _hours(duration: timedelta) -> str:
    hours = duration.total_seconds() / 3600
    return f"{hours:g} hour{'' if hours == 1 else 's'}"
