"""A comparison as one self-contained page: no script, no network."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from cli.comparing.comparison import Comparison
from cli.comparing.sections import Cell, Section, headline, sections_of, warning

_STYLE = Path(__file__).with_name("page.css")


def render_page(comparison: Comparison, made_at: datetime | None = None) -> str:
    return "\n".join(_lines(comparison, made_at or datetime.now(UTC))) + "\n"


def _lines(comparison: Comparison, made_at: datetime) -> Iterator[str]:
    title = escape(headline(comparison))
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    style = _STYLE.read_text(encoding="utf-8")
    yield f'<meta http-equiv="Content-Security-Policy" content="{_policy(style)}">'
    yield f"<title>{title}</title>"
    yield f"<style>{style}</style></head>"
    yield f"<body><main><h1>{title}</h1>"
    yield f'<p class="muted">Made {made_at:%Y-%m-%d %H:%M} UTC. Differences are the right version minus the left.</p>'
    if loud := warning(comparison):
        yield f'<p class="warning" role="note">{escape(loud)}</p>'
    yield from (f'<p class="note">{escape(note)}</p>' for note in comparison.notes)
    for section in sections_of(comparison):
        yield from _section(section)
    yield "</main></body></html>"


def _policy(style: str) -> str:
    """Nothing but the page's own style, named by its hash."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _section(section: Section) -> Iterator[str]:
    yield f"<section><h2>{escape(section.title)}</h2>"
    if section.note:
        yield f'<p class="muted">{escape(section.note)}</p>'
    # The roles are a table's own, which it would lose where the style sheet makes blocks of its rows.
    yield '<div class="wide" tabindex="0"><table role="table">'
    heads = "".join(f'<th scope="col" role="columnheader">{escape(column)}</th>' for column in section.columns)
    yield f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead><tbody role="rowgroup">'
    for row in section.rows:
        cells = "".join(_cell(*pair) for pair in zip(section.columns[1:], row[1:], strict=True))
        yield f'<tr role="row"><th scope="row" role="rowheader">{escape(row[0].text)}</th>{cells}</tr>'
    yield "</tbody></table></div></section>"


def _cell(column: str, cell: Cell) -> str:
    """It holds its column's title for narrow screens, where each row becomes a block."""
    tone = f' class="{cell.tone}"' if cell.tone else ""
    return f'<td role="cell" data-label="{escape(column)}"{tone}>{escape(cell.text)}</td>'
