"""The same comparison on a terminal and as a page."""

import base64
import hashlib
import io
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

from rich.console import Console

from cli.comparing.comparison import Comparison, compare
from cli.comparing.page import render_page
from cli.comparing.sections import sections_of, warning
from cli.comparing.terminal import print_comparison
from tests.unit.cli.comparing.versions import champion, definition, evaluation, facts, on_new_data

MADE_AT = datetime(2026, 11, 20, tzinfo=UTC)


def on_a_terminal(comparison: Comparison) -> str:
    stream = io.StringIO()
    print_comparison(comparison, Console(file=stream, width=120, color_system=None))
    return stream.getvalue()


def unlike() -> Comparison:
    told = champion(1, auc=(0.04, 0.01))
    left = facts(1, role="live", definition=definition(age="numeric"))
    return compare(left, on_new_data(2, evaluation=evaluation(auc=0.9, champion=told)))


def test_other_test_rows_are_said_loudly_first() -> None:
    shown = on_a_terminal(unlike())
    flat = " ".join(re.sub("[│─╭╮╰╯]", " ", shown).split())
    assert "NOT THE SAME TEST ROWS. v1 was measured on churn.csv (version aaaaaaaa), v2 on churn.csv" in flat
    assert "Only the paired difference compares the models." in flat
    assert shown.index("NOT THE SAME") < shown.index("Versions")
    assert warning(compare(facts(1), facts(2))) == ""


def test_without_a_paired_difference_none_is_pointed_at() -> None:
    assert "paired" not in warning(compare(facts(1), on_new_data(2)))


def test_the_terminal_shows_each_number_once_with_its_deviation() -> None:
    lines = on_a_terminal(unlike()).splitlines()
    auc = [line.split() for line in lines if line.startswith("auc")]
    paired = ["auc", "0.8000", "0.9000", "+0.0400", "±", "0.0100", "+0.0204", "to", "+0.0596", "better"]
    assert auc == [paired, ["auc", "0.8400", "±", "0.0100", "0.9000", "±", "0.0100", "+0.0600"]]


def test_what_has_nothing_to_say_is_left_out() -> None:
    titles = [section.title for section in sections_of(compare(facts(1), facts(2)))]
    assert titles == ["Versions", "Metrics", "Data"]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_is_well_formed() -> None:
    page = render_page(unlike(), MADE_AT)
    parser = Tags()
    parser.feed(page)
    assert parser.open == []
    named = {tag for tag, _ in parser.seen}
    assert not named & {"script", "link", "img", "iframe"}
    assert not [attrs for _, attrs in parser.seen if {"src", "href"} & set(attrs)]
    assert "prefers-color-scheme: dark" in page
    assert '<p class="warning" role="note">NOT THE SAME TEST ROWS.' in page
    assert ">+0.0204 to +0.0596</td>" in page


def test_the_pages_policy_allows_its_own_style_and_nothing_else() -> None:
    page = render_page(unlike(), MADE_AT)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    named = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    parser = Tags()
    parser.feed(page)
    (policy,) = [attrs["content"] for _, attrs in parser.seen if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy == f"default-src 'none'; style-src 'sha256-{named}'; base-uri 'none'; form-action 'none'"
    assert not [attrs for _, attrs in parser.seen if "style" in attrs], "a hash allows no style of an element's own"


def test_names_from_the_data_are_text_in_both() -> None:
    hostile = "<script>alert(1)</script>[bold red]"
    left, right = (
        facts(1),
        facts(2, definition=definition(**{"age": "numeric", "plan": "categorical", hostile: "numeric"})),
    )
    comparison = compare(left, right)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;[bold red]" in render_page(comparison)
    assert "<script>" not in render_page(comparison)
    assert hostile in on_a_terminal(comparison)
