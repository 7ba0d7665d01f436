"""One schedule's life: pending, then scheduled and firing, until it is stopped, changed or deleted."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from localcloud.sagemaker.jobs.checks import invalid
from localcloud.sagemaker.monitoring.expression import Cadence, Expression, Firing
from localcloud.sagemaker.monitoring.kinds import Kind

_log = logging.getLogger(__name__)

# In AWS's seconds, scaled locally. Hourly schedules start up to twenty minutes late there; captures take "a couple".
PENDING_SECONDS: Final = 15.0
LATE_SECONDS: Final = 120.0
_SMALLEST_SCALE: Final = 1e-4
"""With none at all an hourly schedule would fire without end."""


@dataclass(frozen=True)
class Plan:
    """A checked MonitoringScheduleConfig. `definition` is a job definition's name."""

    config: Mapping[str, Any]
    kind: Kind
    definition: str
    endpoint: str
    expression: Expression


class Ends(Protocol):
    def ask(self) -> None: ...


class Round:
    """From one change of a schedule to the next: a thread that waits and fires. Executions never overlap."""

    def __init__(self, live: Callable[["Round"], None], before: "Round | None") -> None:
        self._before = before
        self._over = threading.Event()
        self._thread = threading.Thread(target=live, args=(self,), name="monitoring schedule", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._over.set()

    def wait(self, seconds: float) -> bool:
        """True when it is over before that."""
        return self._over.wait(max(0.0, seconds))

    def await_the_one_before(self) -> None:
        """And those before that: one that never fired has not waited for them."""
        before = self._before
        if before:
            before.await_the_one_before()
            before.join()
            self._before = None

    def join(self, timeout: float | None = None) -> None:
        if self._thread.ident is not None:
            self._thread.join(timeout)


# Runs one execution to its end.
Execute = Callable[["Schedule", Plan, Firing], None]


class Schedule:
    def __init__(self, name: str, arn: str, plan: Plan, time_scale: float, execute: Execute) -> None:
        self.name = name
        self.arn = arn
        self.plan = plan
        self._scale = max(time_scale, _SMALLEST_SCALE)
        self._execute = execute
        self._lock = threading.RLock()
        self._status = "Pending"
        self._created = self._modified = datetime.now(UTC)
        self._round: Round | None = None
        self._ends: Ends | None = None
        self._deleted = False
        self.last_execution: int | None = None

    @property
    def deleted(self) -> bool:
        return self._deleted

    def begin(self, plan: Plan | None = None, *, running: bool = True, fires_once: bool = True) -> None:
        """Pending from now, then Scheduled or Stopped. ValidationException while another change is pending.

        `fires_once`: whether a schedule of `NOW` runs (again).
        """
        with self._lock:
            if self._status == "Pending" and self._round is not None:
                raise invalid(f"The monitoring schedule {self.arn} is in status Pending; wait until it has settled.")
            self.plan = plan or self.plan
            self._become("Pending")
            self._next_round(lambda now: self._live(now, self.plan, running, fires_once))

    def delete(self, then: Callable[[], None]) -> None:
        """The execution under way is stopped. `then` is called when nothing of the schedule runs any more."""
        with self._lock:
            if self._status == "Pending":
                raise invalid(f"The monitoring schedule {self.arn} is in status Pending; wait until it has settled.")
            self._become("Pending")
            self._deleted = True
            ends = self._ends
            self._next_round(lambda now: self._vanish(now, then))
        if ends:
            ends.ask()

    def close(self) -> None:
        """The server ends."""
        with self._lock:
            held, ends, self._deleted = self._round, self._ends, True
        if held:
            held.end()
        if ends:
            ends.ask()

    def join(self, timeout: float) -> None:
        if self._round:
            self._round.join(timeout)

    def take(self, number: int, ends: Ends) -> None:
        """An execution begins; deleting the schedule ends it."""
        with self._lock:
            self.last_execution = number
            self._ends = ends
            asked = self._deleted
        if asked:
            ends.ask()

    def describe(self) -> dict[str, Any]:
        with self._lock:
            return {
                "MonitoringScheduleArn": self.arn,
                "MonitoringScheduleName": self.name,
                "MonitoringScheduleStatus": self._status,
                "MonitoringType": self.plan.kind.title,
                "MonitoringJobDefinitionName": self.plan.definition,
                "EndpointName": self.plan.endpoint,
                "CreationTime": self._created,
                "LastModifiedTime": self._modified,
                "MonitoringScheduleConfig": dict(self.plan.config),
            }

    def _next_round(self, live: Callable[[Round], None]) -> None:
        before = self._round
        if before:
            before.end()
        self._round = Round(live, before)
        self._round.start()

    def _live(self, now: Round, plan: Plan, running: bool, fires_once: bool) -> None:
        if now.wait(PENDING_SECONDS * self._scale):
            return
        self._become("Scheduled" if running else "Stopped")
        if not running or (plan.expression.once and not fires_once):
            return
        for firing in _firings(plan.expression, self._scale):
            if now.wait((firing.at - datetime.now(UTC)).total_seconds() + self._lateness(plan)):
                return
            now.await_the_one_before()
            if now.wait(0):
                return
            try:
                self._execute(self, plan, firing)
            except Exception:  # the thread's edge: the schedule goes on
                _log.exception("An execution of the monitoring schedule %s met a defect of the local cloud", self.name)

    def _lateness(self, plan: Plan) -> float:
        return 0.0 if plan.expression.once else LATE_SECONDS * self._scale

    def _vanish(self, now: Round, then: Callable[[], None]) -> None:
        now.await_the_one_before()
        then()

    def _become(self, status: str) -> None:
        with self._lock:
            self._status = status
            self._modified = datetime.now(UTC)


def _firings(expression: Expression, time_scale: float) -> Iterator[Firing]:
    """Each computed when it is asked for: what fell due while an execution ran is left out."""
    began = datetime.now(UTC)
    if expression.once:
        yield Firing(began, began, timedelta())
        return
    cadence = Cadence(expression, began, time_scale)
    while True:
        yield cadence.after(datetime.now(UTC))
