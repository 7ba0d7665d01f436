"""How a fleet comes up behind an endpoint, or does not: SageMaker's create, update, rollback and delete, in threads."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from localcloud.cloud import Cloud
from localcloud.sagemaker.hosting.artifacts import DeploymentFailed
from localcloud.sagemaker.hosting.capacity import Desired, apply, restore
from localcloud.sagemaker.hosting.endpoint import Endpoint
from localcloud.sagemaker.hosting.failures import as_failure
from localcloud.sagemaker.hosting.fleet import Fleet
from localcloud.sagemaker.hosting.guardrails import Policy
from localcloud.sagemaker.hosting.opening import open_variant
from localcloud.sagemaker.hosting.rollout import ExecutionTime, Rollout, Stopping
from localcloud.sagemaker.hosting.update_switch import UpdateSwitch
from localcloud.sagemaker.hosting.variant_status import VariantStatus
from localcloud.sagemaker.hosting.variants import (
    IDLE_SECONDS,
    MakeServer,
    VariantSpec,
    server_maker,
)

_log = logging.getLogger(__name__)

DIRECTORY: Final = "endpoints"
_JOIN_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Update:
    """What UpdateEndpoint asks for; `switch` is what a test asked for beside it."""

    config_name: str
    specs: Sequence[VariantSpec]
    policy: Policy
    switch: UpdateSwitch


class Deployments:
    """`clock` is what a deployment's age is read from, in seconds."""

    def __init__(
        self,
        cloud: Cloud,
        servers: Callable[[Endpoint], MakeServer] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cloud = cloud
        self._servers = servers or self._model_servers
        self._clock = clock
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._fleets: set[Fleet] = set()
        self._clear_leftovers()

    def create(self, endpoint: Endpoint, specs: Sequence[VariantSpec]) -> None:
        self._in_background(lambda: self._create(endpoint, specs), f"create {endpoint.name}")

    def update(self, endpoint: Endpoint, old: Fleet, update: Update) -> None:
        self._in_background(lambda: self._update(endpoint, old, update), f"update {endpoint.name}")

    def change_capacity(self, endpoint: Endpoint, fleet: Fleet, desired: Sequence[Desired]) -> None:
        self._in_background(lambda: self._change_capacity(endpoint, fleet, desired), f"scale {endpoint.name}")

    def delete(self, endpoint: Endpoint, then: Callable[[], None]) -> None:
        def change() -> None:
            for fleet in endpoint.take_out_of_service():
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
            fleet = self._started(endpoint, endpoint.config_name, specs, _counts(specs))
        except DeploymentFailed as failure:
            endpoint.fail(str(failure))
        else:
            endpoint.go_live(fleet)

    def _update(self, endpoint: Endpoint, old: Fleet, update: Update) -> None:
        if not update.switch.release(endpoint, self._closing):
            return
        age = ExecutionTime(update.policy.timeout_seconds, self._clock)
        rollout = Rollout(self._cloud, endpoint, old, update.policy, self._closing, age)
        counts = rollout.first_counts(_counts(update.specs))
        try:
            new = self._started(endpoint, update.config_name, update.specs, counts)
        except DeploymentFailed as failure:
            self._stop_if_closing()
            endpoint.begin_rollback()
            endpoint.end_rollback(str(failure))
            return
        try:
            update.switch.check()
            rollout.run(new)
        except DeploymentFailed as failure:
            self._roll_back(endpoint, rollout, new, str(failure) or None)
        else:
            endpoint.go_live(new)
            self._retire(old)

    def _roll_back(self, endpoint: Endpoint, rollout: Rollout, new: Fleet, failure: str | None) -> None:
        self._stop_if_closing()
        endpoint.begin_rollback()
        try:
            rollout.undo(new)
        except DeploymentFailed as second:
            endpoint.fail_rollback(f"{failure} The way back failed as well: {second}")
            return
        self._retire(new)
        endpoint.end_rollback(failure)

    def _change_capacity(self, endpoint: Endpoint, fleet: Fleet, desired: Sequence[Desired]) -> None:
        before = {variant.spec.name: variant.spec for variant in fleet.variants}
        try:
            apply(endpoint, fleet, desired)
        except DeploymentFailed as failure:
            self._stop_if_closing()
            endpoint.begin_rollback()
            restore(endpoint, fleet, before)
            endpoint.end_rollback(str(failure))
        else:
            endpoint.settle()

    def _started(
        self, endpoint: Endpoint, config_name: str, specs: Sequence[VariantSpec], counts: Mapping[str, int]
    ) -> Fleet:
        """A fleet that answers, with so many instances by variant; DeploymentFailed with all of it gone again."""
        make_server = self._servers(endpoint)
        idle = IDLE_SECONDS * self._cloud.time_scale
        variants = [open_variant(spec, make_server, idle, counts[spec.name]) for spec in specs]
        fleet = Fleet(config_name, variants, seed=endpoint.name)
        with self._lock:
            self._fleets.add(fleet)
        try:
            _announce_launch(endpoint, specs, counts)
            fleet.start()
            if self._closing.is_set():
                raise DeploymentFailed("The local cloud is stopping.")
        except BaseException as error:
            self._retire(fleet)
            raise as_failure(error) from error
        return fleet

    def _stop_if_closing(self) -> None:
        """What fails while the cloud ends is not rolled back: nothing is started any more."""
        if self._closing.is_set():
            raise Stopping

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
            except Stopping:
                _log.info("%s ended with the cloud", name)
            except Exception:  # the thread's edge: nobody above would see it
                _log.exception("%s broke", name)
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()


def _counts(specs: Sequence[VariantSpec]) -> dict[str, int]:
    return {spec.name: spec.instance_count for spec in specs}


def _announce_launch(endpoint: Endpoint, specs: Sequence[VariantSpec], counts: Mapping[str, int]) -> None:
    if not specs[0].serverless:
        launching = {
            name: VariantStatus("Creating", f"Launching {count} instance(s).") for name, count in counts.items()
        }
        endpoint.report_pending(launching)
