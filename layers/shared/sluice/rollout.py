"""What to do when a package's approval changes or an endpoint settles. Pure decisions, each with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sluice.events.model_package import ApprovalStatus


@dataclass(frozen=True)
class PackageRef:
    arn: str
    version: int


@dataclass(frozen=True)
class Deploy:
    package: PackageRef
    reason: str


@dataclass(frozen=True)
class AskForHelp:
    """Nothing can be done without a person."""

    reason: str


@dataclass(frozen=True)
class Ignore:
    reason: str


@dataclass(frozen=True)
class Production:
    """What serves now, what is on its way, and what served before."""

    live: PackageRef | None = None
    arriving: PackageRef | None = None
    previous: PackageRef | None = None

    @property
    def intended(self) -> PackageRef | None:
        return self.arriving or self.live


def on_approval_change(
    package: PackageRef,
    status: ApprovalStatus,
    production: Production,
    approved: Sequence[PackageRef],
) -> Deploy | AskForHelp | Ignore:
    """Approved: deploy it. Rejected while it serves or arrives: go back to the last good version.

    `approved`: the group's packages that are approved now.
    """
    if status == "Approved":
        if production.intended == package:
            return Ignore(f"version {package.version} is already in production or on its way")
        return Deploy(package, f"version {package.version} was approved")
    if status == "PendingManualApproval":
        return Ignore(f"version {package.version} waits for an approval")
    if production.intended != package:
        return Ignore(f"version {package.version} was rejected and is not in production")
    target = rollback_target(package, production, approved)
    if target is None:
        return AskForHelp(
            f"version {package.version} was rejected while in production, and no other version is approved: "
            "it stays in service until another version is approved or the endpoint is deleted"
        )
    return Deploy(target, f"version {package.version} was rejected: back to version {target.version}")


def rollback_target(rejected: PackageRef, production: Production, approved: Sequence[PackageRef]) -> PackageRef | None:
    """The version that served last, if it is still approved; else the newest that is."""
    candidates = [package for package in approved if package != rejected]
    for known_good in (production.live, production.previous):
        if known_good is not None and known_good in candidates:
            return known_good
    return max(candidates, key=lambda package: package.version, default=None)


@dataclass(frozen=True)
class Settled:
    """How a deployment ended."""

    outcome: Literal["deployed", "failed"]
    reason: str


def on_endpoint_change(status: str, config: str, wanted_config: str, failure_reason: str | None) -> Settled | Ignore:
    """Judge an endpoint by what DescribeEndpoint says, in its spelling (`InService`).

    SageMaker can end `InService` on the OLD config after a failed update, so the config decides and not the status
    (hashicorp/terraform-provider-aws#48997).
    """
    if status == "InService" and config == wanted_config:
        return Settled("deployed", f"the endpoint serves {wanted_config}")
    if status == "InService":
        because = f": {failure_reason}" if failure_reason else ""
        return Settled("failed", f"the endpoint is back on {config} instead of {wanted_config}{because}")
    if status in ("Failed", "OutOfService", "UpdateRollbackFailed"):
        return Settled("failed", f"the endpoint is {status}: {failure_reason or 'SageMaker gave no reason'}")
    return Ignore(f"the endpoint is {status}: not settled yet")
