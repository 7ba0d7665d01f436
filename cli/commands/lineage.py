import click

from cli.commands.opening import open_installation
from cli.commands.options import json_option, stage_option
from cli.output import emit, emit_json
from cli.tracing import lineage_of
from cli.tracing_lines import tree


@click.command("lineage")
@click.argument("model")
@click.argument("version", default="live")
@stage_option
@json_option
def command(model: str, version: str, stage: str | None, as_json: bool) -> None:
    """Where VERSION (3, v3, latest or live) of MODEL comes from and what became of it, as a tree.

    The data's version, the jobs with their cost, hyperparameters, code, metrics and gate, who approved it and why,
    where it served. What has been deleted since is shown as gone.

    \b
    Example:
      sluice lineage churn v3
      sluice lineage churn live --json
    """
    installation = open_installation(stage)
    document = lineage_of(installation, model, installation.package(model, version))
    if as_json:
        emit_json(document)
    else:
        emit("\n".join(tree(document)))
