"""The page as text: whole, closed, and unable to run or fetch anything but its own. tests/integration opens it."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from evaluation import report
from tests import report_facts
from tests.run_facts import PLACE, registered, run_facts

HOSTILE = "</script><script>alert(1)</script><!--"
VOID = {"meta", "link"}


class _Page(HTMLParser):
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


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_page_is_whole_and_fetches_nothing():
    page = _Page(report.render(report_facts.binary()))
    assert page.fetched == ["data:,", "#content"]
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page.held["style"] + page.held["script"])


def test_its_policy_allows_its_own_style_and_script_and_nothing_else():
    page = _Page(report.render(report_facts.binary()))
    style, script = _hash(page.held["style"]), _hash(page.held["script"])
    assert page.policy == (
        f"default-src 'none'; script-src {script}; style-src {style}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def test_it_holds_the_facts_as_they_are():
    facts = report_facts.binary(labels=("No & <never>", "Yes\u2028\u2029 ☃"))
    assert json.loads(_Page(report.render(facts)).held["evaluation"]) == facts


def test_its_one_place_for_the_registration_takes_the_facts_of_a_run():
    page = registered(report.render(report_facts.binary()), run_facts(model=HOSTILE))
    assert json.loads(_Page(page).held["run"]) == run_facts(model=HOSTILE)


@pytest.mark.parametrize("text", [HOSTILE, PLACE, "\ud800", "$style ${script}", "&lt;", "]]>"])
def test_no_text_of_the_data_is_read_as_a_part_of_the_page(text: str):
    facts = report_facts.binary(labels=("No", text), features=[text, "age"])
    page = report.render({**facts, "title": text if text.isprintable() else "churn"})
    page.encode()
    assert page.count(PLACE) == 1
    assert json.loads(_Page(page).held["evaluation"])["positive_label"] == text
    assert len(re.findall(r"<script\b", page)) == len(re.findall(r"</script>", page)) == 3


def test_a_number_that_is_not_finite_is_refused():
    facts = report_facts.regression()
    facts["evaluation"]["regression_metrics"]["r2"]["value"] = float("nan")
    with pytest.raises(ValueError, match="JSON compliant"):
        report.render(facts)


def test_the_same_facts_make_the_same_page():
    assert report.render(report_facts.multiclass()) == report.render(report_facts.multiclass())


def test_two_hundred_features_stay_below_one_and_a_half_megabytes():
    names = [f"a_feature_with_a_rather_long_name_{number:03d}" for number in range(200)]
    page = registered(report.render(report_facts.binary(features=names)), run_facts())
    assert len(page.encode()) < 1_500_000


def test_every_file_of_the_page_is_a_part_of_it():
    there = {path.name for path in report.PAGE.iterdir()}
    assert there == {"template.html", *report.STYLES, *report.scripts()}


def test_no_script_puts_text_in_as_markup():
    sinks = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser")
    found: dict[str, Any] = {name: sinks.findall((report.PAGE / name).read_text()) for name in report.scripts()}
    assert {name for name, used in found.items() if used} == set()
