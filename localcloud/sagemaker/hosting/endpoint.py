"""One endpoint as it lives: its status, the fleets that answer, and the change under way."""

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.sagemaker.hosting.fleet import Fleet
from localcloud.sagemaker.hosting.variant_status import (
    PendingDeployment,
    VariantStatus,
    live_variants,
    shadow_variants,
)

# DescribeEndpoint's status and the one in the event of the same change.
EVENT_STATUS: Final = {
    "Creating": "CREATING",
    "InService": "IN_SERVICE",
    "Failed": "FAILED",
    "Updating": "UPDATING",
    "RollingBack": "ROLLING_BACK",
    "UpdateRollbackFailed": "UPDATE_ROLLBACK_FAILED",
    "Deleting": "DELETING",
}
IN_PROGRESS: Final = ("Creating", "Updating", "RollingBack", "Deleting")

MAX_REASON: Final = 1024
"""How long DescribeEndpoint's FailureReason may be."""

STATE_EVENT: Final = "SageMaker Endpoint State Change"
DEPLOYMENT_EVENT: Final = "SageMaker Endpoint Deployment State Change"

# The endpoint, and which of the two events.
Announce = Callable[["Endpoint", str], None]


class Endpoint:
    """`announce` is called after each change of status, of its own or of a variant, outside the lock."""

    def __init__(self, name: str, arn: str, pending: PendingDeployment, announce: Announce) -> None:
        self.name = name
        self.arn = arn
        self._announce = announce
        self._lock = threading.RLock()
        self._config_name = pending.config_name
        self._status = "Creating"
        self._failure: str | None = None
        self._created = self._modified = self._deployed = datetime.now(UTC)
        self._fleet: Fleet | None = None
        self._incoming: Fleet | None = None
        self._incoming_share = 0.0
        self._random = random.Random(f"{name}: which fleet")
        self._pending: PendingDeployment | None = pending
        self._statuses: Mapping[str, VariantStatus] = {}
        self._deployment_config: Mapping[str, Any] | None = None
        self._abandoned: threading.Event | None = None

    @property
    def status(self) -> str:
        return self._status

    @property
    def config_name(self) -> str:
        """The config that answers now, or was asked for when the endpoint was created."""
        return self._config_name

    @property
    def fleet(self) -> Fleet | None:
        """The fleet in service; during a shift, the old one."""
        return self._fleet

    @property
    def deployment_config(self) -> Mapping[str, Any] | None:
        """The last deployment's, as the request gave it."""
        return self._deployment_config

    @property
    def serverless(self) -> bool:
        return self._fleet is not None and self._fleet.variants[0].spec.serverless

    def variant_names(self) -> list[str]:
        with self._lock:
            return [variant.spec.name for variant in self._fleet.variants] if self._fleet else []

    def announce(self) -> None:
        self._announce(self, STATE_EVENT)

    def remember(self, deployment_config: Mapping[str, Any] | None) -> None:
        with self._lock:
            self._deployment_config = deployment_config

    def begin(self, status: str, pending: PendingDeployment | None = None) -> bool:
        """Take the endpoint for one change; False when another is under way. A hanging update may be deleted."""
        with self._lock:
            if self._status in IN_PROGRESS and not (status == "Deleting" and self._abandoned):
                return False
            if self._abandoned:
                self._abandoned.set()
            self._pending = pending
            self._move(status)
        self.announce()
        return True

    @contextmanager
    def hanging(self) -> Iterator[threading.Event]:
        """For as long as an update hangs, the endpoint may be deleted: the event is set then."""
        with self._lock:
            self._abandoned = threading.Event()
        try:
            yield self._abandoned
        finally:
            with self._lock:
                self._abandoned = None

    def report_pending(self, statuses: Mapping[str, VariantStatus], active: Mapping[str, int] | None = None) -> None:
        """What the variants to come are at, and how many of their instances have traffic."""
        with self._lock:
            if self._pending is None:
                return
            self._pending.statuses = statuses
            self._pending.active = self._pending.active if active is None else active
        self._announce(self, DEPLOYMENT_EVENT)

    def report_live(self, statuses: Mapping[str, VariantStatus]) -> None:
        """What the variants in service are at."""
        with self._lock:
            self._statuses = statuses
        self._announce(self, DEPLOYMENT_EVENT)

    def shift(self, fleet: Fleet | None, share: float) -> None:
        """From the next request on, `fleet` answers this share of them; None: the fleet in service answers all."""
        with self._lock:
            self._incoming, self._incoming_share = fleet, share

    def begin_rollback(self) -> None:
        self._become("RollingBack")

    def end_rollback(self, failure: str | None) -> None:
        """The old fleet has everything again."""
        with self._lock:
            self._pending = None
            self._failure = failure[:MAX_REASON] if failure else None
        self._become("InService")

    def fail_rollback(self, failure: str) -> None:
        """Both fleets stay, and share the traffic as they did last."""
        self._failure = failure[:MAX_REASON]
        self._become("UpdateRollbackFailed")

    def fail(self, failure: str) -> None:
        with self._lock:
            self._pending = None
            self._failure = failure[:MAX_REASON]
        self._become("Failed")

    def go_live(self, fleet: Fleet) -> Fleet | None:
        """All traffic is `fleet`'s. Returns the fleet that is out of use now."""
        with self._lock:
            old, self._fleet = self._fleet, fleet
            self.shift(None, 0.0)
            self._config_name = fleet.config_name
            self._pending = self._failure = None
            self._deployed = datetime.now(UTC)
            self._move("InService")
        self.announce()
        return old

    def settle(self) -> None:
        """A change of weights or capacity is through."""
        with self._lock:
            self._failure = None
        self._become("InService")

    def take_out_of_service(self) -> list[Fleet]:
        with self._lock:
            fleets = [fleet for fleet in (self._fleet, self._incoming) if fleet]
            self._fleet = self._incoming = None
        return fleets

    @contextmanager
    def serving(self) -> Iterator[Fleet | None]:
        """The fleet that answers this request, kept from ending for as long as it lasts; None when there is none."""
        with self._lock:
            fleet = self._fleet
            if self._incoming and self._random.random() < self._incoming_share:
                fleet = self._incoming
            if fleet:
                fleet.enter()
        try:
            yield fleet
        finally:
            if fleet:
                fleet.leave()

    def describe(self) -> dict[str, Any]:
        with self._lock:
            variants = live_variants(self._fleet, self._deployed, self._statuses) if self._fleet else None
            return {
                "EndpointName": self.name,
                "EndpointArn": self.arn,
                "EndpointConfigName": self._config_name,
                "ProductionVariants": variants,
                "EndpointStatus": self._status,
                "FailureReason": self._failure,
                "CreationTime": self._created,
                "LastModifiedTime": self._modified,
                "LastDeploymentConfig": self._deployment_config,
                "PendingDeploymentSummary": self._pending.described() if self._pending else None,
                **self._modes(),
            }

    def _modes(self) -> dict[str, Any]:
        """How the live fleet serves, beside its variants. A mode is one for all variants of a config."""
        if self._fleet is None:
            return {}
        spec = self._fleet.variants[0].spec
        return {
            "DataCaptureConfig": spec.capture.summary() if spec.capture else None,
            "AsyncInferenceConfig": spec.asynchronous.config if spec.asynchronous else None,
            "ShadowProductionVariants": shadow_variants(self._fleet, self._deployed) or None,
        }

    def _become(self, status: str) -> None:
        with self._lock:
            self._move(status)
        self.announce()

    def _move(self, status: str) -> None:
        self._status = status
        self._modified = datetime.now(UTC)
        if status not in IN_PROGRESS:
            self._statuses = {}
