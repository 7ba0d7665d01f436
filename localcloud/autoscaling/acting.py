"""The thread in which policies act. Cooldowns last AWS's seconds times the cloud's time scale, like alarms' periods."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Final

from localcloud.alarms.engine import Fired
from localcloud.autoscaling import tracking
from localcloud.autoscaling.scaler import Scaler
from localcloud.autoscaling.targets import Targets
from localcloud.cloud import Cloud

_log = logging.getLogger(__name__)

_TICK: Final = 10
_LEAST_TICK_SECONDS: Final = 0.05
_ZERO_EVERY: Final = 30


class Acting:
    def __init__(self, cloud: Cloud, targets: Targets, scaler: Scaler, clock: Callable[[], float]) -> None:
        self._cloud = cloud
        self._targets = targets
        self._scaler = scaler
        self._clock = clock
        self._fired: queue.SimpleQueue[Fired | None] = queue.SimpleQueue()
        self._next_zero = 0.0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="autoscaling", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._fired.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    def hear(self, fired: Fired) -> None:
        """From the alarms' thread, or a request's: never blocks."""
        self._fired.put(fired)

    def act(self, fired: Fired) -> None:
        with self._targets.lock:
            for target in self._targets.all():
                for policy in target.policies.values():
                    if policy.arn == fired.action:
                        self._scaler.act(target, policy, fired)

    def look(self) -> None:
        """Conclude the changes under way, forget the targets whose variant is gone, and measure idleness."""
        with self._targets.lock:
            for target in self._targets.all():
                if not self._scaler.exists(target):
                    _log.info("%s is gone, and with it what scaled it", target.resource_id)
                    self._targets.remove(target)
                else:
                    self._scaler.conclude(target)
            if self._clock() >= self._next_zero:
                self._next_zero = self._clock() + _ZERO_EVERY * self._cloud.time_scale
                self._measure_idleness()

    def _run(self) -> None:
        tick = max(_LEAST_TICK_SECONDS, _TICK * self._cloud.time_scale)
        while not self._closing.is_set():
            try:
                if fired := self._next(tick):
                    self.act(fired)
                self.look()
            except Exception:  # the thread's edge: the alarm fires again
                _log.exception("Autoscaling failed")

    def _next(self, seconds: float) -> Fired | None:
        try:
            return self._fired.get(timeout=seconds)
        except queue.Empty:
            return None

    def _measure_idleness(self) -> None:
        """SageMaker reports zeros of a scaled variant without traffic, so that it can scale in."""
        for target in self._targets.all():
            if any(tracking.is_predefined(policy) for policy in target.policies.values()):
                endpoint, variant = target.variant
                dimensions = {"EndpointName": endpoint, "VariantName": variant}
                self._cloud.put_metric(tracking.METRIC_NAMESPACE, tracking.METRIC, 0.0, "None", dimensions)
