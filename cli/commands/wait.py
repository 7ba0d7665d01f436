import click

from cli.arrival import Arrival, arrival_of
from cli.commands.opening import open_installation
from cli.commands.options import stage_option
from cli.errors import OperationFailedError
from cli.installation import Installation
from cli.output import emit, say
from cli.waiting import look_until_found
from sluice.aws.registry import Package

_LOOK_EVERY_SECONDS = 0.5


@click.command("wait")
@click.argument("model")
@click.argument("version", default="latest")
@click.option("--timeout", default=1800, show_default=True, help="Seconds after which to give up.")
@stage_option
def command(model: str, version: str, timeout: int, stage: str | None) -> None:
    """Wait until an approved VERSION (3, v3 or latest) of MODEL serves; fails with the reason if it does not.

    \b
    Example:
      sluice approve churn latest --reason "reviewed" && sluice wait churn
    """
    installation = open_installation(stage)
    package = installation.package(model, version)
    if package.approval_status != "Approved":
        raise OperationFailedError(
            f"{model} v{package.ref.version} is {package.approval_status}: nothing is on its way. "
            f"Approve it: sluice approve {model} {package.ref.version} --reason …"
        )
    arrival = _await(installation, model, package, timeout)
    if not arrival.arrived:
        raise OperationFailedError(arrival.why)
    emit(f"{model}: {arrival.why}")


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
