"""A self-contained page as a parser reads it: what it holds, what it would fetch and what it may run."""

import base64
import hashlib
from html.parser import HTMLParser

VOID = {"meta", "link"}


class PageSource(HTMLParser):
    """Elements close in order; what stands in style and script elements, by their id or their name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.held: dict[str, str] = {}
        self.policy = ""
        self._name = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.fetched += [str(values[name]) for name in ("src", "href") if name in values]
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(values["content"])
        self._name = str(values.get("id") or tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            self.held[self._name] = self.held.get(self._name, "") + data

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def policy_hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
