"""How a fleet comes up behind an endpoint, or does not: SageMaker's create, update, rollback and delete, in threads."""

import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from typing import Final

from localcloud.api import ApiError
from localcloud.cloud import Cloud
from localcloud.sagemaker.hosting.artifacts import DeploymentFailed
from localcloud.sagemaker.hosting.endpoint import Endpoint
from localcloud.sagemaker.hosting.fleet import Fleet
from localcloud.sagemaker.hosting.opening import open_variant
from localcloud.sagemaker.hosting.variants import (
    IDLE_SECONDS,
    MakeServer,
    VariantSpec,
    server_maker,
)

_log = logging.getLogger(__name__)

DIRECTORY: Final = "endpoints"
_JOIN_SECONDS: Final = 10.0

Directive = str
"""What a test asks of the next update: "rollback" (silently back to the old config), "fail" (the same with a
FailureReason), or "" (nothing)."""


class Deployments:
    def __init__(self, cloud: Cloud, servers: Callable[[Endpoint], MakeServer] | None = None) -> None:
        self._cloud = cloud
        self._servers = servers or self._model_servers
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._fleets: set[Fleet] = set()
        self._clear_leftovers()

    def create(self, endpoint: Endpoint, specs: Sequence[VariantSpec]) -> None:
        self._in_background(lambda: self._create(endpoint, specs), f"create {endpoint.name}")

    def update(self, endpoint: Endpoint, config_name: str, specs: Sequence[VariantSpec], directive: Directive) -> None:
        change = lambda: self._update(endpoint, config_name, specs, directive)  # noqa: E731
        self._in_background(change, f"update {endpoint.name}")

    def delete(self, endpoint: Endpoint, then: Callable[[], None]) -> None:
        def change() -> None:
            fleet = endpoint.take_out_of_service()
            if fleet:
                self._retire(fleet)
            then()

        self._in_background(change, f"delete {endpoint.name}")

    def close(self) -> None:
        """End every process. A fleet that is only coming up fails, and its own thread clears it away."""
        self._closing.set()
        with self._lock:
            fleets, threads = set(self._fleets), set(self._threads)
        for fleet in fleets:
            fleet.abort()
        for thread in threads:
            thread.join(_JOIN_SECONDS)
        with self._lock:
            live, self._fleets = self._fleets, set()
        for fleet in live:
            fleet.close()

    def _create(self, endpoint: Endpoint, specs: Sequence[VariantSpec]) -> None:
        try:
            fleet = self._started(endpoint, endpoint.config_name, specs)
        except DeploymentFailed as failure:
            endpoint.fail(str(failure))
        else:
            endpoint.go_live(fleet)

    def _update(self, endpoint: Endpoint, config_name: str, specs: Sequence[VariantSpec], directive: Directive) -> None:
        try:
            fleet = self._started(endpoint, config_name, specs)
        except DeploymentFailed as failure:
            endpoint.roll_back(str(failure))
            return
        if directive:
            self._retire(fleet)
            told = "The deployment was rolled back, as the endpoint's tag localcloud:next-update asked."
            endpoint.roll_back(told if directive == "fail" else None)
            return
        old = endpoint.go_live(fleet)
        if old:
            self._retire(old)

    def _started(self, endpoint: Endpoint, config_name: str, specs: Sequence[VariantSpec]) -> Fleet:
        """A fleet that answers; DeploymentFailed with everything of it gone again."""
        make_server = self._servers(endpoint)
        idle = IDLE_SECONDS * self._cloud.time_scale
        fleet = Fleet(config_name, [open_variant(spec, make_server, idle) for spec in specs], seed=endpoint.name)
        with self._lock:
            self._fleets.add(fleet)
        try:
            fleet.start()
            if self._closing.is_set():
                raise DeploymentFailed("The local cloud is stopping.")
        except BaseException as error:
            self._retire(fleet)
            raise _as_failure(error) from error
        return fleet

    def _retire(self, fleet: Fleet) -> None:
        fleet.retire()
        with self._lock:
            self._fleets.discard(fleet)

    def _clear_leftovers(self) -> None:
        """Containers of a cloud that was killed; their logs stay."""
        for leftover in self._cloud.state_dir.glob(f"{DIRECTORY}/*/*/"):
            shutil.rmtree(leftover, ignore_errors=True)

    def _model_servers(self, endpoint: Endpoint) -> MakeServer:
        parent = self._cloud.state_dir / DIRECTORY / endpoint.name
        parent.mkdir(parents=True, exist_ok=True)
        return server_maker(self._cloud, parent, endpoint.name)

    def _in_background(self, change: Callable[[], None], name: str) -> None:
        def run() -> None:
            try:
                change()
            except Exception:  # the thread's edge: nobody above would see it
                _log.exception("%s broke", name)
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()


def _as_failure(error: BaseException) -> DeploymentFailed:
    """The FailureReason of whatever kept a fleet from starting: a role that is gone is the user's, the rest is ours."""
    if isinstance(error, DeploymentFailed):
        return error
    if isinstance(error, ApiError):
        return DeploymentFailed(error.message)
    _log.error("A fleet did not start", exc_info=error)
    return DeploymentFailed(f"The local cloud failed: {error!r}")
