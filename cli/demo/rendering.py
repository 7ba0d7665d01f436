"""Shows the demo: live with rich on a terminal, one plain line per event elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cli.demo.stages import Finding, Stage

_TITLE_WIDTH = 34


class PlainReporter:
    """For logs and pipes. `err` keeps stdout free for the JSON document."""

    def __init__(self, err: bool = False) -> None:
        self._err = err

    def started(self, stage: Stage) -> None:
        self._print(f"{stage.name}: {stage.title}")

    def told(self, stage: Stage, line: str) -> None:
        self._print(f"{stage.name}:   {line}")

    def ended(self, stage: Stage, seconds: float, finding: Finding) -> None:
        self._print(f"{stage.name}: {finding.summary} [{seconds:.1f} s]")
        for line in finding.details:
            self._print(f"{stage.name}:   {line}")

    def failed(self, stage: Stage, seconds: float) -> None:
        self._print(f"{stage.name}: failed [{seconds:.1f} s]")

    def _print(self, line: str) -> None:
        click.echo(line, err=self._err)


@dataclass
class _Current:
    stage: Stage
    spinner: Spinner
    lines: list[str] = field(default_factory=list)


class LiveReporter:
    """Finished stages scroll by; the current one, with its newest lines, stays at the bottom and moves."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._current: _Current | None = None
        self._live = Live(console=console, refresh_per_second=10, transient=True, get_renderable=self._renderable)

    def __enter__(self) -> "LiveReporter":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def started(self, stage: Stage) -> None:
        self._current = _Current(stage, Spinner("dots", Text(f" {stage.title}"), style="cyan"))

    def told(self, stage: Stage, line: str) -> None:
        if self._current:
            self._current.lines.append(line)

    def ended(self, stage: Stage, seconds: float, finding: Finding) -> None:
        told = self._current.lines if self._current else []
        self._current = None
        self._live.console.print(_row("✓", "green", stage.title, seconds, finding.summary))
        self._print_lines([*told, *finding.details])

    def failed(self, stage: Stage, seconds: float) -> None:
        told = self._current.lines if self._current else []
        self._current = None
        self._live.console.print(_row("✗", "red", stage.title, seconds, "failed"))
        self._print_lines(told)

    def _print_lines(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._live.console.print(Padding(Text(line, style="dim"), (0, 0, 0, 4)))

    def _renderable(self) -> RenderableType:
        if self._current is None:
            return Text()
        lines = [Padding(Text(line, style="dim"), (0, 0, 0, 4)) for line in self._current.lines]
        return Group(self._current.spinner, *lines)


def _row(mark: str, style: str, title: str, seconds: float, summary: str) -> Table:
    row = Table.grid(padding=(0, 1))
    row.add_column(width=1)
    row.add_column(width=_TITLE_WIDTH)
    row.add_column(width=7, justify="right")
    row.add_column()
    row.add_row(Text(mark, style=f"bold {style}"), Text(title), Text(f"{seconds:.1f} s", style="cyan"), Text(summary))
    return row
