"""What to do when somebody decides on a version, or an endpoint settles. Pure decisions, each with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sluice.events.model_package import ApprovalStatus
from sluice.events.trial_concluded import TrialDecision


@dataclass(frozen=True)
class PackageRef:
    arn: str
    version: int


@dataclass(frozen=True)
class Deploy:
    package: PackageRef
    reason: str
    way_back: bool = False
    """To a version that served before: at once, with the endpoint config that it had."""


@dataclass(frozen=True)
class AskForHelp:
    """Nothing can be done without a person."""

    reason: str
    nothing_left: bool = True
    """There is no good version at all, not only not the one that was asked for."""


@dataclass(frozen=True)
class Forget:
    """What waits for its turn is not to come; what is under way goes on."""

    reason: str


@dataclass(frozen=True)
class Ignore:
    reason: str


@dataclass(frozen=True)
class Production:
    """What serves now, what is tried beside it, what is on its way, and what served before."""

    live: PackageRef | None = None
    arriving: PackageRef | None = None
    previous: PackageRef | None = None
    trial: PackageRef | None = None
    queued: PackageRef | None = None
    served: tuple[PackageRef, ...] = ()
    """What has been live, the last one first."""

    @property
    def intended(self) -> PackageRef | None:
        return self.queued or self.arriving or self.trial or self.live

    @property
    def serving(self) -> tuple[PackageRef, ...]:
        return tuple(package for package in (self.queued, self.arriving, self.trial, self.live) if package)

    @property
    def changes(self) -> bool:
        return self.arriving is not None or self.queued is not None


def on_approval_change(
    package: PackageRef,
    status: ApprovalStatus,
    production: Production,
    approved: Sequence[PackageRef],
) -> Deploy | AskForHelp | Forget | Ignore:
    """Approved: deploy it. Rejected while it serves or arrives: go back to the last good version.

    `approved`: the group's packages that are approved now.
    """
    if status == "Approved":
        if production.intended == package:
            return Ignore(f"version {package.version} is already in production or on its way")
        return Deploy(package, f"version {package.version} was approved")
    if status == "PendingManualApproval":
        return Ignore(f"version {package.version} waits for an approval")
    if not _is_to_leave(package, production):
        where = "leaves anyway" if package in production.serving else "is not in production"
        return Ignore(f"version {package.version} was rejected and {where}")
    if package == production.queued:
        return Forget(f"version {package.version} was rejected while it waited")
    return go_back(package, None, "was rejected", production, approved)


def _is_to_leave(package: PackageRef, production: Production) -> bool:
    """What comes takes the place of what is there, or fails and leaves it there: then that one is judged."""
    return package == production.intended or (package == production.live and not production.changes)


def go_back(
    leaving: PackageRef,
    wanted: int | None,
    why: str,
    production: Production,
    approved: Sequence[PackageRef],
) -> Deploy | AskForHelp:
    """From `leaving` to version `wanted`, or, where None is named, to the last good one."""
    target = rollback_target(leaving, production, approved)
    if wanted is not None:
        target = next((package for package in approved if package.version == wanted), None)
        if target is None:
            stays = f"version {leaving.version} {why}, but version {wanted} is not approved: it stays"
            return AskForHelp(stays, nothing_left=False)
    if target is None:
        return AskForHelp(
            f"version {leaving.version} {why} while in production, and no version that served before is approved: "
            "it stays in service until another version is approved or the endpoint is deleted"
        )
    return Deploy(target, f"version {leaving.version} {why}: back to version {target.version}", way_back=True)


def rollback_target(leaving: PackageRef, production: Production, approved: Sequence[PackageRef]) -> PackageRef | None:
    """The version that served last and is still approved. One that never served, as a challenger whose trial nobody
    decided, is known to be good by nothing."""
    known = (production.live, production.previous, *production.served)
    return next((each for each in known if each is not None and each != leaving and each in approved), None)


def on_rollback_request(
    version: int | None,
    wanted: int | None,
    why: str,
    production: Production,
    approved: Sequence[PackageRef],
) -> tuple[PackageRef | None, Deploy | AskForHelp | Forget | Ignore]:
    """Which version leaves (None: none does), and where to. A version that left already is a no-op."""
    leaving = production.intended
    if version is not None:
        leaving = next((package for package in production.serving if package.version == version), None)
        if leaving is None or not _is_to_leave(leaving, production):
            return None, Ignore(f"version {version} is not in production: nothing to roll back")
    if leaving is None:
        return None, Ignore("nothing is in production: nothing to roll back")
    if leaving.version == wanted:
        return None, Ignore(f"version {wanted} is in production already: nothing to roll back")
    if leaving == production.queued and wanted is None:
        return leaving, Forget(f"version {leaving.version} {why} while it waited")
    return leaving, go_back(leaving, wanted, why, production, approved)


def on_trial_end(decision: TrialDecision, reason: str, production: Production) -> Deploy | Ignore:
    champion, challenger = production.live, production.trial
    if champion is None or challenger is None:
        return Ignore("no trial is under way")
    if production.changes:
        return Ignore("another deployment takes the trial's place")
    if decision == "promote":
        return Deploy(challenger, f"version {challenger.version} won its trial: {reason}")
    if decision == "roll-back":
        return Deploy(champion, f"version {challenger.version} lost its trial: {reason}", way_back=True)
    return Ignore(f"the trial goes on: {reason}")


def on_alarm(
    failing: PackageRef, came_back: bool, roll_back: bool, production: Production
) -> Ignore | AskForHelp | None:
    """Whether an alarm takes the version that it is about back: None says yes. A trial's challenger always leaves.

    came_back: the live version is itself where a rollback went to. Two failing versions in a row are hardly both bad:
    what they share is, and going further back would only cost good versions.
    """
    if production.live is None:
        return Ignore("nothing is in production")
    if production.changes:
        return Ignore("a deployment is under way, whose alarms SageMaker itself heeds")
    if failing == production.trial:
        return None
    if not roll_back:
        return Ignore("the definition's deployment.alarms.roll_back is false")
    if production.trial is not None:
        return AskForHelp(
            f"version {failing.version} is the champion of a trial, whose challenger is no version to go back to: end "
            "the trial by sluice rollback or sluice traffic"
        )
    if came_back:
        return AskForHelp(
            f"version {production.live.version} came back by a rollback and an alarm fires again: look for a cause "
            "outside the model. It stays in service"
        )
    return None


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
