"""A check's page as text: it holds the findings, and what they say cannot run. tests/integration opens it."""

import json
import re

import pytest

from monitoring.page import drift_page
from tests import drift_findings
from tests.page_source import PageSource

HOSTILE = "</script><script>alert(1)</script><!--"


def held(page: str) -> object:
    return json.loads(PageSource(page).held["findings"])


@pytest.mark.parametrize("make", [drift_findings.drift, drift_findings.batch, drift_findings.multiclass])
def test_it_holds_the_findings_as_they_are(make):
    findings = make()
    assert held(drift_page.render(findings)) == findings


@pytest.mark.parametrize("text", [HOSTILE, "\ud800", "$style ${script}", "&lt;", "]]>", "Yes\u2028\u2029 ☃"])
def test_no_text_of_the_data_is_read_as_a_part_of_the_page(text: str):
    findings = drift_findings.named(text) | {"model": text if text.isprintable() else "churn"}
    page = drift_page.render(findings)
    page.encode()
    assert held(page) == findings
    assert len(re.findall(r"<script\b", page)) == len(re.findall(r"</script>", page)) == 2


def test_a_number_that_is_not_finite_is_refused():
    findings = drift_findings.drift()
    findings["dimensions"]["data-quality"]["features"][0]["distance"] = float("nan")
    with pytest.raises(ValueError, match="JSON compliant"):
        drift_page.render(findings)


def test_two_hundred_features_and_twenty_four_checks_stay_below_one_and_a_half_megabytes():
    assert len(drift_page.render(drift_findings.wide()).encode()) < 1_500_000
