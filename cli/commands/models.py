from dataclasses import dataclass

import click

from cli.commands.opening import open_installation
from cli.commands.options import json_option, stage_option
from cli.installation import Installation
from cli.output import emit, emit_json, say, shortened, table
from sluice.aws.registry import Package
from sluice.gate import SHOWN_METRICS

_SHOWN_PER_MODEL = 20
_REASON_LIMIT = 160
"""The gate gives a sentence for every check: the first ones matter, and the report has all."""


@dataclass(frozen=True)
class Row:
    model: str
    version: int
    status: str
    verdict: str
    production: str
    metrics: dict[str, str]
    run: str
    reason: str
    arn: str


_COLUMNS = ("model", "version", "approval", "gate", "production", "metric", "run", "reason")


@click.command("models")
@click.argument("model", required=False)
@click.option("--limit", default=_SHOWN_PER_MODEL, show_default=True, help="Versions shown per model.")
@stage_option
@json_option
def command(model: str | None, limit: int, stage: str | None, as_json: bool) -> None:
    """List the models and their versions, the newest first; or those of one MODEL.

    \b
    Example:
      sluice models
      sluice models churn --json
    """
    installation = open_installation(stage)
    if model:
        installation.check_model(model)
    names = [model] if model else installation.model_names()
    versions = [version for name in names for version in rows_of(installation, name, limit)]
    if as_json:
        emit_json([vars(version) for version in versions])
        return
    emit(table(_COLUMNS, [_cells(version) for version in versions]))
    for name in sorted(set(names) - {version.model for version in versions}):
        say(f"{name} has no version yet: sluice runs {name}")


def rows_of(installation: Installation, model: str, limit: int) -> list[Row]:
    record = installation.production.get(model)
    told = {
        "arriving": record.arriving,
        "queued": record.queued,
        "on trial": record.trial,
        "live": record.live,
    }
    roles = {deployment.package.arn: role for role, deployment in told.items() if deployment}
    arns = [version.arn for version in installation.versions(model, limit)]
    return [_row(model, installation.registry.package(arn), roles.get(arn, "")) for arn in arns]


def _row(model: str, package: Package, production: str) -> Row:
    return Row(
        model=model,
        version=package.ref.version,
        status=package.approval_status,
        verdict=package.metadata.get("verdict", ""),
        production=production,
        metrics={name: package.metadata[name] for name in SHOWN_METRICS if name in package.metadata},
        run=package.metadata.get("run_id", ""),
        reason=package.approval_description,
        arn=package.ref.arn,
    )


def _cells(one: Row) -> tuple[object, ...]:
    metric = _first(one.metrics)
    return (
        one.model,
        f"v{one.version}",
        one.status,
        one.verdict,
        one.production,
        metric,
        one.run,
        shortened(one.reason, _REASON_LIMIT),
    )


def _first(metrics: dict[str, str]) -> str:
    return next((f"{name} {value}" for name, value in metrics.items()), "")
