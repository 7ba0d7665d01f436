"""Whether a retrain for drift may begin now, and if not, why not and when it could."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sluice.definition.monitoring import DriftResponse

LEAST_LABELLED_ROWS = 100
"""Captured rows whose truth is known: below so many they are nothing new to learn from."""
DAY = timedelta(hours=24)

Why = Literal["elsewhere", "under-way", "waits-for-approval", "cooldown", "cap", "nothing-new", "explained"]


@dataclass(frozen=True)
class Obstacle:
    """Something that goes on and that a retrain would get in the way of, in the middle of a sentence."""

    kind: Literal["elsewhere", "under-way", "waits-for-approval"]
    reason: str


@dataclass(frozen=True)
class TrainingData:
    """What there is to train on.

    new_upload: the newest upload, where no version was trained on it yet.
    newest_upload: the newest at all.
    known_rows: as many of the labelled rows the last retrain for drift may have had.
    """

    new_upload: str | None
    newest_upload: str | None
    labelled_rows: int
    known_rows: int = 0

    @property
    def enough_labels(self) -> bool:
        return self.labelled_rows >= LEAST_LABELLED_ROWS

    @property
    def enough_new_labels(self) -> bool:
        return self.labelled_rows - self.known_rows >= LEAST_LABELLED_ROWS

    @property
    def told(self) -> str:
        parts = [self.new_upload or self.newest_upload or ""]
        parts += [f"{self.labelled_rows:,} labelled rows of production"] if self.enough_labels else []
        return " and ".join(parts)


NOTHING = TrainingData(None, None, 0)


@dataclass(frozen=True)
class Refusal:
    kind: Why
    reason: str


def refusal(
    response: DriftResponse,
    now: datetime,
    earlier: Sequence[datetime],
    obstacle: Obstacle | None,
    data: TrainingData,
) -> Refusal | None:
    """earlier: when retrains for drift were asked for. None: a retrain may begin."""
    return not_now(response, now, earlier, obstacle) or _nothing_new(data)


def not_now(
    response: DriftResponse, now: datetime, earlier: Sequence[datetime], obstacle: Obstacle | None
) -> Refusal | None:
    """The same, whatever there is to train on."""
    if obstacle:
        return Refusal(obstacle.kind, obstacle.reason)
    return _too_soon(response, now, sorted(earlier))


def _too_soon(response: DriftResponse, now: datetime, earlier: Sequence[datetime]) -> Refusal | None:
    if not earlier:
        return None
    rested = earlier[-1] + timedelta(hours=response.cooldown_hours)
    if now < rested:
        return Refusal(
            "cooldown",
            f"the last retrain for drift was asked for at {_at(earlier[-1])}, and monitoring.response.cooldown_hours "
            f"is {response.cooldown_hours}: one is possible again from {_at(rested)}",
        )
    most = response.max_retrains_per_day
    today = [at for at in earlier if at > now - DAY]
    if len(today) < most:
        return None
    return Refusal(
        "cap",
        f"{len(today)} retrain{'s' if len(today) > 1 else ''} for drift began within 24 hours, and "
        f"monitoring.response.max_retrains_per_day is {most}: one is possible again from {_at(today[-most] + DAY)}",
    )


def _nothing_new(data: TrainingData) -> Refusal | None:
    if data.newest_upload is None:
        return Refusal(
            "nothing-new", "there is no upload to train on any more: upload data, and a run starts by itself"
        )
    if data.new_upload or data.enough_new_labels:
        return None
    return Refusal(
        "nothing-new",
        f"there is nothing new to train on: a version was trained on the newest upload, {data.newest_upload}, already, "
        f"and {_labels(data)} ({LEAST_LABELLED_ROWS} are needed). Upload newer data, and a run starts "
        "by itself; or send the truths of past requests to ground-truth/, and the next check counts them",
    )


def _labels(data: TrainingData) -> str:
    rows = data.labelled_rows
    if not rows:
        return "the truth is known of no row that was checked"
    told = f"the truth is known of {rows:,} row{'s' if rows > 1 else ''} that were checked"
    return f"{told}, the last retrain for drift had {data.known_rows:,} already" if data.known_rows else told


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
