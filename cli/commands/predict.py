import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import click

from cli.asynchronous_scoring import AsynchronousEndpoint
from cli.commands.opening import open_installation
from cli.commands.options import stage_option
from cli.errors import BadInputError, OperationFailedError
from cli.installation import Installation
from cli.output import say
from cli.route import Route
from cli.scoring import Prediction, read_header, score_file
from sluice.aws.objects import ObjectMissingError
from sluice.definition import Data, parse_definition
from sluice.naming import ModelPrefix


@click.command("predict")
@click.argument("model")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Where the predictions go.  [default: stdout]")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.option(
    "--timeout",
    type=click.IntRange(min=1),
    default=1800,
    show_default=True,
    help="Seconds to wait for an answer of an asynchronous endpoint.",
)
@stage_option
def command(model: str, file: Path, out: Path | None, form: str, timeout: int, stage: str | None) -> None:
    """Send the rows of FILE to MODEL's endpoint, in as many requests as they need.

    Whatever the deployment mode: of an asynchronous endpoint the answers are waited for.

    FILE is a CSV with a header (separated by , ; tab or |, also in gzip) or Parquet. The target, the key and dropped
    columns may be there: the model does not look at them. Every row gets the answer of the model's task: probability
    and label, a probability for each class and label, or a number.

    \b
    Example:
      sluice predict churn new_customers.csv --out scores.csv
      sluice predict churn new_customers.csv --json
    """
    installation = open_installation(stage)
    route = check_in_service(installation, model)
    data = data_section(installation, model)
    if data:
        check_header(file, data)
    predictions = _predictions(installation, model, route, timeout)(file, data.key if data else None)
    # The first answer comes before the output is opened: a refused file leaves no half-written one behind.
    first = next(predictions)
    with _opened(out) as stream:
        count = write(_again(first, predictions), stream, form)
    say(f"{count:,} predictions by {route.endpoint_name}" + (f" in {out}" if out else ""))


def _predictions(
    installation: Installation, model: str, route: Route, timeout: int
) -> Callable[[Path, str | None], Iterator[Prediction]]:
    runtime = installation.aws.client("sagemaker-runtime")
    if route.mode == "asynchronous":
        return AsynchronousEndpoint(runtime, installation.objects, model, route.endpoint_name, say, timeout).score_file
    return partial(_at_once, runtime, route)


def _at_once(runtime: Any, route: Route, file: Path, key: str | None) -> Iterator[Prediction]:
    return score_file(runtime, route.endpoint_name, file, key, route.target_model)


def check_in_service(installation: Installation, model: str) -> Route:
    route = installation.route(model)
    found = installation.described(route.endpoint_name) if route else None
    if route is None or found is None:
        raise OperationFailedError(installation.why_not_served(model))
    if found.status in ("Creating", "Deleting", "Failed", "OutOfService"):
        why = f": {found.failure_reason}" if found.failure_reason else ""
        raise OperationFailedError(f"endpoint {found.name} is {found.status}{why}. See: sluice history {model}")
    return route


def data_section(installation: Installation, model: str) -> Data | None:
    """None when the definition was removed; the endpoint serves without it."""
    try:
        return parse_definition(installation.objects.read(ModelPrefix(model).definition)).data
    except ObjectMissingError:
        return None


def check_header(file: Path, data: Data) -> None:
    """A header that names no feature would be taken for a row. What else is wrong with a row, the model says."""
    header = read_header(file)
    if not set(header) & set(data.features):
        raise BadInputError(
            f"{file}, line 1: none of the model's features is in the header ({', '.join(header[:5])}). "
            f"It needs: {', '.join(data.features)}"
        )
    absent = [name for name in data.features if name not in header]
    if absent:
        say(f"{file} lacks {len(absent)} of {len(data.features)} features; they count as missing: {', '.join(absent)}")


def write(predictions: Iterable[Prediction], stream: IO[str], form: str) -> int:
    """CSV with a header, or a JSON list; returns how many there were."""
    return _write_csv(predictions, stream) if form == "csv" else _write_json(predictions, stream)


def _write_csv(predictions: Iterable[Prediction], stream: IO[str]) -> int:
    """The columns are those of the first answer: all of a model's answers are alike."""
    writer: csv.DictWriter[str] | None = None
    count = 0
    for one in predictions:
        columns = one.as_columns()
        if writer is None:
            writer = csv.DictWriter(stream, list(columns), lineterminator="\n")
            writer.writeheader()
        writer.writerow(columns)
        count += 1
    return count


def _write_json(predictions: Iterable[Prediction], stream: IO[str]) -> int:
    count = 0
    for one in predictions:
        stream.write("[\n" if count == 0 else ",\n")
        stream.write("  " + json.dumps(one.as_json(), ensure_ascii=False))
        count += 1
    stream.write("\n]\n")
    return count


def _again(first: Prediction, rest: Iterator[Prediction]) -> Iterator[Prediction]:
    yield first
    yield from rest


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[str]]:
    if out is None:
        yield sys.stdout
        return
    with out.open("w", encoding="utf-8", newline="") as stream:
        yield stream
