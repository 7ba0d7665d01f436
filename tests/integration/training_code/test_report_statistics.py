"""The page's own arithmetic, in the browser that it runs in, against scipy's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page
from scipy.stats import rankdata, spearmanr

from tests.browser import running_browser

TRAINING_CODE = Path(__file__).resolve().parents[3] / "training_code"
OWN = ("evaluation/report_page/tuning_statistics.js", "evaluation/report_page/calibration.js")

LINEAR = {"type": "continuous", "min": 0.0, "max": 1.0, "scaling": "Linear"}
LOG = {"type": "continuous", "min": 0.001, "max": 1.0, "scaling": "Logarithmic"}
REVERSE = {"type": "continuous", "min": 0.0, "max": 0.999, "scaling": "ReverseLogarithmic"}
INTEGER = {"type": "integer", "min": 2, "max": 10, "scaling": "Auto"}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """An empty page that knows the functions."""
    with running_browser() as browser:
        page = browser.new_page()
        for name in ("page/words.js", "page/scales.js", *OWN):
            page.add_script_tag(content=(TRAINING_CODE / name).read_text(encoding="utf-8"))
        yield page


def call(page: Page, function: str, *arguments: Any) -> Any:
    return page.evaluate(f"{function}(...{json.dumps(arguments)})")


@pytest.mark.parametrize("seed", range(5))
def test_rank_correlation_is_spearmans_ties_included(page: Page, seed: int):
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 6, 40), rng.normal(size=40)
    assert call(page, "ranksOf", one.tolist()) == rankdata(one).tolist()
    found = call(page, "spearman", one.tolist(), other.tolist())
    assert found == pytest.approx(spearmanr(one, other).statistic)


def test_a_correlation_with_what_does_not_vary_is_not_defined(page: Page):
    assert call(page, "spearman", [1, 1, 1], [1, 2, 3]) is None
    assert call(page, "etaSquared", ["a", "b", "a"], [2, 2, 2]) is None


def test_eta_squared_is_the_share_of_the_variance_between_groups(page: Page):
    groups, values = ["a", "a", "b", "b"], [1.0, 3.0, 5.0, 7.0]
    between, whole = 4 * 4.0, 9.0 + 1 + 1 + 9
    assert call(page, "etaSquared", groups, values) == pytest.approx(between / whole)
    assert call(page, "etaSquared", ["a", "b"], [1, 2]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("value", "bounds", "edge"),
    [
        (0.009, LINEAR, "lower"),
        (0.011, LINEAR, None),
        (0.991, LINEAR, "upper"),
        (0.011, LOG, None),
        (0.00105, LOG, "lower"),
        (0.95, LOG, "upper"),
        (0.9985, REVERSE, None),
        (0.99895, REVERSE, "upper"),
        (10, INTEGER, "upper"),
        (9, INTEGER, None),
        (2, INTEGER, "lower"),
        (0, {"type": "categorical", "values": [0, 1]}, None),
        (5, {**INTEGER, "min": 5, "max": 5}, None),
    ],
)
def test_an_edge_is_one_percent_of_the_range_on_its_own_scale(page: Page, value: float, bounds: Any, edge: str | None):
    assert call(page, "edgeOf", value, bounds) == edge


def test_the_strongest_influence_comes_first_and_too_few_trials_have_none(page: Page):
    trials = [
        {"objective": at / 10, "hyperparameters": {"eta": str(at % 2), "depth": str(at), "kind": "ab"[at % 2]}}
        for at in range(8)
    ]
    ranges = {"eta": LINEAR, "kind": {"type": "categorical", "values": ["a", "b"]}, "depth": INTEGER, "new": LINEAR}
    found = call(page, "influences", trials, ranges)
    assert [one["name"] for one in found] == ["depth", "eta", "kind", "new"]
    assert found[0] == {"name": "depth", "measure": "|Spearman's \u03c1|", "strength": 1, "trend": 1}
    assert found[2]["measure"] == "η²"
    assert found[3] == {"name": "new", "measure": None, "strength": None}


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        ({"from": 0, "to": 1}, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ({"from": -3, "to": 12}, [0, 5, 10]),
        ({"from": 1e-7, "to": 5e-7}, [1e-7, 2e-7, 3e-7, 4e-7, 5e-7]),
        ({"from": 0.01, "to": 0.3, "log": True}, [0.01, 0.02, 0.05, 0.1, 0.2]),
        ({"from": 0.01, "to": 100, "log": True}, [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100]),
        ({"from": 3, "to": 4, "log": True}, [3, 3.2, 3.4, 3.6, 3.8, 4]),
        ({"from": 0, "to": 1, "ticks": [0, 1]}, [0, 1]),
    ],
)
def test_ticks_are_round_and_within_the_axis(page: Page, axis: Any, ticks: list[float]):
    assert call(page, "ticksOf", axis) == pytest.approx(ticks)


@pytest.mark.parametrize("span", [[5, 5], [0, 0], [-2, -2], [None], []])
def test_an_axis_has_a_width(page: Page, span: list[float | None]):
    found = call(page, "spanOf", span)
    assert found["to"] > found["from"]
    widened = call(page, "widened", {"from": 7, "to": 7})
    assert (widened["from"], widened["to"]) == (3.5, 10.5)


def test_the_interval_of_a_share_is_wilsons(page: Page):
    """Of 10 hits in 50 rows, as in Newcombe 1998's formula."""
    from scipy.stats import binomtest

    expected = binomtest(10, 50).proportion_ci(0.95, method="wilson")
    assert call(page, "wilson", 0.2, 50) == pytest.approx([expected.low, expected.high], abs=1e-4)
    assert call(page, "wilson", 0, 3)[0] == 0


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        ("metricText", 0.84125, "0.8413"),
        ("metricText", None, "not defined"),
        ("metricText", 12345.678, "12,345.7"),
        ("metricText", 2.5e7, "25,000,000"),
        ("signedText", -0.02, "\u22120.0200"),
        ("signedText", 0.02, "+0.0200"),
        ("deviationText", 0.01649, "0.016"),
        ("deviationText", 0.06, "0.060"),
        ("deviationText", 412.3, "412"),
        ("plainText", 0.00001234, "1.23e\u22125"),
        ("plainText", 8684.8, "8,685"),
        ("plainText", None, "\u2013"),
        ("settingText", "0.013718838", "0.01372"),
        ("settingText", 1024, "1024"),
        ("settingText", "sqrt", "sqrt"),
        ("durationText", 3725, "1 h 2 min"),
        ("durationText", 59.6, "1 min 0 s"),
        ("dollarText", 0.0523, "$0.0523"),
        ("dollarText", None, "not priced"),
        ("timeText", "2026-11-03T14:05:09+01:00", "2026-11-03 13:05 UTC"),
        ("timeText", "soon", "soon"),
    ],
)
def test_numbers_are_written_as_a_person_reads_them(page: Page, function: str, value: Any, text: str):
    assert call(page, function, value) == text


def test_long_names_keep_both_their_ends(page: Page):
    assert call(page, "shortened", "average_monthly_charges", 12) == "average_…ges"
    assert call(page, "shortened", "tenure", 12) == "tenure"
