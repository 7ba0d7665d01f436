import click

from cli.arrival import Arrival, arrival_of
from cli.commands.opening import open_installation
from cli.commands.options import json_option, stage_option
from cli.errors import OperationFailedError
from cli.installation import Installation
from cli.output import emit, emit_json, say
from cli.waiting import look_until_found
from sluice.aws.registry import Package

_LOOK_EVERY_SECONDS = 0.5


@click.command("wait")
@click.argument("model")
@click.argument("version", default="latest")
@click.option("--timeout", default=1800, show_default=True, help="Seconds after which to give up.")
@stage_option
@json_option
def command(model: str, version: str, timeout: int, stage: str | None, as_json: bool) -> None:
    """Wait until an approved VERSION (3, v3, latest or live) of MODEL serves; fails with the reason if it does not.

    \b
    Example:
      sluice approve churn latest --reason "reviewed" && sluice wait churn
    """
    installation = open_installation(stage)
    package = installation.package(model, version)
    if package.approval_status != "Approved":
        raise OperationFailedError(_not_approved(model, package))
    arrival = _await(installation, model, package, timeout)
    if arrival.arrived and installation.lost_endpoint(model):
        arrival = Arrival(False, installation.why_not_served(model))
    if as_json:
        emit_json({"model": model, "version": package.ref.version, "serves": arrival.arrived, "why": arrival.why})
    if not arrival.arrived:
        raise OperationFailedError(arrival.why)
    if not as_json:
        emit(f"{model}: {arrival.why}")


def _not_approved(model: str, package: Package) -> str:
    number, verdict = package.ref.version, package.metadata.get("verdict")
    said = f" (the gate says {verdict})" if verdict else ""
    return (
        f"{model} v{number} is {package.approval_status}{said}: nothing is on its way. See why: sluice report {model} "
        f"{number}. Approve it: sluice approve {model} {number} --reason …"
    )


def _await(installation: Installation, model: str, package: Package, timeout: int) -> Arrival:
    say(f"Waiting until {model} v{package.ref.version} serves …")

    def look() -> Arrival | None:
        return arrival_of(package.ref.arn, installation.production.get(model), installation.audit_log.entries(model))

    arrival = look_until_found(look, every_seconds=_LOOK_EVERY_SECONDS, limit_seconds=timeout)
    if arrival is None:
        raise OperationFailedError(
            f"{model} v{package.ref.version} does not serve after {timeout} s: sluice history {model}"
        )
    return arrival
