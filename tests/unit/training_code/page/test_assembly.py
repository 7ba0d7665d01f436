"""Every page as text: whole, closed, and unable to run or fetch anything but its own."""

import re
from collections import Counter
from collections.abc import Callable

import pytest

from evaluation import report
from monitoring.page import drift_page
from page.assembly import SHARED, Page
from tests import drift_findings, report_facts
from tests.page_source import PageSource, policy_hash

PAGES: dict[str, tuple[Page, Callable[[], str]]] = {
    "report": (report.PAGE, lambda: report.render(report_facts.binary())),
    "drift": (drift_page.PAGE, lambda: drift_page.render(drift_findings.drift())),
}
each = pytest.mark.parametrize(("page", "render"), PAGES.values(), ids=PAGES.keys())


@each
def test_the_page_is_whole_and_fetches_nothing(page: Page, render: Callable[[], str]):
    source = PageSource(render())
    assert source.fetched == ["data:,", "#content"]
    held = source.held["style"] + source.held["script"]
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", held)


@each
def test_its_policy_allows_its_own_style_and_script_and_nothing_else(page: Page, render: Callable[[], str]):
    source = PageSource(render())
    style, script = policy_hash(source.held["style"]), policy_hash(source.held["script"])
    assert source.policy == (
        f"default-src 'none'; script-src {script}; style-src {style}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@each
def test_the_same_facts_make_the_same_page(page: Page, render: Callable[[], str]):
    assert render() == render()


@each
def test_every_file_is_a_part_of_it(page: Page, render: Callable[[], str]):
    there = {path for folder in (SHARED, page.own) for suffix in ("js", "css") for path in folder.glob(f"*.{suffix}")}
    assert there == {*page.scripts(), *page.styles()}
    assert [path.name for path in page.scripts()].count("main.js") == 1
    assert page.scripts()[-1].name == "main.js"
    assert page.styles()[-1].name == "media.css"


@each
def test_no_script_puts_text_in_as_markup(page: Page, render: Callable[[], str]):
    sinks = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser")
    assert {path.name for path in page.scripts() if sinks.search(path.read_text(encoding="utf-8"))} == set()


@each
def test_no_name_is_declared_twice(page: Page, render: Callable[[], str]):
    """A second function of a name would take the first one's place without a word."""
    declared = re.compile(r"^(?:async )?(?:function|const|let) (\w+)", re.MULTILINE)
    names = Counter(name for path in page.scripts() for name in declared.findall(path.read_text(encoding="utf-8")))
    assert [name for name, count in names.items() if count > 1] == []


@each
def test_every_function_is_called_by_some_other_code(page: Page, render: Callable[[], str]):
    own = "".join(path.read_text(encoding="utf-8") for path in page.scripts() if path.parent == page.own)
    everything = "".join(path.read_text(encoding="utf-8") for path in page.scripts())
    names = re.findall(r"^(?:async )?function (\w+)", own, re.MULTILINE)
    assert [name for name in names if len(re.findall(rf"\b{name}\b", everything)) < 2] == []


def test_shared_parts_are_used_by_both_pages():
    """What one page alone needs stands in that page's folder."""
    shared = "".join(path.read_text(encoding="utf-8") for path in SHARED.glob("*.js"))
    names = re.findall(r"^(?:function|const) (\w+)", shared, re.MULTILINE)
    unused = {}
    for key, (page, _) in PAGES.items():
        own = "".join(path.read_text(encoding="utf-8") for path in page.own.glob("*.js"))
        unused[key] = {name for name in names if len(re.findall(rf"\b{name}\b", own + shared)) < 2}
    assert unused["report"] & unused["drift"] == set()


def test_a_title_is_text():
    page = drift_page.PAGE.render("<b>&", {"findings": {}})
    assert "<title>&lt;b&gt;&amp;</title>" in page
