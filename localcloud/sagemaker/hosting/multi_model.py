"""A variant whose requests name the model that is to answer: each is loaded when it is first asked for.

On SageMaker one container holds many models. Here each loaded model is a process of its own, with its own artifact and
its own code; the one that was not asked for the longest goes when an instance holds too many.
"""

import functools
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

from localcloud.api import ApiError
from localcloud.sagemaker.hosting.artifacts import ArtifactMissing, DeploymentFailed, S3Object
from localcloud.sagemaker.hosting.serving.wire import Reply
from localcloud.sagemaker.hosting.timed_server import TimedServer
from localcloud.sagemaker.hosting.variants import (
    DRAIN_SECONDS,
    INVOCATION_SECONDS,
    InstanceVariant,
    Invocation,
    MakeServer,
    VariantSpec,
)

# SageMaker's bound is the instance's memory. Models that answer at this moment may be more.
LOADED_PER_INSTANCE: Final = 8


@dataclass(frozen=True)
class Loading:
    """What a request's model cost, and how many models each instance holds after it."""

    seconds: Mapping[str, float]
    """By metric name; empty when the model was there."""
    cache_hit: bool
    loaded: Sequence[int]


class MultiModelVariant:
    """A model belongs to one instance, chosen by its name."""

    def __init__(
        self, spec: VariantSpec, make_server: MakeServer, count: int | None = None, limit: int = LOADED_PER_INSTANCE
    ) -> None:
        self.spec = spec
        self._make_shelf: Callable[[], Shelf] = lambda: Shelf(spec, make_server, limit)
        self._lock = threading.Lock()
        self._shelves = [self._make_shelf() for _ in range(spec.instance_count if count is None else count)]

    @property
    def instance_count(self) -> int:
        return len(self._shelves)

    def start(self) -> None:
        """Nothing runs until a model is asked for."""

    def resize(self, count: int) -> None:
        """Models that belong to another instance now are loaded there when they are next asked for."""
        with self._lock:
            kept, surplus = self._shelves[:count], self._shelves[count:]
            self._shelves = kept + [self._make_shelf() for _ in range(count - len(kept))]
            shelves = self._shelves
        for shelf in surplus:
            shelf.retire()
        for shelf in kept:
            shelf.keep_only(functools.partial(_is_home, shelves, shelf))

    def invoke(self, headers: Mapping[str, str], body: bytes, timeout: float = INVOCATION_SECONDS) -> Invocation:
        raise ApiError("ValidationError", f"Variant {self.spec.name} serves several models: name one in TargetModel")

    def invoke_target(self, target: str, headers: Mapping[str, str], body: bytes) -> tuple[Invocation, Loading]:
        """Raises ApiError ValidationError when there is no such artifact. A model that does not load answers 500."""
        check_target(target)
        shelf, model = self._taken(target)
        invocation, seconds, hit = shelf.invoke(target, model, headers, body)
        return invocation, Loading(seconds, hit, [each.loaded_count() for each in self._shelves])

    def abort(self) -> None:
        for shelf in self._shelves:
            shelf.abort()

    def close(self) -> None:
        shelves = self._shelves
        with ThreadPoolExecutor(max(1, len(shelves))) as pool:
            list(pool.map(Shelf.close, shelves))

    def _taken(self, target: str) -> tuple["Shelf", "_Model"]:
        # Under the lock: no resize may retire the shelf between the choice and the taking.
        with self._lock:
            shelf = _home(target, self._shelves)
            return shelf, shelf.take(target)


def _home(target: str, shelves: Sequence["Shelf"]) -> "Shelf":
    return shelves[zlib.crc32(target.encode()) % len(shelves)]


def _is_home(shelves: Sequence["Shelf"], shelf: "Shelf", target: str) -> bool:
    return _home(target, shelves) is shelf


@dataclass
class _Model:
    """`gate` is held by whoever loads it; `users` are the requests that need it."""

    gate: threading.Lock = field(default_factory=threading.Lock)
    starting: InstanceVariant | None = None
    server: InstanceVariant | None = None
    users: int = 0


