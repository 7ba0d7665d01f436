"""What serves a model now, what is on its way, what is tried beside it, and what served before."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from pydantic import TypeAdapter

from sluice.aws.table import Item, StateTable, model_key
from sluice.definition.deployment import Mode
from sluice.errors import TransientError
from sluice.rollout import PackageRef, Production

_REMEMBERED = 20
"""Versions that served."""

_DECISIONS = 3
"""On a record that somebody else changes between its reading and its writing."""

Decided = TypeVar("Decided")


class RecordChangedError(TransientError):
    """Somebody else wrote the production record since it was read: what was decided on it may be wrong."""


@dataclass(frozen=True)
class Step:
    """The challenger's share of the requests, in %, and how long it is held."""

    share_percent: float
    hold_seconds: float


@dataclass(frozen=True)
class Trial:
    """The deployed version answers beside the champion (ab-test), or gets copies of its requests (shadow)."""

    kind: Literal["ab-test", "shadow"]
    champion: PackageRef
    share_percent: float
    """The challenger's at first."""
    steps: tuple[Step, ...] = ()
    """Walked by the rollout state machine. None: the shares stay as they are until a person changes them."""


@dataclass(frozen=True)
class Deployment:
    """A version that was asked for: the endpoint, and the config that it must come to serve."""

    package: PackageRef
    config_name: str
    cause: str
    """Identifies what asked for it: the same cause, delivered twice, is the same deployment."""
    reason: str
    requested_by: str
    requested_at: datetime
    endpoint_name: str
    mode: Mode
    way_back: bool = False
    leaves: PackageRef | None = None
    """Of a rollback: the version that was in production, and is rejected."""
    trial: Trial | None = None
    target_model: str | None = None
    """Of a multi-model endpoint."""
    begun: bool = False
    """SageMaker has accepted the update: from then on an endpoint that serves another config has rolled it back."""


@dataclass(frozen=True)
class Retiring:
    """An endpoint that traffic has left: removed after its grace time."""

    endpoint_name: str
    after: datetime


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
    trial: Deployment | None = None
    retiring: tuple[Retiring, ...] = ()
    served: tuple[PackageRef, ...] = ()
    """What has been live, the last one first: what a rollback may go back to."""
    settled_at: datetime | None = None
    """When the last deployment ended, well or not: an alarm that fired before that was about it."""

    @property
    def packages(self) -> Production:
        def package(deployment: Deployment | None) -> PackageRef | None:
            return deployment.package if deployment else None

        return Production(
            live=package(self.live),
            arriving=package(self.arriving),
            previous=package(self.previous),
            trial=package(self.trial),
            queued=package(self.queued),
            served=self.served,
        )

    def known(self, package: PackageRef) -> Deployment | None:
        """The deployment that brought the package, where it serves or served last."""
        return next((each for each in (self.live, self.previous) if each and each.package == package), None)

    def begun_by(self, cause: str) -> Deployment | None:
        """What an earlier delivery of `cause` began, where it arrives or is live by now."""
        return next((each for each in (self.arriving, self.live) if each and each.cause == cause), None)

    def has_come(self, cause: str) -> bool:
        """Whether what `cause` asked for has arrived already."""
        return any(each is not None and each.cause == cause for each in (self.live, self.trial))

    def starting(self, deployment: Deployment) -> "ProductionRecord":
        return replace(self, arriving=deployment, queued=None)

    def queueing(self, deployment: Deployment) -> "ProductionRecord":
        """What arrives under the same cause has not begun after all."""
        arriving = self.arriving if self.arriving and self.arriving.cause != deployment.cause else None
        return replace(self, queued=deployment, arriving=arriving)

    def begun(self) -> "ProductionRecord":
        return replace(self, arriving=replace(self._arriving, begun=True))

    def refused(self, cause: str, now: datetime) -> "ProductionRecord":
        """What `cause` asked for does not come; what somebody else asked for is left alone."""
        arriving = self.arriving if self.arriving and self.arriving.cause != cause else None
        queued = self.queued if self.queued and self.queued.cause != cause else None
        return replace(self, arriving=arriving, queued=queued, settled_at=now)

    def deployed(self, now: datetime, grace: timedelta) -> "ProductionRecord":
        """The arriving version serves; the one that served before becomes the previous.

        A trial leaves the champion where it is. An endpoint that traffic left is kept for `grace`.
        """
        arriving = replace(self._arriving, begun=True)  # also where its beginning was not written down
        if arriving.trial is not None:
            return replace(self, trial=arriving, arriving=None, settled_at=now)
        left = self.live
        previous = left if left and left.package != arriving.package else self.previous
        retiring = [each for each in self.retiring if each.endpoint_name != arriving.endpoint_name]
        if left and left.endpoint_name != arriving.endpoint_name and left.mode != "multi-model":
            retiring.append(Retiring(left.endpoint_name, now + grace))
        return replace(
            self,
            live=arriving,
            previous=previous,
            arriving=None,
            trial=None,
            retiring=tuple(retiring),
            served=(arriving.package, *(each for each in self.served if each != arriving.package))[:_REMEMBERED],
            settled_at=now,
        )

    def failed(self, now: datetime) -> "ProductionRecord":
        return replace(self, arriving=None, settled_at=now)

    def without_live(self) -> "ProductionRecord":
        """Nothing that counts serves: the endpoint is gone, or on a config that nobody judged. Whichever version is
        deployed next is a change."""
        return replace(self, live=None, trial=None, previous=self.live or self.previous)

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
            "settled_at": record.settled_at.isoformat() if record.settled_at else None,
            "served": _SERVED.dump_json(record.served).decode(),
            "retiring": _RETIRING.dump_json(record.retiring).decode(),
        }
        for role in _ROLES:
            deployment = getattr(record, role)
            item[role] = _DEPLOYMENT.dump_json(deployment).decode() if deployment else None
        return self.table.put(item, "attribute_not_exists(pk) OR revision = :seen", {":seen": record.revision})

    def save(self, record: ProductionRecord) -> None:
        """`put`; raises RecordChangedError when somebody else wrote since the record was read."""
        if not self.put(record):
            raise RecordChangedError(f"the production record of {record.model} changed meanwhile: to be tried again")


def on_the_latest_record(decide: Callable[[], Decided]) -> Decided:
    """Decide anew, from reading the record on, where somebody else changed it meanwhile: as a redelivery would, but
    without its minute and its error. So `decide` must be what a redelivery may repeat.

    Raises RecordChangedError when that happens again and again.
    """
    for _ in range(_DECISIONS - 1):
        try:
            return decide()
        except RecordChangedError:
            continue
    return decide()


# A text each: DynamoDB takes no fractions as JSON has them.
_DEPLOYMENT = TypeAdapter(Deployment)
_RETIRING = TypeAdapter(tuple[Retiring, ...])
_SERVED = TypeAdapter(tuple[PackageRef, ...])
_ROLES = ("live", "arriving", "previous", "queued", "trial")


def _record(model: str, item: Item) -> ProductionRecord:
    deployments = {role: _DEPLOYMENT.validate_json(item[role]) for role in _ROLES if item.get(role)}
    retiring = _RETIRING.validate_json(item.get("retiring", "[]"))
    served = _SERVED.validate_json(item.get("served", "[]"))
    settled = datetime.fromisoformat(item["settled_at"]) if item.get("settled_at") else None
    return ProductionRecord(
        model=model, revision=int(item["revision"]), retiring=retiring, served=served, settled_at=settled, **deployments
    )
