"""How a command comes to the Sluice it works on, and what the person is told about where that is."""

from collections.abc import Callable

import click

from cli.commands.options import STATE_DIR
from cli.installation import Installation, install_at
from cli.local_cloud import running_url
from cli.output import say
from cli.target import Aws, connect


def aws_of(stage: str | None) -> Aws:
    """By the environment, unless the caller of the command line brought a connection."""
    chosen: Callable[[str | None], Aws] = click.get_current_context().obj or connect
    return chosen(stage)


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
