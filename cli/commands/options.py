"""Options and notices that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cli.installation import Installation, install_at
from cli.local_cloud import running_url
from cli.output import say
from cli.target import Aws, connect

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


def aws_of(stage: str | None) -> Aws:
    """By the environment, unless the caller of the command line brought a connection."""
    return (click.get_current_context().obj or connect)(stage)  # type: ignore[no-any-return]


def open_installation(stage: str | None) -> Installation:
    """Where the commands look and act; when that is AWS itself, the person is told."""
    aws = aws_of(stage)
    if aws.target.is_aws:
        say(f"Using {aws.target}{local_hint()}")
    return install_at(aws)


def announce_account(aws: Aws) -> None:
    """Before something is changed on a real account: which one."""
    if aws.target.is_aws:
        say(f"Account {aws.account}, region {aws.target.region}, stage {aws.target.stage}")


def local_hint() -> str:
    url = running_url(STATE_DIR)
    return f' and not the local cloud at {url}; to use that: eval "$(sluice up)"' if url else ""
