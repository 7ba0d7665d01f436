from dataclasses import asdict
from pathlib import Path

import click

from cli.commands.opening import open_installation
from cli.commands.options import json_option, stage_option
from cli.errors import BadInputError, OperationFailedError
from cli.output import emit_json, say


@click.command("compare")
@click.argument("model")
@click.argument("first")
@click.argument("second")
@click.option(
    "--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write a page to this file instead."
)
@stage_option
@json_option
def command(model: str, first: str, second: str, page: Path | None, stage: str | None, as_json: bool) -> None:
    """Show two versions of MODEL side by side: FIRST and SECOND, each 3, v3, latest or live.

    \b
    Example:
      sluice compare churn live latest
      sluice compare churn 2 3 --html churn-2-3.html
    """
    from cli.comparing.comparison import compare
    from cli.comparing.facts import facts_of

    installation = open_installation(stage)
    left, right = (facts_of(installation, model, version) for version in (first, second))
    if left.arn == right.arn:
        raise BadInputError(f"{first} and {second} are both {left.name} of {model}: name two versions")
    comparison = compare(left, right)
    if page is not None:
        from cli.comparing.page import render_page

        _write(page, render_page(comparison))
    if as_json:
        emit_json(asdict(comparison))
    elif page is None:
        from cli.comparing.terminal import print_comparison

        print_comparison(comparison)


def _write(page: Path, text: str) -> None:
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperationFailedError(f"{page} cannot be written: {error.strerror}. Choose another --html") from None
    say(f"Written: {page}")
