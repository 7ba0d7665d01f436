import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from cli.demo import (
    approve,
    check,
    endpoint,
    example_data,
    history,
    predict,
    report,
    retrain,
    run,
    traffic,
    upload,
    verdict,
)
from cli.demo.cloud import deploy_stage, start_stage
from cli.demo.document import document, log_of
from cli.demo.findings import Cloud
from cli.demo.rendering import LiveReporter, PlainReporter
from cli.demo.stages import Outcome, Reporter, Stage, play
from cli.deploying import ROOT
from cli.errors import BadInputError
from cli.explaining import explain
from cli.local_cloud import exports
from cli.output import emit_json, say

FOLDER = Path(".sluice") / "demo"


@click.command("demo")
@click.option(
    "--data", "file", type=click.Path(path_type=Path), help="Your own CSV or Parquet file instead of generated churn."
)
@click.option("--target", help="With --data: the column to predict.")
@click.option("--key", help="With --data: the column that identifies a row, if there is one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end; progress goes to stderr.")
@click.option("--keep", is_flag=True, help="Leave the local cloud up afterwards and print how to reach and stop it.")
def command(file: Path | None, target: str | None, key: str | None, as_json: bool, keep: bool) -> None:
    """Run the whole loop once on this machine: upload, train, gate, approve, deploy, predict, drift, train again.

    \b
    Example:
      sluice demo
      sluice demo --data my.csv --target churned --key customer_id
      sluice demo --json > demo.json
    """
    if (file is None) != (target is None) or (key and file is None):
        raise BadInputError(
            "--data and --target go together (and --key only with them): sluice demo --data F --target C"
        )
    if file is not None and not file.is_file():
        raise BadInputError(f"--data {file}: no such file")
    FOLDER.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with ExitStack() as running:
        reporter = _reporter(as_json, running)
        outcome = play(stages(file, target, key, keep, running), reporter)
    _conclude(outcome, as_json, time.monotonic() - started, keep)


def stages(file: Path | None, target: str | None, key: str | None, keep: bool, running: ExitStack) -> list[Stage]:
    """`running` ends what the stages leave running."""
    dataset = _own_data(file, target, key) if file and target else _example_data()
    return [
        dataset,
        Stage("cloud", "Start the local cloud", partial(start_stage, FOLDER / "cloud", keep, running)),
        Stage("deploy", "Deploy template.yaml", deploy_stage),
        Stage("upload", "Upload definition and data", upload.run),
        Stage("run", "Preprocess, train, evaluate", run.run),
        Stage("gate", "Read the gate's verdict", verdict.run),
        Stage("approve", "Approve, as an approver would", approve.run),
        Stage("endpoint", "Wait for the endpoint", endpoint.run),
        Stage("predict", "Send three raw records", predict.run),
        Stage("traffic", "The world moves: other requests", traffic.run),
        Stage("check", "Check what was captured", partial(check.run, FOLDER)),
        Stage("retrain", "Train again, because of the drift", retrain.run),
        Stage("history", "Read the audit history", history.run),
        Stage("report", "Fetch the report", partial(report.run, FOLDER)),
    ]


def _example_data() -> Stage:
    return Stage("data", "Generate churn data", partial(example_data.run, ROOT, FOLDER))


def _own_data(file: Path, target: str, key: str | None) -> Stage:
    from cli.demo import own_data  # it needs pandas, which takes most of a second to import

    return Stage("data", "Infer a definition", partial(own_data.run, file, target, key, FOLDER))


def _reporter(as_json: bool, running: ExitStack) -> Reporter:
    console = Console()
    if as_json or not console.is_terminal:
        return PlainReporter(err=as_json)
    return running.enter_context(LiveReporter(console))


def _conclude(outcome: Outcome, as_json: bool, seconds: float, kept: bool) -> None:
    if as_json:
        emit_json(document(outcome, seconds))
    cloud = outcome.results.find(Cloud)
    if kept and cloud:
        say(f"The local cloud is still up. To use it:\n{exports(cloud.endpoint_url)}")
        say(f"To stop it: sluice down --state-dir {cloud.state_dir}")
    if outcome.failure is None:
        say(f"The loop is closed in {seconds:.1f} s" + ("." if kept else "; everything that it started is stopped."))
        return
    reason = explain(outcome.failure.error)
    say(f"sluice demo failed at stage {outcome.failure.stage}: {reason}")
    if log := log_of(outcome.failure, outcome.results):
        say(f"log: {log}")
    sys.exit(reason.exit_code)
