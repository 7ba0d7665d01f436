"""What approve and reject share: an approver's word on one version."""

import click

from cli.commands.opening import announce_account, open_installation
from cli.commands.options import Command, stage_option
from cli.errors import BadInputError
from cli.gate_reasons import NEEDS_HUMAN
from cli.installation import Installation
from cli.output import emit, say
from sluice.aws.registry import Package
from sluice.events.model_package import ApprovalStatus

_REASON_LIMIT = 1024


def reason_option(command: Command) -> Command:
    return click.option("--reason", required=True, help="Why; it stays in the model's history.")(command)


def approval_arguments(command: Command) -> Command:
    for decorate in (stage_option, reason_option, click.argument("version"), click.argument("model")):
        command = decorate(command)
    return command


def checked_reason(reason: str) -> str:
    text = reason.strip()
    if not text or len(text) > _REASON_LIMIT:
        raise BadInputError(f"--reason: write 1 to {_REASON_LIMIT} characters; it stays in the model's history")
    return text


def decide(model: str, version: str, status: ApprovalStatus, reason: str, stage: str | None) -> None:
    text = checked_reason(reason)
    installation = open_installation(stage)
    announce_account(installation.aws)
    package = installation.package(model, version)
    if package.approval_status == status:
        emit(f"{model} v{package.ref.version} is {status} already: nothing to do{_but(installation, model, package)}")
        return
    _warn(package, status)
    installation.registry.set_approval(package.ref.arn, status, text)
    emit(f"{model} v{package.ref.version}: {package.approval_status} -> {status}")
    say(_what_follows(installation, model, package.ref.version, status))


def _but(installation: Installation, model: str, package: Package) -> str:
    """Approved is not in production: another version may have come since, or the endpoint may be gone."""
    if package.approval_status != "Approved":
        return ""
    if package.ref not in installation.production.get(model).packages.serving:
        number = package.ref.version
        return f". It does not serve: sluice traffic {model} --set v{number}=100 --reason … brings it into production"
    return f". {installation.why_not_served(model)}" if installation.lost_endpoint(model) else ""


def _warn(package: Package, status: ApprovalStatus) -> None:
    """What the approver overrules, or decides: the reasons are replaced by the approver's own."""
    if status != "Approved" or not package.approval_description:
        return
    if package.approval_status == "Rejected":
        say(f"It was rejected: {package.approval_description}")
    elif package.metadata.get("verdict") == NEEDS_HUMAN:
        say(f"The gate left it to a person: {package.approval_description}")


def _what_follows(installation: Installation, model: str, version: int, status: ApprovalStatus) -> str:
    if status == "Approved":
        return f"It is being deployed. See it arrive: sluice wait {model} {version}"
    live = installation.production.get(model).packages.intended
    if live is None or live.version != version:
        return f"In production: {f'v{live.version}' if live else 'nothing'}. That stays so"
    return (
        f"v{version} was in production: the last good version comes back, or, if no other is approved, it stays and "
        f"you are asked to decide. See which: sluice history {model}"
    )
