"""Pages that need nothing else: one HTML file each, drawn in the browser from the facts that it holds.

A page is put together of the files of this folder and of its own, as they are. Style and script are allowed by their
hashes, anything else is not: no request leaves the page, and nothing that the data say can run.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Any

SHARED = Path(__file__).parent
FIRST_STYLES = ("style.css", "charts.css")
LAST_STYLE = "media.css"
LAST_SCRIPT = "main.js"

# What the HTML parser or an old JavaScript parser would read as its own, within a JSON text.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class Page:
    """own: the folder with its scripts and styles. source: where its numbers stand too, for a reader without script."""

    own: Path
    source: str

    def render(self, title: str, documents: Mapping[str, Any]) -> str:
        """documents: by the id of the element that holds them; ValueError where a number of theirs is not finite."""
        # A frame for all of it: the scripts' names do not become the window's.
        script = f'(() => {{\n"use strict";\n{_joined(self.scripts())}}})();\n'
        style = _joined(self.styles())
        return Template((SHARED / "template.html").read_text(encoding="utf-8")).substitute(
            title=escape(title),
            source=escape(self.source),
            style=style,
            style_hash=_hash(style),
            script=script,
            script_hash=_hash(script),
            data="\n".join(_element(name, document) for name, document in documents.items()),
        )

    def scripts(self) -> list[Path]:
        """In any order, as they hold functions and constants; but last the one that calls them."""
        return [*sorted(SHARED.glob("*.js")), *sorted(_but(self.own, "*.js", LAST_SCRIPT)), self.own / LAST_SCRIPT]

    def styles(self) -> list[Path]:
        """The page's own before what changes all of them: narrow screens and paper."""
        return [*(SHARED / name for name in FIRST_STYLES), *sorted(self.own.glob("*.css")), SHARED / LAST_STYLE]


def _but(folder: Path, pattern: str, name: str) -> Iterable[Path]:
    return (path for path in folder.glob(pattern) if path.name != name)


def _joined(paths: Iterable[Path]) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in paths)


def _hash(text: str) -> str:
    """As a content security policy names what an element may hold."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _element(name: str, document: Any) -> str:
    """JSON in a script element, whatever the document's texts are; half a surrogate pair included."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False).translate(_ESCAPES)
    return f'<script type="application/json" id="{name}">{text}</script>'
