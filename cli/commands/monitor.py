from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cli.browser import open_page
from cli.commands.opening import announce_account, open_installation
from cli.commands.options import STATE_DIR, json_option, stage_option
from cli.errors import BadInputError, OperationFailedError
from cli.installation import Installation
from cli.monitoring.asking import Asking
from cli.monitoring.telling import Watching, check_rows, newest_lines, watched_line
from cli.output import emit, emit_json, say
from sluice.aws.checks import Check, Checks
from sluice.aws.objects import ObjectMissingError
from sluice.aws.version_definitions import VersionDefinitions
from sluice.errors import BadInputError as DefinitionGoneError
from sluice.monitoring.check import Source

_REPORTS = STATE_DIR / "reports"
_DRIFT_FOUND, _NOTHING_JUDGED = 3, 4
_LOOKED_THROUGH = 50
"""Checks, the newest ones."""


@click.command("monitor")
@click.argument("model")
@click.option("--now", "asks", is_flag=True, help="Check the traffic up to this moment and wait for the verdict.")
@click.option("--checks", "number", type=click.IntRange(1, 1000), default=10, show_default=True, help="Checks shown.")
@click.option("--report", "opens", is_flag=True, help="Open the newest check's page in the browser.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write that page to a file instead.")
@click.option(
    "--fail-on-drift",
    is_flag=True,
    help="Exit with code 3 when the newest check of its requests found drift, with 4 when it could judge nothing.",
)
@click.option(
    "--timeout", type=click.FloatRange(1), default=1800.0, show_default=True, help="Seconds that --now waits."
)
@stage_option
@json_option
def command(
    model: str,
    asks: bool,
    number: int,
    opens: bool,
    out: Path | None,
    fail_on_drift: bool,
    timeout: float,
    stage: str | None,
    as_json: bool,
) -> None:
    """What checks of production found: has the traffic of MODEL moved, since when, and what followed.

    \b
    Example:
      sluice monitor churn
      sluice monitor churn --now
      sluice monitor churn --report
      sluice monitor churn --now --json --fail-on-drift
    """
    if opens and as_json:
        raise BadInputError("--report opens a page: leave out --json, or write the page with --out")
    installation = open_installation(stage)
    if asks:
        announce_account(installation.aws)
        Asking(installation, model).check(timeout)
    checks = installation.checks.newest(model, number)
    if not checks:
        installation.check_model(model)
    ended = next((check for check in checks if check.status == "ENDED"), None)
    findings = _findings(installation, ended) if ended else None
    if as_json:
        emit_json(_document(installation, model, checks, findings))
    else:
        _show(installation, model, checks, ended, findings)
    if opens or out:
        _page(installation, model, checks, out)
    if fail_on_drift:
        click.get_current_context().exit(_exit_code(installation.checks, model))


def _exit_code(checks: Checks, model: str) -> int:
    """By the newest check of the endpoint's requests; where there is none, of a batch."""
    kinds: tuple[Source, ...] = ("captures", "batch")
    ended = (check for of in kinds for check in checks.newest_of(of, model, _LOOKED_THROUGH) if check.status == "ENDED")
    newest = next(ended, None)
    verdict = newest.verdict if newest else None
    return {"drift": _DRIFT_FOUND, "no-drift": 0}.get(verdict or "", _NOTHING_JUDGED)


def _show(
    installation: Installation,
    model: str,
    checks: list[Check],
    ended: Check | None,
    findings: Mapping[str, Any] | None,
) -> None:
    watching = _watched(installation, model)
    emit(watched_line(model, watching))
    if not checks:
        say(f"No check yet. {_how_to_begin(watching, model)}")
        return
    emit("\n".join(["", *check_rows(checks)]))
    if ended:
        emit("\n".join(["", *newest_lines(ended, findings)]))
    if findings is not None:
        say(f"Its page: sluice monitor {model} --report")


def _how_to_begin(watching: Watching, model: str) -> str:
    if watching.version is None:
        return f"Approve a version first: sluice models {model}"
    if watching.engine is None:
        return f"Write monitoring.enabled: true in {model}'s model.yaml, upload that and then the data"
    return f"Ask for one: sluice monitor {model} --now"


def _watched(installation: Installation, model: str) -> Watching:
    live = installation.production.get(model).live
    if live is None:
        return Watching(why_not="no version is in production")
    version = live.package.version
    if installation.lost_endpoint(model):
        return Watching(version, why_not=installation.why_not_served(model))
    try:
        monitoring = VersionDefinitions(installation.objects, installation.registry).of(live.package.arn).monitoring
    except DefinitionGoneError as error:
        return Watching(version, why_not=str(error))
    if not monitoring.enabled:
        return Watching(version, why_not="monitoring.enabled is false in its definition")
    made = installation.watched.get(model)
    if made is None or made.version != version:
        return Watching(version, monitoring.engine, monitoring.every_hours, "its schedule is about to be made")
    if made.engine == "none":
        return Watching(version, why_not=made.reason)
    fell_back = f"{made.wanted} was refused: {made.reason}" if made.engine != made.wanted else None
    return Watching(version, made.engine, monitoring.every_hours, fell_back)


def _document(
    installation: Installation, model: str, checks: list[Check], findings: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        "model": model,
        **asdict(_watched(installation, model)),
        "checks": [asdict(check) for check in checks],
        "newest": findings,
    }


def _findings(installation: Installation, check: Check) -> Mapping[str, Any] | None:
    if check.report_prefix is None:
        return None
    try:
        document: Mapping[str, Any] = installation.objects.read_json(_uri(installation, check, "drift.json"))
    except ObjectMissingError:
        return None
    return document


def _uri(installation: Installation, check: Check, name: str) -> str:
    return f"s3://{installation.stack.bucket}/{check.report_prefix}{name}"


def _page(installation: Installation, model: str, checks: list[Check], out: Path | None) -> None:
    """Of the newest check that left one: one without captures has nothing to show."""
    check = next((each for each in checks if each.status == "ENDED" and each.report_prefix), None)
    if check is None:
        begin = _how_to_begin(_watched(installation, model), model)
        raise OperationFailedError(f"no check of {model} has left a page yet. {begin}")
    try:
        page = installation.objects.read(f"{check.report_prefix}drift.html")
    except ObjectMissingError:
        raise OperationFailedError(
            f"check {check.check_id} of {model} has no page: it was made by {check.engine}, or its files were deleted"
        ) from None
    path = out or _REPORTS / f"{model}-{check.check_id}-drift.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(page)
    except OSError as error:
        raise OperationFailedError(f"{path} cannot be written: {error.strerror}. Choose another --out") from None
    say(str(path))
    if out is None and not open_page(path):
        say("No browser can be started here. Open that file in one")
