"""The run's report: one HTML file that needs nothing else, drawn in the browser from the facts that it holds.

The page comes from the files of report_page/, put together as they are. Style and script are allowed by their hashes,
anything else is not: no request leaves the page, and nothing that the data say can run.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

PAGE = Path(__file__).parent / "report_page"
STYLES = ("style.css", "charts.css", "media.css")
LAST_SCRIPT = "main.js"

# What the HTML parser or an old JavaScript parser would read as its own, within a JSON text.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def render(facts: Mapping[str, Any]) -> str:
    """facts: as report_facts makes them; ValueError where a number is not finite.

    The page has one place for what only the registration knows: the `null` of the script element with the id "run".
    """
    # A frame for all of it: the scripts' names do not become the window's.
    script = f'(() => {{\n"use strict";\n{_joined(scripts())}}})();\n'
    style = _joined(STYLES)
    return Template((PAGE / "template.html").read_text(encoding="utf-8")).substitute(
        title=escape(str(facts.get("title") or "model")),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        facts=_embedded(facts),
    )


def scripts() -> list[str]:
    """In any order, as they hold functions and constants; but last the one that calls them."""
    names = sorted(path.name for path in PAGE.glob("*.js"))
    names.remove(LAST_SCRIPT)
    return [*names, LAST_SCRIPT]


def _joined(names: Iterable[str]) -> str:
    return "".join((PAGE / name).read_text(encoding="utf-8") for name in names)


def _hash(text: str) -> str:
    """As a content security policy names what an element may hold."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _embedded(document: Mapping[str, Any]) -> str:
    """JSON that a script element can hold, whatever the document's texts are; half a surrogate pair included."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES)
