"""What a command says: results on stdout, for people as a table and for programs as JSON; the rest on stderr."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click


def say(message: str) -> None:
    """To the person at the keyboard, out of the way of a pipe."""
    click.echo(message, err=True)


def emit(text: str) -> None:
    click.echo(text)


def emit_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} does not go into JSON")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Aligned columns, nothing cut off, one line per row: it is read by eyes and by awk."""
    cells = [[column.upper() for column in columns]] + [[shown(value) for value in row] for row in rows]
    widths = [max(len(row[position]) for row in cells) for position in range(len(columns))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)


def shortened(text: str, limit: int) -> str:
    """On one line, with an ellipsis for what is left out: JSON has all of it."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1].rstrip()}…"


def shown(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:.4f}"
    return " ".join(str(value).split())
