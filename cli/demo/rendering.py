"""Shows the demo: live with rich on a terminal, one plain line per event elsewhere."""

import time
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


@dataclass(frozen=True)
class _Line:
    text: str
    since: float

    @property
    def is_under_way(self) -> bool:
        """It says what has begun, so the next line says how that ended and takes its place."""
        return self.text.endswith("…")


@dataclass
class _Current:
    """The stage that runs now, as a renderable: its seconds move while it is on the screen."""

    stage: Stage
    since: float
    spinner: Spinner
    lines: list[_Line] = field(default_factory=list)

    def tell(self, text: str) -> None:
        if self.lines and self.lines[-1].is_under_way:
            self.lines.pop()
        self.lines.append(_Line(text, time.monotonic()))

    def __rich__(self) -> RenderableType:
        now = time.monotonic()
        self.spinner.update(text=Text.assemble(f"{self.stage.title}  ", (f"{now - self.since:.0f} s", "cyan")))
        return Group(self.spinner, *(self._shown(line, now) for line in self.lines))

    def _shown(self, line: _Line, now: float) -> RenderableType:
        elapsed = f"  {now - line.since:.0f} s" if line.is_under_way else ""
        return _indented(f"{line.text}{elapsed}")


class LiveReporter:
    """Finished stages scroll by; the current one, with its lines, stays at the bottom and moves."""

    def __init__(self, console: Console) -> None:
        self._current: _Current | None = None
        self._live = Live(console=console, refresh_per_second=10, transient=True, get_renderable=self._renderable)

    def __enter__(self) -> "LiveReporter":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def started(self, stage: Stage) -> None:
        self._current = _Current(stage, time.monotonic(), Spinner("dots", style="cyan"))

    def told(self, stage: Stage, line: str) -> None:
        if self._current:
            self._current.tell(line)

    def ended(self, stage: Stage, seconds: float, finding: Finding) -> None:
        self._finish(_row("✓", "green", stage.title, seconds, finding.summary), finding.details)

    def failed(self, stage: Stage, seconds: float) -> None:
        under_way = [line.text for line in self._current.lines if line.is_under_way] if self._current else []
        self._finish(_row("✗", "red", stage.title, seconds, "failed"), under_way)

    def _finish(self, row: Table, details: Sequence[str]) -> None:
        told = [line.text for line in self._current.lines if not line.is_under_way] if self._current else []
        self._current = None
        self._live.refresh()
        self._live.console.print(row)
        for line in (*told, *details):
            self._live.console.print(_indented(line))

    def _renderable(self) -> RenderableType:
        return self._current or Text()


def _indented(line: str) -> Padding:
    return Padding(Text(line, style="dim", no_wrap=True, overflow="ellipsis"), (0, 0, 0, 4))


def _row(mark: str, style: str, title: str, seconds: float, summary: str) -> Table:
    row = Table.grid(padding=(0, 1))
    row.add_column(width=1)
    row.add_column(width=_TITLE_WIDTH)
    row.add_column(width=7, justify="right")
    row.add_column()
    row.add_row(Text(mark, style=f"bold {style}"), Text(title), Text(f"{seconds:.1f} s", style="cyan"), Text(summary))
    return row
