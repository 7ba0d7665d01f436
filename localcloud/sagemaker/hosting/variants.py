"""A production variant in operation: instances that stay up, or one server that comes and goes with the requests."""

import itertools
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from localcloud.api import ApiError
from localcloud.cloud import Cloud
from localcloud.sagemaker.hosting.artifacts import DeploymentFailed
from localcloud.sagemaker.hosting.async_config import AsyncSpec
from localcloud.sagemaker.hosting.capture_config import CaptureSpec
from localcloud.sagemaker.hosting.connection import HUNG_UP
from localcloud.sagemaker.hosting.failures import as_failure
from localcloud.sagemaker.hosting.models import ServedModel
from localcloud.sagemaker.hosting.server import ModelServer, Place
from localcloud.sagemaker.hosting.serving.wire import Reply

# AWS's limits, in real seconds: how long a container may take to answer /ping, and one request.
INSTANCE_START_SECONDS: Final = 480.0
SERVERLESS_START_SECONDS: Final = 180.0
INVOCATION_SECONDS: Final = 60.0
# The longest request may have to start a container first; nothing waits longer than that for a drain.
DRAIN_SECONDS: Final = INVOCATION_SECONDS + 10.0
# In AWS's seconds, scaled locally: after how much idleness a serverless container is let go.
IDLE_SECONDS: Final = 900.0


@dataclass(frozen=True)
class VariantSpec:
    """A ProductionVariant of an endpoint config, with its model looked up."""

    name: str
    model: ServedModel
    weight: float
    instance_count: int = 0
    """0: serverless, or scaled to none."""
    start_seconds: float = INSTANCE_START_SECONDS
    memory_mb: int = 0
    max_concurrency: int = 0
    """Of a serverless variant."""
    provisioned_concurrency: int = 0
    """Of a serverless variant: with any, its container stays."""
    capture: CaptureSpec | None = None
    asynchronous: AsyncSpec | None = None
    shadow: "VariantSpec | None" = None
    """Gets copies of this variant's requests."""

    @property
    def serverless(self) -> bool:
        return self.memory_mb > 0


@dataclass(frozen=True)
class Invocation:
    """The container's answer, and what getting it took, in seconds."""

    reply: Reply
    model_seconds: float
    setup_seconds: float = 0.0
    """Time to start a serverless container, when this request had to."""
    concurrent: int = 0
    """How many requests a serverless variant served when this one began, itself included."""
    ended: bool = False
    """The container ended before it had answered."""


