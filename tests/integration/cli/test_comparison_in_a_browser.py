"""`sluice compare --html` in Chromium: nothing is wider than the screen, and every number says what it is."""

from pathlib import Path

import pytest

from cli.comparing.comparison import compare
from cli.comparing.page import render_page
from tests.browser import open_page, running_browser
from tests.unit.cli.comparing.versions import champion, definition, evaluation, facts, on_new_data

SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll("body *")]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
    .map((one) => `${one.tagName} ${one.textContent.slice(0, 40)}`)"""


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_scrolls_sideways_on_a_telephone(tmp_path: Path, colours: str) -> None:
    told = champion(1, auc=(0.04, 0.01))
    left = facts(1, role="live", definition=definition(**{"age": "numeric", "a_name_without_an_end" * 6: "numeric"}))
    file = tmp_path / "comparison.html"
    comparison = compare(left, on_new_data(2, evaluation=evaluation(auc=0.9, champion=told)))
    file.write_text(render_page(comparison), encoding="utf-8")
    with running_browser() as browser, open_page(browser, file, 390, colours) as opened:
        assert opened.evaluate(SIDEWAYS) == []
        labels = opened.evaluate("() => [...document.querySelectorAll('td')].map((one) => one.dataset.label)")
        assert labels
        assert all(labels)
        assert opened.complaints == []
