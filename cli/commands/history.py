import click

from cli.commands.opening import open_installation
from cli.commands.options import json_option, stage_option
from cli.history_lines import history_lines
from cli.output import emit, emit_json, say


@click.command("history")
@click.argument("model")
@click.option("--limit", type=click.IntRange(min=1), help="Show the newest ones only.  [default: all]")
@stage_option
@json_option
def command(model: str, limit: int | None, stage: str | None, as_json: bool) -> None:
    """Who did what to MODEL, when and why; the oldest first.

    \b
    Example:
      sluice history churn
      sluice history churn --limit 10 --json
    """
    installation = open_installation(stage)
    entries = installation.audit_log.entries(model)
    if not entries:
        installation.check_model(model)
    entries = entries[-limit:] if limit else entries
    if as_json:
        emit_json([{**vars(entry), "details": dict(entry.details)} for entry in entries])
        return
    if not entries:
        say(f"Nothing has happened to {model} yet. Upload data under models/{model}/raw/")
        return
    emit("\n".join(history_lines(entries)))
