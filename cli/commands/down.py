from pathlib import Path

import click

from cli.commands.options import state_dir_option
from cli.output import say
from localcloud import daemon


@click.command("down")
@state_dir_option
def command(state_dir: Path) -> None:
    """Stop the local cloud. Nothing to stop is fine too.

    \b
    Example:
      sluice down
    """
    server = daemon.status(state_dir)
    stopped = daemon.stop(state_dir)
    say(f"Stopped the local cloud at {server.endpoint_url}" if stopped and server else "No local cloud is up here")
