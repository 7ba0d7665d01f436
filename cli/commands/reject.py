import click

from cli.commands.approval import approval_arguments, decide


@click.command("reject")
@approval_arguments
def command(model: str, version: str, reason: str, stage: str | None) -> None:
    """Reject VERSION (3, v3, latest or live) of MODEL: if it is in production, the last good version comes back.

    \b
    Example:
      sluice reject churn v3 --reason "scores students too low"
    """
    decide(model, version, "Rejected", reason, stage)
