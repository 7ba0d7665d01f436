from datetime import datetime
from functools import partial
from typing import Any

import click

from cli.commands.opening import open_installation
from cli.commands.options import json_option, stage_option
from cli.errors import BadInputError, OperationFailedError
from cli.following.events import RunEnded
from cli.following.finding import RunToFollow, newest_first
from cli.following.jobs import job_seconds
from cli.following.telling import line_of
from cli.following.tuning import watch_of
from cli.following.watching import follow
from cli.installation import Installation
from cli.output import emit, emit_json, say, table
from cli.run_lookup import LATEST, details_of, run_by_id
from cli.target import Aws
from sluice.aws.runs import Run

_SHOWN_PER_MODEL = 20
_LOOK_EVERY_SECONDS = {True: 5.0, False: 0.3}
_FOLLOW_LIMIT_SECONDS = 24 * 3600.0


@click.command("runs")
@click.argument("model", required=False)
@click.argument("run_id", required=False)
@click.option("--follow", "follows", is_flag=True, help="Show the newest run, or RUN_ID, step by step until it ends.")
@click.option("--limit", default=_SHOWN_PER_MODEL, show_default=True, help="Runs shown per model.")
@stage_option
@json_option
def command(model: str | None, run_id: str | None, follows: bool, limit: int, stage: str | None, as_json: bool) -> None:
    """List the runs, the newest first; or those of one MODEL; or show one: RUN_ID, or latest.

    \b
    Example:
      sluice runs
      sluice runs churn --follow
      sluice runs churn latest
    """
    if follows and as_json:
        raise BadInputError("--follow shows a run as it goes and has no JSON: leave one of the two out")
    installation = open_installation(stage)
    if model:
        installation.check_model(model)
    if model and run_id and not (follows and run_id == LATEST):
        run = run_by_id(installation.runs, model, run_id)
        return follow_run(installation, run) if follows else show_run(installation, run, as_json)
    names = [model] if model else installation.model_names()
    if follows:
        return follow_run(installation, RunToFollow(installation, model, names).find(_every(installation.aws)))
    return list_runs(installation, model, names, limit, as_json)


def list_runs(installation: Installation, model: str | None, names: list[str], limit: int, as_json: bool) -> None:
    runs = newest_first([run for name in names for run in installation.runs.newest(name, limit)])
    if as_json:
        emit_json([as_document(run) for run in runs])
    elif model and not runs:
        say(f"{model} has no run yet. What became of its uploads: sluice history {model}")
    else:
        emit(table(("model", "run", "status", "started (UTC)", "seconds", "verdict", "data", "cause"), map_rows(runs)))


def show_run(installation: Installation, run: Run, as_json: bool) -> None:
    details = details_of(installation, run)
    if as_json:
        emit_json(details.document)
    else:
        emit("\n".join(details.lines()))


def map_rows(runs: list[Run]) -> list[tuple[object, ...]]:
    return [
        (run.model, run.run_id, run.status, _at(run.started_at), _seconds(run), run.verdict, _file(run), run.cause)
        for run in runs
    ]


def as_document(run: Run) -> dict[str, Any]:
    """retrained_for: the check of production that asked for it; None of a run that an upload began."""
    own = {key: value for key, value in vars(run).items() if key != "plan"}
    return own | {"retrained_for": run.plan.get("drift")}


def follow_run(installation: Installation, run: Run) -> None:
    """Prints each event as it is seen; raises OperationFailedError when the run does not succeed."""
    aws = installation.aws
    ended = "" if run.status == "RUNNING" else ", which has ended already"
    say(f"{run.model}, run {run.run_id}{ended}")
    sagemaker = aws.client("sagemaker")
    seconds = partial(job_seconds, sagemaker)
    events = follow(
        aws.client("stepfunctions"),
        run.execution_arn,
        every_seconds=_every(aws),
        limit_seconds=_FOLLOW_LIMIT_SECONDS,
        progress=watch_of(sagemaker, run.plan),
    )
    for event in events:
        emit(f"{event.at:%H:%M:%S}  {line_of(event, seconds)}")
        if isinstance(event, RunEnded) and event.status != "SUCCEEDED":
            raise OperationFailedError(
                f"run {run.run_id} of {run.model} ended {event.status}. Why: sluice runs {run.model} {run.run_id}"
            )


def _every(aws: Aws) -> float:
    return _LOOK_EVERY_SECONDS[aws.target.is_aws]


def _at(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def _seconds(run: Run) -> str:
    return f"{(_at(run.finished_at) - _at(run.started_at)).total_seconds():.0f}" if run.finished_at else ""


def _file(run: Run) -> str:
    """The uploaded file's name, out of `s3://bucket/key@version`; and what else a retrain for drift took."""
    name = run.data_version.rpartition("@")[0].rpartition("/")[2]
    drift = run.plan.get("drift")
    if not drift:
        return name
    labelled = f", {drift['labelled_rows']:,} labelled rows" if drift["labelled_key"] else ""
    return f"{name}{labelled} (drift)"