class Shelf:
    """The models of one instance, the last used at the end."""

    def __init__(self, spec: VariantSpec, make_server: MakeServer, limit: int) -> None:
        self._spec = spec
        self._make_server = make_server
        self._limit = limit if spec.model.cached else 0
        self._lock = threading.Condition(threading.Lock())
        self._models: OrderedDict[str, _Model] = OrderedDict()
        self._closed = False

    def take(self, target: str) -> _Model:
        """Keep the target's model, loaded or not, from being unloaded. invoke() must follow."""
        with self._lock:
            if self._closed:
                raise ApiError("ModelNotReadyException", f"Variant {self._spec.name} is being taken away", 429)
            model = self._models.setdefault(target, _Model())
            self._models.move_to_end(target)
            model.users += 1
        return model

    def invoke(
        self, target: str, model: _Model, headers: Mapping[str, str], body: bytes
    ) -> tuple[Invocation, dict[str, float], bool]:
        """The answer, the seconds that loading and unloading took, and whether the model was there."""
        begun, hit = time.perf_counter(), model.server is not None
        seconds: dict[str, float] = {}
        try:
            with model.gate:
                if model.server is None:
                    model.server = self._loaded(target, model, seconds)
            if not hit:
                seconds["ModelLoadingWaitTime"] = time.perf_counter() - begun
            invocation = model.server.invoke(headers, body)
        except ArtifactMissing as error:
            raise ApiError("ValidationError", _missing(self._artifact(target))) from error
        except DeploymentFailed as error:
            invocation = Invocation(Reply(500, str(error).encode()), time.perf_counter() - begun)
        finally:
            self._give_back(target, model)
        return invocation, seconds | self._make_room(), hit

    def loaded_count(self) -> int:
        with self._lock:
            return sum(model.server is not None for model in self._models.values())

    def keep_only(self, wanted: Callable[[str], bool]) -> None:
        """Unload the other models, but for those in use."""
        with self._lock:
            found = [target for target, model in self._models.items() if not model.users and not wanted(target)]
            models = [self._models.pop(target) for target in found]
        for model in models:
            if model.server:
                model.server.close()

    def retire(self) -> None:
        """Close when the requests under way are answered. No new one may come."""
        with self._lock:
            self._lock.wait_for(lambda: not any(model.users for model in self._models.values()), DRAIN_SECONDS)
        self.close()

    def abort(self) -> None:
        """Kill the processes, also those that are starting in other threads; close() must follow."""
        with self._lock:
            self._closed = True
            servers = [server for model in self._models.values() for server in (model.starting, model.server)]
        for server in filter(None, servers):
            server.abort()

    def close(self) -> None:
        self.abort()
        with self._lock:
            models = list(self._models.values())
            self._models.clear()
        for model in models:
            with model.gate:
                if model.server:
                    model.server.close()

    def _give_back(self, target: str, model: _Model) -> None:
        with self._lock:
            model.users -= 1
            if model.server is None and not model.users and self._models.get(target) is model:
                del self._models[target]
            self._lock.notify_all()

    def _loaded(self, target: str, model: _Model, seconds: dict[str, float]) -> InstanceVariant:
        """A server for the target, in operation; `seconds` gets what it took. Raises DeploymentFailed."""
        one = replace(self._spec.model, artifact=self._artifact(target), multi_model=False)
        spec = replace(self._spec, model=one, instance_count=1)
        server = InstanceVariant(spec, lambda each: TimedServer(self._make_server(each), seconds))
        self._begin(model, server)
        try:
            server.start()
        except BaseException:
            server.close()
            raise
        finally:
            model.starting = None
        return server

    def _begin(self, model: _Model, server: InstanceVariant) -> None:
        with self._lock:
            if self._closed:
                raise DeploymentFailed(f"Variant {self._spec.name} is being taken away")
            model.starting = server

    def _artifact(self, target: str) -> S3Object:
        prefix = self._spec.model.artifact
        return S3Object(prefix.bucket, f"{prefix.key.rstrip('/')}/{target}")

    def _make_room(self) -> dict[str, float]:
        """Unload what is too many and not in use. The seconds that it took, by metric name."""
        begun, unloaded = time.perf_counter(), False
        while model := self._too_many():
            unloaded = True
            if model.server:
                model.server.close()
        return {"ModelUnloadingTime": time.perf_counter() - begun} if unloaded else {}

    def _too_many(self) -> _Model | None:
        with self._lock:
            loaded = [(target, model) for target, model in self._models.items() if model.server]
            idle = [target for target, model in loaded if not model.users]
            return self._models.pop(idle[0]) if idle and len(loaded) > self._limit else None


def check_target(target: str) -> None:
    """Raises ApiError ValidationError for what is no path below the model's prefix."""
    if any(part in ("", ".", "..") for part in target.split("/")):
        raise ApiError(
            "ValidationError",
            f"TargetModel is '{target}'; it must be the path of a tar.gz file below the model's ModelDataUrl, without "
            "a leading slash and without '..'",
        )


def _missing(artifact: S3Object) -> str:
    return (
        f"Failed to download model data(bucket: {artifact.bucket}, key: {artifact.key}). Please ensure that there is "
        "an object located at the URL and that the role passed to CreateModel has permissions to download the model."
    )
