"""What happens in a run, as it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

JobKind = Literal["processing", "training", "tuning"]


@dataclass(frozen=True)
class StepStarted:
    step: str
    at: datetime


@dataclass(frozen=True)
class AttemptFailed:
    """One attempt of a step; the state machine may try again or go to its Catch."""

    step: str
    at: datetime
    error: str
    cause: str


STOPPED = "Stopped"
"""The error of a step that something else ended."""


@dataclass(frozen=True)
class StepEnded:
    """`error` is set when the step's last attempt failed, or something else ended the step."""

    step: str
    at: datetime
    seconds: float
    job: tuple[JobKind, str] | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    error: AttemptFailed | None = None


@dataclass(frozen=True)
class TuningProgressed:
    """`done` of at most `total` training jobs have ended; `best` is None until one of them told its objective."""

    at: datetime
    done: int
    total: int
    metric: str
    best: float | None


@dataclass(frozen=True)
class RunEnded:
    status: str
    at: datetime
    seconds: float
    error: str = ""
    cause: str = ""


RunEvent = StepStarted | AttemptFailed | StepEnded | TuningProgressed | RunEnded
