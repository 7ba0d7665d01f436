"""The queues of asynchronous endpoints: requests wait for an instance that is free, through updates and with none.

One thread looks after all of them; each request under way has a thread of its own.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from localcloud.api import ApiError
from localcloud.cloud import Cloud
from localcloud.sagemaker.hosting.async_delivery import AsyncRequest, Delivery, InstanceEnded
from localcloud.sagemaker.hosting.endpoint import Endpoint
from localcloud.sagemaker.hosting.fleet import Fleet
from localcloud.sagemaker.hosting.invocation_metrics import InvocationMetrics
from localcloud.sagemaker.hosting.variants import Variant

_log = logging.getLogger(__name__)

METRICS_SECONDS: Final = 60.0
"""AWS's; scaled locally."""
_SHORTEST_SECONDS: Final = 0.1
# Instances come without a word: with requests waiting, the thread looks this often.
_LOOK_SECONDS: Final = 0.1


@dataclass
class _Queue:
    waiting: deque[AsyncRequest] = field(default_factory=deque)
    working: int = 0


class AsyncQueues:
    """`live` gives the endpoints there are. A queue goes with its endpoint."""

    def __init__(
        self, cloud: Cloud, live: Callable[[], list[Endpoint]], delivery: Delivery, metrics: InvocationMetrics
    ) -> None:
        self._live = live
        self._delivery = delivery
        self._metrics = metrics
        self._period = max(_SHORTEST_SECONDS, METRICS_SECONDS * cloud.time_scale)
        self._changed = threading.Condition()
        self._queues: dict[Endpoint, _Queue] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="asynchronous endpoints", daemon=True)
        self._thread.start()

    def put(self, endpoint: Endpoint, request: AsyncRequest) -> None:
        with self._changed:
            self._queues.setdefault(endpoint, _Queue()).waiting.append(request)
            self._changed.notify_all()

    def backlog(self, endpoint: Endpoint) -> int:
        """Requests that wait or are under way."""
        with self._changed:
            queue = self._queues.get(endpoint)
            return len(queue.waiting) + queue.working if queue else 0

    def close(self) -> None:
        """Requests that wait are given up, as everything of the cloud is."""
        with self._changed:
            self._closed = True
            self._queues.clear()
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._closed:
            try:
                endpoints = self._asynchronous()
                for endpoint in endpoints:
                    self._expire(endpoint)
                    self._dispatch(endpoint)
                if time.monotonic() >= due:
                    due = time.monotonic() + self._period
                    self._measure(endpoints)
            except Exception:  # the thread's edge: the queues must go on
                _log.exception("The queues of asynchronous endpoints stumbled")
            self._wait(due)

    def _wait(self, due: float) -> None:
        with self._changed:
            if self._closed:
                return
            busy = any(queue.waiting for queue in self._queues.values())
            self._changed.wait(min(_LOOK_SECONDS, self._period) if busy else max(0.01, due - time.monotonic()))

    def _asynchronous(self) -> list[Endpoint]:
        """Endpoints with a queue: those whose config says so, and those that had such a one when a request came."""
        with self._changed:
            live = self._live()
            known = set(live)
            self._queues = {key: queue for key, queue in self._queues.items() if key in known or queue.working}
            return [endpoint for endpoint in live if endpoint in self._queues or _is_asynchronous(endpoint)]

    def _expire(self, endpoint: Endpoint) -> None:
        with self._changed:
            queue = self._queues.get(endpoint) or _Queue()
            late = [request for request in queue.waiting if request.expired]
            for request in late:
                queue.waiting.remove(request)
        for request in late:
            self._delivery.expire(request)

    def _dispatch(self, endpoint: Endpoint) -> None:
        capacity = _capacity(endpoint)
        with self._changed:
            queue = self._queues.get(endpoint)
            while queue and queue.waiting and queue.working < capacity:
                request = queue.waiting.popleft()
                queue.working += 1
                name = f"async {request.inference_id}"
                threading.Thread(target=self._work, args=(endpoint, queue, request), name=name, daemon=True).start()

    def _work(self, endpoint: Endpoint, queue: _Queue, request: AsyncRequest) -> None:
        again: AsyncRequest | None = request
        try:
            with endpoint.serving() as fleet:
                variant = _able(fleet)
                if variant:
                    again = self._delivered(request, variant)
        except Exception:  # the thread's edge
            _log.exception("Asynchronous request %s broke", request.inference_id)
            again = None
        with self._changed:
            queue.working -= 1
            if again:
                queue.waiting.appendleft(again)
            self._changed.notify_all()

    def _delivered(self, request: AsyncRequest, variant: Variant) -> AsyncRequest | None:
        """The request when it must wait again: its instance went away."""
        try:
            self._delivery.deliver(request, variant)
        except InstanceEnded:
            return replace(request, attempts=request.attempts + 1)
        except ApiError as error:
            if not variant.instance_count:
                return request
            self._delivery.refuse(request, variant, error.message)
        return None

    def _measure(self, endpoints: list[Endpoint]) -> None:
        for endpoint in endpoints:
            with self._changed:
                queue = self._queues.get(endpoint, _Queue())
                size = len(queue.waiting) + queue.working
                oldest = min((request.queued for request in queue.waiting), default=None)
            instances = _instances(endpoint)
            counts = {
                "ApproximateBacklogSize": float(size),
                "ApproximateBacklogSizePerInstance": size / max(1, instances),
                "HasBacklogWithoutCapacity": float(size > 0 and instances == 0),
            }
            self._metrics.values(endpoint.name, "", counts, "Count")
            age = time.monotonic() - oldest if oldest is not None else 0.0
            self._metrics.values(endpoint.name, "", {"ApproximateAgeOfOldestRequest": age}, "Seconds")


def _is_asynchronous(endpoint: Endpoint) -> bool:
    fleet = endpoint.fleet
    return fleet is not None and fleet.variants[0].spec.asynchronous is not None


def _instances(endpoint: Endpoint) -> int:
    fleet = endpoint.fleet
    return sum(variant.instance_count for variant in fleet.variants) if fleet else 0


def _capacity(endpoint: Endpoint) -> int:
    """How many requests its instances take at once."""
    fleet = endpoint.fleet
    return sum(map(_places, fleet.variants)) if fleet else 0


def _places(variant: Variant) -> int:
    spec = variant.spec.asynchronous
    return variant.instance_count * (spec.concurrency if spec else 1)


def _able(fleet: Fleet | None) -> Variant | None:
    """A variant with an instance: the one that the weights choose, if it has one."""
    if fleet is None:
        return None
    chosen = fleet.choose(None)
    if chosen.instance_count:
        return chosen
    return next((variant for variant in fleet.variants if variant.instance_count), None)
