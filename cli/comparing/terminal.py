"""A comparison on a terminal."""

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.comparing.comparison import Comparison
from cli.comparing.sections import Cell, Section, Tone, headline, sections_of, warning

_STYLES: dict[Tone, str] = {"": "", "good": "green", "bad": "red", "loud": "bold yellow", "muted": "dim"}
_WIDTH_OF_A_PIPE = 160
"""Where nothing says how wide the reader's screen is."""


def print_comparison(comparison: Comparison, console: Console | None = None) -> None:
    shown = console or _console()
    shown.print(Text(headline(comparison), style="bold"))
    if loud := warning(comparison):
        shown.print(Panel(Text(loud), style="bold yellow"))
    for note in comparison.notes:
        shown.print(Text(note, style="yellow"))
    for section in sections_of(comparison):
        shown.print()
        shown.print(Text(section.title, style="bold"))
        shown.print(_table(section))
        if section.note:
            shown.print(Text(section.note, style="dim"))


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH_OF_A_PIPE)


def _table(section: Section) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in section.columns:
        table.add_column(Text(column, style="dim"), overflow="fold")
    for row in section.rows:
        table.add_row(*map(_text, row))
    return table


def _text(cell: Cell) -> Text:
    return Text(cell.text, style=_STYLES[cell.tone])
