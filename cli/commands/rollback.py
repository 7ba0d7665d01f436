from dataclasses import dataclass

import click

from cli.commands.approval import checked_reason, reason_option
from cli.commands.opening import announce_account, open_installation
from cli.commands.options import json_option, stage_option
from cli.errors import BadInputError, OperationFailedError
from cli.installation import LIVE, Installation
from cli.output import emit, emit_json, say
from cli.serving import Serving, Settled, serving_of, settled_on
from cli.waiting import look_until_found
from sluice.audit import AuditEntry
from sluice.aws.production import Deployment
from sluice.events.rollback_requested import RollbackRequestedDetail
from sluice.rollout import PackageRef

_LOOK_EVERY_SECONDS = 0.5


@click.command("rollback")
@click.argument("model")
@click.argument("version", required=False)
@reason_option
@click.option("--no-wait", is_flag=True, help="Ask for it and come back at once.")
@click.option("--timeout", default=1800, show_default=True, help="Seconds after which to stop waiting.")
@stage_option
@json_option
def command(
    model: str, version: str | None, reason: str, no_wait: bool, timeout: int, stage: str | None, as_json: bool
) -> None:
    """Take the version that serves out of production: back to the last good one, or to VERSION (3, v3).

    A trial beside the live version ends with it: all requests go to the live one again. The version that leaves is
    rejected; approving it tries it again. VERSION must be approved.

    \b
    Example:
      sluice rollback churn --reason "refunds doubled since Monday"
      sluice rollback churn v6 --reason "v7 and v8 were trained on the wrong file"
    """
    text = checked_reason(reason)
    installation = open_installation(stage)
    announce_account(installation.aws)
    serving = _serving(installation, model)
    leaving = serving.newest_intended
    if leaving is None:
        installation.check_model(model)
        raise OperationFailedError(f"no version of {model} is in production: nothing to roll back")
    target = _target(installation, model, serving, version)
    move = Move(model, leaving, target, as_json)
    if serving.is_only(target.version) and installation.lost_endpoint(model):
        raise OperationFailedError(installation.why_not_served(model))
    if serving.is_only(target.version):
        move.tell("already there", f"{model} v{target.version} serves already: nothing to do")
        return
    before = installation.audit_log.entries(model)
    asked = move.asked_for(text, installation.stack.stage, installation.aws.caller)
    installation.event_bus.put("Rollback Requested", asked.model_dump(mode="json"))
    if no_wait:
        move.tell("requested", f"{move}: asked for. See it arrive: sluice history {model}")
    else:
        move.ended(_await(installation, model, leaving, target, before, timeout))


@dataclass(frozen=True)
class Move:
    """From one version to another, and how it is told."""

    model: str
    leaving: PackageRef
    target: PackageRef
    as_json: bool

    def __str__(self) -> str:
        return f"{self.model}: v{self.leaving.version} -> v{self.target.version}"

    def asked_for(self, reason: str, stage: str, caller: str) -> RollbackRequestedDetail:
        return RollbackRequestedDetail(
            stage=stage,
            model=self.model,
            version=self.leaving.version,
            to_version=self.target.version,
            reason=reason,
            requested_by=caller,
        )

    def tell(self, outcome: str, said: str, why: str | None = None) -> None:
        if not self.as_json:
            emit(said)
            return
        versions = {"from": self.leaving.version, "to": self.target.version}
        emit_json({"model": self.model, **versions, "outcome": outcome, "why": why})

    def ended(self, settled: Settled) -> None:
        """Raises OperationFailedError when it failed; JSON says so on stdout all the same."""
        if settled.ok:
            self.tell("rolled back", f"{self}: {settled.why}", settled.why)
            return
        if self.as_json:
            self.tell("failed", "", settled.why)
        raise OperationFailedError(f"the rollback of {self.model} to v{self.target.version} failed: {settled.why}")


def _serving(installation: Installation, model: str) -> Serving:
    return serving_of(installation.production.get(model))


def _target(installation: Installation, model: str, serving: Serving, version: str | None) -> PackageRef:
    if version is not None:
        return _named(installation, model, version)
    target = serving.way_back(installation.approved(model))
    if target is None:
        raise OperationFailedError(_nothing_good(model, serving, installation.production.get(model).live))
    return target


def _named(installation: Installation, model: str, version: str) -> PackageRef:
    if version == LIVE:
        raise BadInputError("VERSION live is where you are: name the version to go back to, or leave it out")
    package = installation.package(model, version)
    number = package.ref.version
    if package.approval_status != "Approved":
        raise OperationFailedError(
            f"{model} v{number} is {package.approval_status}, and only what is approved may serve. "
            f"See why: sluice report {model} {number}. To bring it into production: sluice approve {model} {number} "
            "--reason …"
        )
    return package.ref


def _nothing_good(model: str, serving: Serving, live: Deployment | None) -> str:
    leaving = serving.newest_intended
    number = f"v{leaving.version}" if leaving else "what serves"
    return (
        f"no other version of {model} is approved, so {number} stays in service. Look for one that will do: "
        f"sluice models {model}; approve it: sluice approve {model} VERSION --reason …{_stop(live)}"
    )


def _stop(live: Deployment | None) -> str:
    """A shared endpoint serves other models too."""
    if live is None or live.mode == "multi-model":
        return ""
    return f"; or stop serving altogether: aws sagemaker delete-endpoint --endpoint-name {live.endpoint_name}"


def _await(
    installation: Installation,
    model: str,
    leaving: PackageRef,
    target: PackageRef,
    before: list[AuditEntry],
    timeout: int,
) -> Settled:
    say(f"Waiting until {model} v{target.version} serves in place of v{leaving.version} …")

    def look() -> Settled | None:
        news = [entry for entry in installation.audit_log.entries(model) if entry not in before]
        return settled_on(target, _serving(installation, model), news)

    settled = look_until_found(look, every_seconds=_LOOK_EVERY_SECONDS, limit_seconds=timeout)
    if settled is None:
        raise OperationFailedError(
            f"{model} v{target.version} does not serve after {timeout} s; it may still arrive: sluice history {model}"
        )
    return settled
