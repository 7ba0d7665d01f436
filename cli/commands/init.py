import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from cli.errors import BadInputError, OperationFailedError
from cli.output import say
from cli.profiling.choices import Proposal
from cli.profiling.model_yaml import model_name_from, render
from cli.profiling.proposal import propose
from cli.profiling.reading import Table, read_table
from sluice.definition import DefinitionError, parse_definition
from sluice.uploads import UnusableUploadError, format_of


@click.command("init")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--target", required=True, help="The column to predict: two classes, several, or numbers.")
@click.option("--key", help="The column that identifies a row. Found by its name when it is not given.")
@click.option("--name", help="The model's name. Made from the file's name when it is not given.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("model.yaml"), show_default=True)
@click.option("--tune", is_flag=True, help="Runs search hyperparameters, in the ranges that are written out.")
@click.option("--force", is_flag=True, help="Overwrite the file if there is one.")
def command(data: Path, target: str, key: str | None, name: str | None, out: Path, tune: bool, force: bool) -> None:
    """Write a model.yaml by looking at DATA: each choice stands there with its evidence.

    DATA is a CSV with a header (separated by , ; tab or |, also in gzip) or Parquet. The target's values decide the
    task: two values are a binary target, a few texts or small whole numbers classes, other numbers a regression.

    \b
    Example:
      sluice init churn.csv --target churned
      sluice init churn.csv --target churned --key customer_id --name churn --out churn.yaml
      sluice init churn.csv --target churned --tune
    """
    if out.exists() and not force:
        raise BadInputError(f"{out} exists. Choose another --out, or overwrite it with --force")
    table = read_table(data)
    proposal = propose(table.frame, target, key)
    model = name or model_name_from(data)
    text = render_checked(proposal, model, data.name, table, tune)
    _write(out, text)
    _report(proposal, model, data, out, table)


def render_checked(
    proposal: Proposal, model: str, source: str, table: Table, tune: bool = False, retrain: bool = False
) -> str:
    """The text of a definition that Sluice accepts. Raises BadInputError, naming the field, when it would not."""
    text = render(proposal, model, source, table.looked_at, tune, retrain)
    try:
        parse_definition(text)
    except DefinitionError as error:
        raise BadInputError(str(error)) from None
    return text


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperationFailedError(f"{out} cannot be written: {error.strerror}. Choose another --out") from None


def _report(proposal: Proposal, model: str, data: Path, out: Path, table: Table) -> None:
    numeric = sum(feature.type == "numeric" for feature in proposal.features)
    say(f"{out}: model {model}, looked at {table.looked_at} of {data}")
    say(f"  task      {proposal.target.task}")
    say(f"  target    {proposal.target.name}: {proposal.target.evidence}")
    say(f"  key       {f'{proposal.key.name}: {proposal.key.evidence}' if proposal.key else 'none'}")
    say(f"  features  {numeric} numeric, {len(proposal.features) - numeric} categorical")
    for dropped in proposal.dropped:
        say(f"  dropped   {dropped.name}: {dropped.evidence}")
    for warning in proposal.warnings:
        say(f"  check     {warning}")
    for problem in upload_problems(data, table):
        say(f"  check     {problem}")
    say("Next: read it, then")
    say(f"  aws s3 cp {shlex.quote(str(out))} s3://BUCKET/models/{model}/model.yaml")
    say(f"  aws s3 cp {shlex.quote(str(data))} s3://BUCKET/models/{model}/raw/")


def upload_problems(data: Path, table: Table) -> Iterator[str]:
    """Why a run would not take the file as it is."""
    if not table.dialect.runs_read_it:
        yield f"the file is {table.dialect}; runs read UTF-8: save it so before the upload"
    try:
        format_of(data.name)
    except UnusableUploadError as error:
        yield f"{error}: rename the file before the upload"
