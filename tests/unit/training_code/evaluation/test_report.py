"""The report as text: it holds the facts, and what they say cannot run. tests/integration opens it."""

import json
import re

import pytest

from evaluation import report
from tests import report_facts
from tests.page_source import PageSource
from tests.run_facts import PLACE, registered, run_facts

HOSTILE = "</script><script>alert(1)</script><!--"


def test_it_holds_the_facts_as_they_are():
    facts = report_facts.binary(labels=("No & <never>", "Yes\u2028\u2029 ☃"))
    assert json.loads(PageSource(report.render(facts)).held["evaluation"]) == facts


def test_its_one_place_for_the_registration_takes_the_facts_of_a_run():
    page = registered(report.render(report_facts.binary()), run_facts(model=HOSTILE))
    assert json.loads(PageSource(page).held["run"]) == run_facts(model=HOSTILE)


@pytest.mark.parametrize("text", [HOSTILE, PLACE, "\ud800", "$style ${script}", "&lt;", "]]>"])
def test_no_text_of_the_data_is_read_as_a_part_of_the_page(text: str):
    facts = report_facts.binary(labels=("No", text), features=[text, "age"])
    page = report.render({**facts, "title": text if text.isprintable() else "churn"})
    page.encode()
    assert page.count(PLACE) == 1
    assert json.loads(PageSource(page).held["evaluation"])["positive_label"] == text
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
