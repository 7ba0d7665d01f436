"""What serves a model now, what is on its way, and what served before."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sluice.aws.table import Item, StateTable, model_key
from sluice.rollout import PackageRef, Production


@dataclass(frozen=True)
class Deployment:
    """A version that was asked for: the endpoint config that must come to serve."""

    package: PackageRef
    config_name: str
    cause: str
    """Identifies what asked for it: the same cause, delivered twice, is the same deployment."""
    reason: str
    requested_by: str
    requested_at: datetime


@dataclass(frozen=True)
class Retiring:
    """An endpoint that traffic has left: another one, of another mode, has the model's alias."""

    endpoint_name: str
    after: datetime
    """From when on it may be removed."""


@dataclass(frozen=True)
class ProductionRecord:
    """One item per model; `revision` guards against two writers."""

    model: str
    revision: int = 0
    live: Deployment | None = None
    arriving: Deployment | None = None
    previous: Deployment | None = None
    queued: Deployment | None = None
    """Asked for while another deployment was under way: started when that one has settled."""
    retiring: tuple[Retiring, ...] = ()

    @property
    def packages(self) -> Production:
        def package(deployment: Deployment | None) -> PackageRef | None:
            return deployment.package if deployment else None

        return Production(package(self.live), package(self.queued or self.arriving), package(self.previous))

    def starting(self, deployment: Deployment) -> "ProductionRecord":
        return replace(self, arriving=deployment, queued=None)

    def queueing(self, deployment: Deployment) -> "ProductionRecord":
        return replace(self, queued=deployment)

    def deployed(self) -> "ProductionRecord":
        """The arriving version serves; the one that served before becomes the previous."""
        previous = self.live if self.live and self.live.package != self._arriving.package else self.previous
        return replace(self, live=self._arriving, previous=previous, arriving=None)

    def failed(self) -> "ProductionRecord":
        return replace(self, arriving=None)

    @property
    def _arriving(self) -> Deployment:
        if self.arriving is None:
            raise ValueError(f"no deployment of {self.model} is under way")
        return self.arriving


@dataclass(frozen=True)
class ProductionStates:
    table: StateTable
    now: Callable[[], datetime]

    def get(self, model: str) -> ProductionRecord:
        item = self.table.get(model_key(model), "PRODUCTION")
        return _record(model, item) if item else ProductionRecord(model)

    def put(self, record: ProductionRecord) -> bool:
        """Write the record as its next revision; False when somebody else wrote since it was read."""
        item: Item = {
            "pk": model_key(record.model),
            "sk": "PRODUCTION",
            "revision": record.revision + 1,
            "changed_at": self.now().isoformat(timespec="seconds"),
            "live": _deployment_item(record.live),
            "arriving": _deployment_item(record.arriving),
            "previous": _deployment_item(record.previous),
            "queued": _deployment_item(record.queued),
            "retiring": [{**asdict(one), "after": one.after.isoformat()} for one in record.retiring],
        }
        return self.table.put(item, "attribute_not_exists(pk) OR revision = :seen", {":seen": record.revision})


def _record(model: str, item: Item) -> ProductionRecord:
    return ProductionRecord(
        model=model,
        revision=int(item["revision"]),
        live=_deployment(item.get("live")),
        arriving=_deployment(item.get("arriving")),
        previous=_deployment(item.get("previous")),
        queued=_deployment(item.get("queued")),
        retiring=tuple(
            Retiring(one["endpoint_name"], datetime.fromisoformat(one["after"])) for one in item.get("retiring") or ()
        ),
    )


def _deployment_item(deployment: Deployment | None) -> dict[str, Any] | None:
    if deployment is None:
        return None
    return {**asdict(deployment), "requested_at": deployment.requested_at.isoformat()}


def _deployment(item: dict[str, Any] | None) -> Deployment | None:
    if item is None:
        return None
    return Deployment(
        package=PackageRef(item["package"]["arn"], int(item["package"]["version"])),
        config_name=item["config_name"],
        cause=item["cause"],
        reason=item["reason"],
        requested_by=item["requested_by"],
        requested_at=datetime.fromisoformat(item["requested_at"]),
    )
