"""The command line: which commands there are, and how an error is shown.

Nothing heavy is imported here: a command's module is loaded when that command runs, so that `sluice --help` is quick.
"""

import importlib
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from cli.errors import CliError

if TYPE_CHECKING:
    from cli.target import Aws

    Connect = Callable[[str | None], Aws]

# Command -> (module, one line of help). The module's click command is called `command`.
COMMANDS = {
    "demo": ("cli.commands.demo", "Run the whole loop once on this machine and show every step."),
    "up": ("cli.commands.up", "Start the local cloud, deploy Sluice to it, print the exports."),
    "down": ("cli.commands.down", "Stop the local cloud."),
    "init": ("cli.commands.init", "Write a model.yaml by looking at a data file."),
    "status": ("cli.commands.status", "Which AWS is meant, and what is there: models, endpoints, runs."),
    "runs": ("cli.commands.runs", "List the runs, or follow one."),
    "models": ("cli.commands.models", "List the models and their versions."),
    "report": ("cli.commands.report", "Open a version's report, which a yes is given by."),
    "compare": ("cli.commands.compare", "Show two versions of a model side by side."),
    "approve": ("cli.commands.approve", "Approve a version: it goes into production."),
    "reject": ("cli.commands.reject", "Reject a version: if it is in production, the last one comes back."),
    "wait": ("cli.commands.wait", "Wait until an approved version serves."),
    "rollback": ("cli.commands.rollback", "Take what serves out of production: the last good version comes back."),
    "traffic": ("cli.commands.traffic", "Show or set how requests are split between versions."),
    "monitor": ("cli.commands.monitor", "What checks of production found: what moved, since when, what followed."),
    "predict": ("cli.commands.predict", "Send a CSV file's rows to a model's endpoint."),
    "history": ("cli.commands.history", "Who did what to a model, when and why."),
    "lineage": ("cli.commands.lineage", "Where a version comes from and what became of it."),
    "cost": ("cli.commands.cost", "What a run and a month of serving cost, in each mode."),
}


class LazyGroup(click.Group):
    """Imports a command's module only when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            ctx.fail(f"There is no command {name!r}. The commands are: {', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Sluice: a CSV lands in a bucket; a gated model waits for a yes; the yes puts it into production.

    \b
    Try it on this machine, without an AWS account:
      sluice demo
    \b
    Work with it:
      eval "$(sluice up)"
      sluice init churn.csv --target churned
      aws s3 cp model.yaml s3://BUCKET/models/churn/model.yaml
      aws s3 cp churn.csv s3://BUCKET/models/churn/raw/
      sluice runs churn --follow
      sluice report churn
      sluice approve churn latest --reason "AUC is up by 0.02"
      sluice monitor churn
    \b
    Read more in docs/: production.md, rollouts.md, monitoring.md, batch.md, inference-api.md, operating.md
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and exits: 0 done, 1 failed, 2 wrong usage or input, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(given))


def run(arguments: list[str], connect: "Connect | None" = None) -> int:
    """`connect` takes the place of the environment: it gives the AWS that the command talks to."""
    debug = arguments[:1] == ["--debug"]
    try:
        # With standalone_mode off, click hands back the exit code of ctx.exit() (as --help does), else None.
        result = cli.main(args=arguments, prog_name="sluice", standalone_mode=False, obj=connect)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("sluice: interrupted", err=True)
        return 130
    except Exception as error:  # the process edge: whatever it is, a person reads one line
        if debug:
            traceback.print_exc()
        failure = _explained(error)
        click.echo(f"sluice: {failure}", err=True)
        return failure.exit_code


def _explained(error: Exception) -> CliError:
    if isinstance(error, CliError):
        return error
    from cli.explaining import explain  # it knows botocore, whose import takes longer than the rest of a start

    return explain(error)
