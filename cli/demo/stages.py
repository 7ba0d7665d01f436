"""A list of named stages, played one after the other until one fails. What each finds out, later ones can ask for."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cli.errors import OperationFailedError

Found = TypeVar("Found")


class Finding(Protocol):
    """What a stage found out: one line about it, and more lines where it is worth them."""

    @property
    def summary(self) -> str: ...

    @property
    def details(self) -> Sequence[str]: ...


class Results:
    """The findings so far, one of each type."""

    def __init__(self) -> None:
        self._by_type: dict[type[Any], Any] = {}

    def add(self, finding: Finding) -> None:
        self._by_type[type(finding)] = finding

    def get(self, kind: type[Found]) -> Found:
        """Raises KeyError when no stage before this one found it: the list is in the wrong order."""
        found: Found = self._by_type[kind]
        return found

    def find(self, kind: type[Found]) -> Found | None:
        return self._by_type.get(kind)


Tell = Callable[[str], None]
"""Says what goes on inside a stage, one line each."""


@dataclass(frozen=True)
class Stage:
    name: str
    title: str
    run: Callable[[Results, Tell], Finding]


class StageFailedError(OperationFailedError):
    """`log` is the file that says more than the cloud's own log."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log


@dataclass(frozen=True)
class Timing:
    stage: str
    seconds: float
    summary: str


@dataclass(frozen=True)
class Failure:
    stage: str
    error: Exception


@dataclass(frozen=True)
class Outcome:
    results: Results
    timings: tuple[Timing, ...]
    failure: Failure | None


class Reporter(Protocol):
    """Shows a play to somebody."""

    def started(self, stage: Stage) -> None: ...

    def told(self, stage: Stage, line: str) -> None: ...

    def ended(self, stage: Stage, seconds: float, finding: Finding) -> None: ...

    def failed(self, stage: Stage, seconds: float) -> None: ...


def play(stages: Sequence[Stage], reporter: Reporter, clock: Callable[[], float] = time.monotonic) -> Outcome:
    results, timings = Results(), list[Timing]()
    for stage in stages:
        started = clock()
        reporter.started(stage)
        try:
            finding = stage.run(results, lambda line, stage=stage: reporter.told(stage, line))  # type: ignore[misc]
        except Exception as error:  # whatever ends a stage, the demo says which stage it was, and stops what it started
            reporter.failed(stage, clock() - started)
            return Outcome(results, tuple(timings), Failure(stage.name, error))
        results.add(finding)
        timings.append(Timing(stage.name, round(clock() - started, 3), finding.summary))
        reporter.ended(stage, timings[-1].seconds, finding)
    return Outcome(results, tuple(timings), None)
