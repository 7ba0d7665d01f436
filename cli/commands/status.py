from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError

from cli.aws_errors import translate
from cli.commands.opening import aws_of
from cli.commands.options import json_option, stage_option, state_dir_option
from cli.errors import CliError
from cli.installation import Installation, install_at
from cli.local_cloud import running_url
from cli.output import emit, emit_json, table
from cli.target import Aws
from cli.under_way import UnderWay, under_way
from sluice.naming import MODEL_NAME_RULE


@click.command("status")
@stage_option
@state_dir_option
@json_option
def command(stage: str | None, state_dir: Path, as_json: bool) -> None:
    """Which AWS is meant, and what is there: models, live endpoints, active runs. Exits with 1 where it cannot look.

    \b
    Example:
      sluice status
      sluice status --stage prod --json
    """
    document = look(stage, state_dir)
    if as_json:
        emit_json(document)
    else:
        emit(render(document))
    if document["problem"]:
        click.get_current_context().exit(1)


def look(stage: str | None, state_dir: Path) -> dict[str, Any]:
    """What can be found out; a part that cannot be reached says why under `problem`."""
    document: dict[str, Any] = {
        "local_cloud": running_url(state_dir),
        "target": None,
        "models": [],
        "misnamed": [],
        "problem": None,
    }
    try:
        aws = aws_of(stage)
        document["target"] = _target(aws)
        installation = install_at(aws)
        document["bucket"] = installation.stack.bucket
        document["inference_api_url"] = installation.stack.inference_api_url
        document["misnamed"] = installation.misnamed_folders()
        document["models"] = [_model(installation, name) for name in installation.model_names()]
    except (CliError, BotoCoreError) as error:
        document["problem"] = str(error if isinstance(error, CliError) else translate(error) or error)
    return document


def _target(aws: Aws) -> dict[str, Any]:
    target = aws.target
    return {
        "kind": "aws" if target.is_aws else "endpoint",
        "endpoint_url": target.endpoint_url,
        "region": target.region,
        "stage": target.stage,
    }


def _model(installation: Installation, name: str) -> dict[str, Any]:
    production = installation.production.get(name)
    live, trial, coming = production.live, production.trial, under_way(installation, production)
    route = installation.route(name)
    endpoint = installation.described(route.endpoint_name) if route else None
    lost = endpoint is None and installation.lost_endpoint(name)
    lease = installation.leases.current(name)
    newest = next(iter(installation.versions(name, limit=1)), None)
    return {
        "model": name,
        "live_version": live.package.version if live else None,
        "challenger": trial.package.version if trial else None,
        "under_way": [asdict(one) for one in coming],
        "mode": route.mode if route else None,
        "endpoint": endpoint.name if endpoint else None,
        "endpoint_status": endpoint.status if endpoint else "gone" if lost else None,
        "lost": installation.why_not_served(name) if lost else None,
        "active_run": lease.run_id if lease else None,
        "newest_version": newest.number if newest else None,
        "newest_approval": newest.approval_status if newest else None,
    }


def render(document: dict[str, Any]) -> str:
    lines = [f"local cloud   {_local(document['local_cloud'])}", f"environment   {_environment(document)}"]
    if document["problem"]:
        lines.append(f"problem       {document['problem']}")
        return "\n".join(lines)
    lines.append(f"bucket        {document['bucket']}")
    if document["inference_api_url"]:
        lines.append(f"inference API {document['inference_api_url']}")
    lines += [f"not a model   models/{name}/: a name is {MODEL_NAME_RULE}" for name in document["misnamed"]]
    if not document["models"]:
        lines.append(f"models        none yet: aws s3 cp model.yaml s3://{document['bucket']}/models/NAME/model.yaml")
        return "\n".join(lines)
    coming = [f"{model['model']}: {UnderWay(**one)}" for model in document["models"] for one in model["under_way"]]
    lost = [model["lost"] for model in document["models"] if model["lost"]]
    return "\n".join([*lines, "", table(_COLUMNS, [_row(model) for model in document["models"]]), *coming, *lost])


_COLUMNS = ("model", "live", "endpoint", "mode", "on trial", "active run", "newest version", "approval")


def _row(model: dict[str, Any]) -> tuple[object, ...]:
    return (
        model["model"],
        f"v{model['live_version']}" if model["live_version"] else None,
        model["endpoint_status"],
        model["mode"],
        f"v{model['challenger']}" if model["challenger"] else None,
        model["active_run"],
        f"v{model['newest_version']}" if model["newest_version"] else None,
        model["newest_approval"],
    )


def _local(url: str | None) -> str:
    return f"up at {url}" if url else "down (start it: sluice up)"


def _environment(document: dict[str, Any]) -> str:
    target = document["target"]
    if target is None:
        return "names no AWS"
    if target["kind"] == "endpoint":
        which = " (the local cloud)" if target["endpoint_url"].rstrip("/") == document["local_cloud"] else ""
        return f"points at {target['endpoint_url']}{which}, region {target['region']}, stage {target['stage']}"
    hint = ', not at the local cloud: eval "$(sluice up)" turns it there' if document["local_cloud"] else ""
    return f"points at AWS itself, region {target['region']}, stage {target['stage']}{hint}"
