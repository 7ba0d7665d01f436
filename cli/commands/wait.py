import time

import click

from cli.arrival import Arrival, arrival_of
from cli.commands.opening import open_installation
from cli.commands.options import stage_option
from cli.errors import OperationFailedError
from cli.installation import Installation
from cli.output import emit, say
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
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        history = installation.audit_log.entries(model)
        arrival = arrival_of(package.ref.arn, installation.production.get(model), history)
        if arrival is not None:
            return arrival
        time.sleep(_LOOK_EVERY_SECONDS)
    raise OperationFailedError(
        f"{model} v{package.ref.version} does not serve after {timeout} s: sluice history {model}"
    )
