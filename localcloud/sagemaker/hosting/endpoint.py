"""One endpoint as it lives: its status, the fleet that answers, and the change under way."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.sagemaker.hosting.fleet import Fleet
from localcloud.sagemaker.hosting.shadow import ShadowedVariant
from localcloud.sagemaker.hosting.variants import Variant

# DescribeEndpoint's status and the one in the event of the same change.
EVENT_STATUS: Final = {
    "Creating": "CREATING",
    "InService": "IN_SERVICE",
    "Failed": "FAILED",
    "Updating": "UPDATING",
    "RollingBack": "ROLLING_BACK",
    "Deleting": "DELETING",
}
IN_PROGRESS: Final = ("Creating", "Updating", "RollingBack", "Deleting")

Announce = Callable[["Endpoint"], None]


class Endpoint:
    """`announce` is called after each change of status, outside the lock."""

    def __init__(self, name: str, arn: str, config_name: str, announce: Announce) -> None:
        self.name = name
        self.arn = arn
        self._announce = announce
        self._lock = threading.RLock()
        self._config_name = config_name
        self._status = "Creating"
        self._failure: str | None = None
        self._created = self._modified = datetime.now(UTC)
        self._fleet: Fleet | None = None
        self._pending: tuple[str, datetime] | None = None
        self._deployed = self._created

    @property
    def status(self) -> str:
        return self._status

    @property
    def config_name(self) -> str:
        """The config that answers now, or was asked for when the endpoint was created."""
        return self._config_name

    @property
    def serverless(self) -> bool:
        return self._fleet is not None and self._fleet.variants[0].spec.serverless

    def variant_names(self) -> list[str]:
        with self._lock:
            return [variant.spec.name for variant in self._fleet.variants] if self._fleet else []

    def announce(self) -> None:
        self._announce(self)

    def begin(self, status: str, config_name: str | None = None) -> bool:
        """Take the endpoint for one change; False when another is under way."""
        with self._lock:
            if self._status in IN_PROGRESS:
                return False
            self._pending = (config_name, datetime.now(UTC)) if config_name else None
            self._move(status)
        self.announce()
        return True

    def roll_back(self, failure: str | None) -> None:
        """The new fleet is given up; the old one never stopped answering."""
        self._become("RollingBack")
        with self._lock:
            self._pending = None
            self._failure = failure
        self._become("InService")

    def fail(self, failure: str) -> None:
        self._failure = failure
        self._become("Failed")

    def go_live(self, fleet: Fleet) -> Fleet | None:
        """Traffic moves to `fleet`. Returns the fleet that is out of use now."""
        with self._lock:
            old, self._fleet = self._fleet, fleet
            self._config_name = fleet.config_name
            self._pending = self._failure = None
            self._deployed = datetime.now(UTC)
            self._move("InService")
        self.announce()
        return old

    def take_out_of_service(self) -> Fleet | None:
        with self._lock:
            fleet, self._fleet = self._fleet, None
        return fleet

    @contextmanager
    def serving(self) -> Iterator[Fleet | None]:
        """The fleet that answers, kept from ending for as long as the request lasts; None when there is none."""
        with self._lock:
            fleet = self._fleet
            if fleet:
                fleet.enter()
        try:
            yield fleet
        finally:
            if fleet:
                fleet.leave()

    def describe(self) -> dict[str, Any]:
        with self._lock:
            return {
                "EndpointName": self.name,
                "EndpointArn": self.arn,
                "EndpointConfigName": self._config_name,
                "ProductionVariants": self._variants(),
                "EndpointStatus": self._status,
                "FailureReason": self._failure,
                "CreationTime": self._created,
                "LastModifiedTime": self._modified,
                "PendingDeploymentSummary": self._pending_summary(),
                **self._modes(),
            }

    def _variants(self) -> list[Mapping[str, Any]] | None:
        if self._fleet is None:
            return None
        return [_summary(variant, self._deployed) for variant in self._fleet.variants]

    def _modes(self) -> dict[str, Any]:
        """How the live fleet serves, beside its variants. A mode is one for all variants of a config."""
        if self._fleet is None:
            return {}
        spec = self._fleet.variants[0].spec
        shadows = [variant.shadow for variant in self._fleet.variants if isinstance(variant, ShadowedVariant)]
        return {
            "DataCaptureConfig": spec.capture.summary() if spec.capture else None,
            "AsyncInferenceConfig": spec.asynchronous.config if spec.asynchronous else None,
            "ShadowProductionVariants": [_summary(shadow, self._deployed) for shadow in shadows] or None,
        }

    def _pending_summary(self) -> dict[str, Any] | None:
        if self._pending is None:
            return None
        return {"EndpointConfigName": self._pending[0], "StartTime": self._pending[1]}

    def _become(self, status: str) -> None:
        with self._lock:
            self._move(status)
        self.announce()

    def _move(self, status: str) -> None:
        self._status = status
        self._modified = datetime.now(UTC)


def _summary(variant: Variant, deployed: datetime) -> dict[str, Any]:
    spec = variant.spec
    image = {"SpecifiedImage": spec.model.image, "ResolvedImage": spec.model.image, "ResolutionTime": deployed}
    summary = {
        "VariantName": spec.name,
        "DeployedImages": [image],
        "CurrentWeight": spec.weight,
        "DesiredWeight": spec.weight,
        "CurrentInstanceCount": spec.instance_count,
    }
    if not spec.serverless:
        return summary | {"DesiredInstanceCount": spec.instance_count}
    config = {"MemorySizeInMB": spec.memory_mb, "MaxConcurrency": spec.max_concurrency}
    if spec.provisioned_concurrency:
        config["ProvisionedConcurrency"] = spec.provisioned_concurrency
    return summary | {"CurrentServerlessConfig": config}
