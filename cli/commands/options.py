"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

STATE_DIR = Path(".sluice")

Command = Callable[..., Any]


def stage_option(command: Command) -> Command:
    return click.option("--stage", help="The stage, as in dev or prod.  [default: $SLUICE_STAGE, else dev]")(command)


def json_option(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def state_dir_option(command: Command) -> Command:
    option = click.option(
        "--state-dir",
        type=click.Path(path_type=Path, file_okay=False),
        default=STATE_DIR,
        show_default=True,
        help="Where the local cloud keeps its state.",
    )
    return option(command)
