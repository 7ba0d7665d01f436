import click

from cli.commands.approval import approval_arguments, decide


@click.command("approve")
@approval_arguments
def command(model: str, version: str, reason: str, stage: str | None) -> None:
    """Approve VERSION (3, v3, latest or live) of MODEL: it goes into production.

    \b
    Example:
      sluice approve churn latest --reason "AUC is up by 0.02, reviewed with sales"
    """
    decide(model, version, "Approved", reason, stage)
