"""What is wrong with a self-contained page in a browser, whatever it shows."""

from pathlib import Path
from typing import Any

from tests.browser import OpenPage

OUTSIDE = """() => [...document.querySelectorAll("body *")]
    .filter((one) => !one.closest(".scroll, .unseen, .skip") && one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => `${one.tagName} ${one.textContent.slice(0, 30)}`)"""
SPILLED = """() => document.body.innerText.match(/.*(\\bNaN|\\bundefined\\b|\\bnull\\b|Infinity|\\[object).*/g) ?? []"""
BARE_CHARTS = """() => [...document.querySelectorAll("figure")].filter((figure) => {
    const count = (selector) => figure.querySelectorAll(selector).length;
    const named = figure.querySelector("svg[role=img]")?.getAttribute("aria-label");
    return !(named && count(".legend li") && count("text.label") && count("text.tick") >= 2 && count(".marks *"));
  }).map((figure) => figure.textContent.slice(0, 40))"""
REPEATED_IDS = """() => {
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    return ids.filter((id, at) => ids.indexOf(id) !== at);
  }"""
NAMELESS_TABLES = """() => [...document.querySelectorAll("table")].filter((table) =>
    !table.caption.textContent || [...table.querySelectorAll("thead th")].some((head) => !head.textContent)).length"""
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


def sections(opened: OpenPage) -> list[str]:
    found: list[str] = opened.evaluate("() => [...document.querySelectorAll('main > section')].map(({ id }) => id)")
    return found


def faults(opened: OpenPage, file: Path) -> list[Any]:
    """Elements outside the screen, values that are none, charts and tables without words, ids twice, faint texts,
    requests and complaints of the console."""
    sideways = opened.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    nameless = opened.evaluate(NAMELESS_TABLES)
    return [
        *opened.evaluate(OUTSIDE),
        *([f"{sideways} pixels wider than the screen"] if sideways > 0 else []),
        *opened.evaluate(SPILLED),
        *(f"chart: {title}" for title in opened.evaluate(BARE_CHARTS)),
        *([f"{nameless} tables without a name or a head"] if nameless else []),
        *(f"id twice: {one}" for one in opened.evaluate(REPEATED_IDS)),
        *opened.evaluate(CONTRAST),
        *(one for one in opened.requested if one != file.as_uri()),
        *opened.complaints,
    ]
