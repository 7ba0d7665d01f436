"""What the report is made of: tables and drawings as HTML and SVG, for light and dark screens, without script."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5d6675; --line: #d9dee6; --page: #fff; --accent: #2463eb }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7eaf0; --soft: #9aa4b5; --line: #333b48; --page: #14181f; --accent: #7aa5ff }
}
body {
  font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem
}
h1 { font-size: 1.5rem; margin: 0 }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { color: var(--soft); margin: .3rem 0 }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600 }
th:first-child, td:first-child { text-align: left }
svg { max-width: 100%; height: auto }
text { fill: var(--ink); font-size: 12px }
.axis { stroke: var(--line) }
.curve { stroke: var(--accent); fill: none; stroke-width: 2 }
.bar { fill: var(--accent) }
"""

SIZE = 260
BAR_WIDTH, BAR_HEIGHT = 260, 20


def page(title: str, summary: str, sections: Iterable[str]) -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>\n<h1>{escape(title)}</h1><p>{escape(summary)}</p>\n"
        f"{''.join(sections)}</body></html>\n"
    )


def section(title: str, content: str) -> str:
    """content: HTML, as the functions here make it."""
    return f"<h2>{escape(title)}</h2>\n{content}\n"


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are escaped here, and only here."""
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    header = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    return f'<div class="wide"><table><tr>{header}</tr>{body}</table></div>'


def curve(name: str, across: Sequence[float], up: Sequence[float], diagonal: bool = True) -> str:
    """Both from 0 to 1. diagonal: what chance, or a perfect calibration, would draw."""
    points = " ".join(f"{SIZE * x:.1f},{SIZE * (1 - y):.1f}" for x, y in zip(across, up, strict=True))
    line = f'<line class="axis" x1="0" y1="{SIZE}" x2="{SIZE}" y2="0"/>' if diagonal else ""
    return (
        f'<svg viewBox="-5 -5 {SIZE + 10} {SIZE + 10}" width="{SIZE + 10}" role="img" aria-label="{escape(name)}">'
        f'<rect class="axis" width="{SIZE}" height="{SIZE}" fill="none"/>{line}'
        f'<polyline class="curve" points="{points}"/></svg>'
    )


def bars(name: str, values: Mapping[str, float]) -> str:
    """One bar a value from 0 to 1, in the order given; the longest is the largest."""
    scale = BAR_WIDTH / max(*values.values(), 1e-12)
    drawn = [
        f'<rect class="bar" x="200" y="{BAR_HEIGHT * at + 3}" width="{scale * value:.1f}" height="{BAR_HEIGHT - 6}"/>'
        f'<text x="192" y="{BAR_HEIGHT * at + 15}" text-anchor="end">{escape(label[:28])}</text>'
        f'<text x="{205 + scale * value:.1f}" y="{BAR_HEIGHT * at + 15}">{value:.1%}</text>'
        for at, (label, value) in enumerate(values.items())
    ]
    height = BAR_HEIGHT * len(values)
    return f'<svg viewBox="0 0 540 {height}" width="540" role="img" aria-label="{escape(name)}">{"".join(drawn)}</svg>'
