"""The thread that looks at every alarm, as often as CloudWatch does by the cloud's own clock.

AWS evaluates once a minute, an alarm of 10, 20 or 30 s once such a period. Here a second of AWS lasts `time_scale`:
with 0.02, the data points of a 60 s period are those of 1.2 real seconds, and so often the alarm is judged.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from localcloud.alarms.definition import Alarm, MetricStat, read_alarm
from localcloud.alarms.judgement import EXTRA_PERIODS, State, Verdict, judge
from localcloud.alarms.series import Point, Windows, too_few_samples, values_of
from localcloud.errors import ApiError

_log = logging.getLogger(__name__)

_STEP: Final = 60
_TICK: Final = 10
_LEAST_TICK_SECONDS: Final = 0.05


@dataclass(frozen=True)
class Fired:
    """An alarm in ALARM that has an action to take. `values` are the data points that were judged, oldest first."""

    alarm: str
    action: str
    values: tuple[float, ...]
    threshold: float
    above: bool
    """Whether the alarm fires above its threshold."""


class AlarmBook(Protocol):
    """Who keeps the alarms and their metrics (ministack_port.alarms)."""

    def metric_alarms(self) -> list[Mapping[str, Any]]:
        """As DescribeAlarms shows them."""

    def points(self, metric: MetricStat, since: float) -> Iterable[Point]: ...

    def become(self, alarm: Alarm, verdict: Verdict) -> None:
        """A new state: history, actions, events, composite alarms."""

    def stay_in_alarm(self, alarm: Alarm, verdict: Verdict) -> None:
        """CloudWatch repeats scaling actions with each evaluation, for as long as the alarm lasts."""


class AlarmEngine:
    """`measure` is called once a minute by the cloud's clock: metrics of what only a look can tell."""

    def __init__(
        self,
        book: AlarmBook,
        time_scale: float,
        clock: Callable[[], float] = time.time,
        measure: Callable[[], None] = lambda: None,
    ) -> None:
        self._book = book
        self._scale = time_scale
        self._clock = clock
        self._measure = measure
        self._measured = 0.0
        self._judged: dict[str, tuple[Any, float]] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> None:
        """Judge every alarm whose newest period has ended since the last look."""
        now = self._clock()
        if now - self._measured >= _STEP * self._scale:
            self._measured = now
            self._measure()
        documents = self._book.metric_alarms()
        self._judged = {
            name: held for name, held in self._judged.items() if name in {d["AlarmName"] for d in documents}
        }
        for document in documents:
            try:
                self._look_at(document, now)
            except ApiError as error:
                _log.warning("the alarm %s is not evaluated: %s", document.get("AlarmName"), error.message)

    def _look_at(self, document: Mapping[str, Any], now: float) -> None:
        alarm = read_alarm(document)
        step = min(alarm.period, _STEP) * self._scale
        end = math.floor(now / step) * step
        # A change of its state is no reason to look at the same periods again.
        looked_at = (document.get("AlarmConfigurationUpdatedTimestamp"), end)
        if self._judged.get(alarm.name) == looked_at:
            return
        windows = Windows(end, alarm.period * self._scale, alarm.evaluation_periods + EXTRA_PERIODS)
        metrics = {one.source for one in alarm.queries if isinstance(one.source, MetricStat)}
        found = {metric: list(self._book.points(metric, windows.starts[0])) for metric in metrics}
        self._judged[alarm.name] = looked_at
        if too_few_samples(alarm, found, windows):
            return
        state: State = document["StateValue"]
        verdict = judge(alarm, windows.starts, values_of(alarm, found, windows), state)
        if verdict is not None and verdict.state != state:
            self._book.become(alarm, verdict)
        elif verdict is not None and state == "ALARM":
            self._book.stay_in_alarm(alarm, verdict)

    def _run(self) -> None:
        while not self._closing.wait(max(_LEAST_TICK_SECONDS, _TICK * self._scale)):
            try:
                self.look()
            except Exception:  # the thread's edge: the next look is another chance
                _log.exception("The alarms were not evaluated")