class Server(Protocol):
    """What a variant needs of `ModelServer`."""

    @property
    def running(self) -> bool: ...
    def prepare(self) -> None: ...
    def start(self, timeout: float) -> None: ...
    def invoke(self, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply: ...
    def stop(self) -> None: ...
    def abort(self) -> None: ...
    def remove(self) -> None: ...


MakeServer = Callable[[VariantSpec], Server]


class Variant(Protocol):
    spec: VariantSpec
    """What is asked of the variant; its weight and its instance count change with the endpoint's."""

    @property
    def instance_count(self) -> int:
        """The instances that take requests now; 0 for a serverless variant."""

    def start(self) -> None:
        """Return when every instance answers /ping; DeploymentFailed when one does not."""

    def resize(self, count: int) -> None:
        """Return when `count` instances serve; those that are too many answer what they have begun, and end.

        DeploymentFailed, with as many as before, when a new one does not come up.
        """

    def invoke(self, headers: Mapping[str, str], body: bytes, timeout: float = INVOCATION_SECONDS) -> Invocation: ...
    def abort(self) -> None:
        """Kill the processes, from any thread, whatever another is doing with them."""

    def close(self) -> None: ...


class InstanceVariant:
    """`count` processes, else as many as the spec says, asked in turn."""

    def __init__(self, spec: VariantSpec, make_server: MakeServer, count: int | None = None) -> None:
        self.spec = spec
        self._make_server = make_server
        self._resizing = threading.Lock()
        self._changed = threading.Condition(threading.Lock())
        self._turns = itertools.count()
        self._instances = self._new_instances(spec.instance_count if count is None else count)
        self._starting: list[_Instance] = []
        self._closed = False

    @property
    def instance_count(self) -> int:
        return len(self._instances)

    def start(self) -> None:
        _on_all(_Instance.bring_up, self._instances)

    def invoke(self, headers: Mapping[str, str], body: bytes, timeout: float = INVOCATION_SECONDS) -> Invocation:
        instance = self._take()
        try:
            instance.ensure_running()
            return instance.invoke(headers, body, timeout)
        finally:
            self._give_back(instance)

    def resize(self, count: int) -> None:
        with self._resizing:
            missing = count - len(self._instances)
            if missing > 0:
                self._grow(missing)
            elif missing < 0:
                self._shrink(count)

    def abort(self) -> None:
        with self._changed:
            instances = [*self._instances, *self._starting]
        for instance in instances:
            instance.abort()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            instances = list(self._instances)
        _on_all(_Instance.remove, instances)

    def _new_instances(self, count: int) -> list["_Instance"]:
        return [_Instance(self._make_server(self.spec), self.spec.start_seconds) for _ in range(count)]

    def _take(self) -> "_Instance":
        with self._changed:
            if not self._instances:
                raise ApiError("ServiceUnavailable", f"Variant {self.spec.name} has no instances in service", 503)
            instance = self._instances[next(self._turns) % len(self._instances)]
            instance.active += 1
        return instance

    def _give_back(self, instance: "_Instance") -> None:
        with self._changed:
            instance.active -= 1
            if not instance.active:
                self._changed.notify_all()

    def _grow(self, missing: int) -> None:
        new = self._new_instances(missing)
        with self._changed:
            self._starting = new
        try:
            _on_all(_Instance.bring_up, new)
            self._admit(new)
        except BaseException as error:
            _on_all(_Instance.remove, new)
            raise as_failure(error) from error
        finally:
            with self._changed:
                self._starting = []

    def _admit(self, new: Sequence["_Instance"]) -> None:
        with self._changed:
            if self._closed:
                raise DeploymentFailed(f"Variant {self.spec.name} ended while its instances were starting.")
            self._instances = [*self._instances, *new]

    def _shrink(self, count: int) -> None:
        with self._changed:
            self._instances, surplus = self._instances[:count], self._instances[count:]
            self._changed.wait_for(lambda: not any(instance.active for instance in surplus), DRAIN_SECONDS)
        _on_all(_Instance.remove, surplus)


class ServerlessVariant:
    """One process for all requests (AWS: one container a concurrent request); none after a time without any."""

    def __init__(self, spec: VariantSpec, make_server: MakeServer, idle_seconds: float) -> None:
        self.spec = spec
        self._instance = _Instance(make_server(spec), spec.start_seconds)
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._active = 0
        self._last_used = time.monotonic()
        self._closed = False
        self._timer: threading.Timer | None = None

    @property
    def instance_count(self) -> int:
        return 0

    def start(self) -> None:
        self._instance.bring_up()
        self._watch_idleness()

    def resize(self, count: int) -> None:
        raise DeploymentFailed(f"Variant {self.spec.name} is serverless: it has no instances to count.")

    def invoke(self, headers: Mapping[str, str], body: bytes, timeout: float = INVOCATION_SECONDS) -> Invocation:
        concurrent = self._enter()
        try:
            setup = self._instance.ensure_running()
            done = self._instance.invoke(headers, body, timeout)
        finally:
            self._leave()
        if setup:
            self._watch_idleness()
        return replace(done, setup_seconds=setup, concurrent=concurrent)

    def abort(self) -> None:
        self._instance.abort()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._timer:
                self._timer.cancel()
        self._instance.remove()

    def _enter(self) -> int:
        with self._lock:
            limit = self.spec.max_concurrency
            if self._active >= limit:
                message = f"Rate exceeded: variant {self.spec.name} already serves {limit} requests, its MaxConcurrency"
                raise ApiError("ThrottlingException", message)
            self._active += 1
            return self._active

    def _leave(self) -> None:
        with self._lock:
            self._active -= 1
            self._last_used = time.monotonic()

    def _watch_idleness(self) -> None:
        with self._lock:
            self._last_used = time.monotonic()
            self._arm(self._idle_seconds)

    def _arm(self, seconds: float) -> None:
        """One timer a start of the process, not one a request: a timer is a thread."""
        if self._timer:
            self._timer.cancel()
        if not self._closed and not self.spec.provisioned_concurrency:
            self._timer = threading.Timer(seconds, self._scale_to_zero)
            self._timer.daemon = True
            self._timer.start()

    def _scale_to_zero(self) -> None:
        with self._lock:
            left = self._last_used + self._idle_seconds - time.monotonic()
            if self._closed:
                return
            if self._active or left > 0:
                self._arm(max(left, self._idle_seconds / 10))
            else:
                self._instance.stop()


class _Instance:
    """A server that is restarted when it is needed and not there: it crashed, or was scaled away."""

    def __init__(self, server: Server, start_seconds: float) -> None:
        self._server = server
        self._start_seconds = start_seconds
        self._lock = threading.Lock()
        self.active = 0
        """Requests under way: its variant counts them, under the variant's lock."""

    def bring_up(self) -> None:
        with self._lock:
            self._server.prepare()
            self._server.start(self._start_seconds)

    def ensure_running(self) -> float:
        """The seconds a start took; 0.0 when none was needed."""
        return 0.0 if self._server.running else self._start_again()

    def _start_again(self) -> float:
        begun = time.perf_counter()
        with self._lock:
            if self._server.running:
                return 0.0
            try:
                self._server.start(self._start_seconds)
            except DeploymentFailed as error:
                raise ApiError("ModelNotReadyException", str(error), 429) from error
        return time.perf_counter() - begun

    def invoke(self, headers: Mapping[str, str], body: bytes, timeout: float) -> Invocation:
        begun, ended = time.perf_counter(), False
        try:
            reply = self._server.invoke(headers, body, timeout)
        except TimeoutError:
            reply = _no_answer(
                "Your invocation timed out while waiting for a response from container primary. Review the latency "
                "metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
            )
        except HUNG_UP:
            ended = True
            reply = _no_answer("The container ended without a response; it is started again with the next request.")
        return Invocation(reply, time.perf_counter() - begun, ended=ended)

    def stop(self) -> None:
        with self._lock:
            self._server.stop()

    def abort(self) -> None:
        # Without the lock: whoever starts the server holds it until /ping is answered.
        self._server.abort()

    def remove(self) -> None:
        with self._lock:
            self._server.remove()


def _on_all(act: Callable[[_Instance], None], instances: Sequence[_Instance]) -> None:
    """At once; the first failure is raised when all are through."""
    if instances:
        with ThreadPoolExecutor(len(instances)) as pool:
            list(pool.map(act, instances))


def _no_answer(message: str) -> Reply:
    """Status 0 is how SageMaker reports that the container gave none."""
    return Reply(0, message.encode())


def server_maker(cloud: Cloud, directory: Path, endpoint: str) -> MakeServer:
    """Servers of one fleet of `endpoint`, each with a directory of its own below `directory`."""

    def make(spec: VariantSpec) -> ModelServer:
        instance = f"i-{uuid.uuid4().hex[:17]}"
        place = Place(directory / f"{spec.name}-{instance}", endpoint, spec.name, instance)
        return ModelServer(cloud, spec.model, place)

    return make
