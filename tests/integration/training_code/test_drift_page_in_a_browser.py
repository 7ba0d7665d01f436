"""The page of a check as people meet it: opened in Chromium, on every screen, read and worked with."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from monitoring.page import drift_page
from tests import drift_findings
from tests.browser import OpenPage, open_page, running_browser
from tests.drift_numbers import Findings
from tests.page_faults import faults, sections

SCRIPT = "</script><script>alert(1)</script>"
IMAGE = '<img src="x" onerror="alert(2)"> ' + "x" * 120
MEASURED = ["features", "predictions", "quality", "bias", "attribution"]
SECTIONS = ["verdict", *MEASURED, "operations", "records", "violations", "method"]
TREND_POINTS = 24


def moved_without_numbers() -> Findings:
    """Whatever may be absent is null."""
    findings = drift_findings.drift()
    for feature in findings["dimensions"]["data-quality"]["features"]:
        feature |= {name: None for name in feature if name not in ("name", "type", "status")}
    for metric in findings["dimensions"]["model-quality"]["metrics"]:
        metric |= {name: None for name in metric if name != "name"}
    findings["dimensions"]["operations"] = dict.fromkeys(findings["dimensions"]["operations"], None)
    return findings | {"summary": None, "window": None, "records": {"rows": None}, "testing": {}}


PAGES: dict[str, Callable[[], Findings]] = {
    "drift": drift_findings.drift,
    "no drift": drift_findings.no_drift,
    "not enough data": drift_findings.not_enough_data,
    "multiclass": drift_findings.multiclass,
    "regression": drift_findings.regression,
    "batch": drift_findings.batch,
    "two hundred features": drift_findings.wide,
    "script": lambda: drift_findings.named(SCRIPT),
    "image": lambda: drift_findings.named(IMAGE),
    "nulls": moved_without_numbers,
    "nothing": lambda: {"format_version": 1},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checks")
    for name, make in PAGES.items():
        (folder / f"{name}.html").write_text(drift_page.render(make()), encoding="utf-8")
    return folder


@pytest.fixture
def drift(browser: Browser, folder: Path) -> Iterator[OpenPage]:
    with open_page(browser, folder / "drift.html") as opened:
        yield opened
        assert opened.complaints == []


def open_everything(opened: OpenPage) -> None:
    """Twice: what is made when it is first opened may hold more."""
    for _ in range(3):
        opened.evaluate("""() => new Promise((done) => {
            for (const one of document.querySelectorAll("details")) one.open = true;
            setTimeout(done, 0);
        })""")


@pytest.mark.parametrize(("width", "colours"), [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_whole_on_every_screen(browser: Browser, folder: Path, name: str, width: int, colours: str):
    file = folder / f"{name}.html"
    with open_page(browser, file, width, colours) as opened:
        assert sections(opened) == SECTIONS
        assert faults(opened, file) == []
        assert not [text for text in opened.page.locator(".warning").all_inner_texts() if "could not be drawn" in text]


@pytest.mark.parametrize("name", ["drift", "nulls", "image", "multiclass"])
def test_what_is_folded_is_whole_too(browser: Browser, folder: Path, name: str):
    file = folder / f"{name}.html"
    with open_page(browser, file, 390) as opened:
        open_everything(opened)
        assert faults(opened, file) == []


def test_the_verdict_says_what_when_where_and_against_which_version(drift: OpenPage):
    assert drift.page.title() == "churn, version 6: drift"
    banner = drift.text(".verdict")
    for said in ("Drift: endpoint sluice-prod-churn", "2026-11-20 13:00 to 14:00 UTC", "version 6"):
        assert said in banner
    assert drift_findings.SUMMARY in banner
    assert "1,240 rows, 600 labelled rows kept for training, 7 violations." in banner
    assert "sluice monitor.py, as a scheduled job" in drift.text("header")


def test_what_moved_stands_first_with_how_far_since_when_and_its_effect(drift: OpenPage):
    assert drift.page.locator(".moved > h3").all_inner_texts() == ["tenure", "Contract"]
    card = drift.page.locator(".moved").first.inner_text()
    (tenure, *_) = drift_findings.drift()["dimensions"]["data-quality"]["features"]
    assert f"{tenure['distance']:.3f} (bound 0.1)" in card
    assert f"{tenure['mean']:.2f} (baseline {tenure['baseline_mean']:.2f})" in card
    for said in ("2026-11-20 09:00 UTC", "+0.42 log-odds, mean", "31 %"):
        assert said in card
    assert "3.0 %, such as “Five year” (31)" in drift.page.locator(".moved").nth(1).inner_text()


def test_a_feature_has_its_distribution_and_a_trend_of_all_checks(drift: OpenPage):
    card = drift.page.locator(".moved").first
    (tenure, *_) = drift_findings.drift()["dimensions"]["data-quality"]["features"]
    assert card.locator("rect.bar.now").count() == len(tenure["bins"]) + 1, "and the legend's"
    assert card.locator("figure").nth(1).locator(".marks circle").count() == TREND_POINTS
    assert drift.page.locator("#features .spark").count() >= 2


def test_the_numbers_of_a_distribution_say_which_values_they_are_of(drift: OpenPage):
    cells = []
    for place in (0, 1):
        chart = drift.page.locator(".moved").nth(place).locator("figure").first
        chart.locator("summary").press("Enter")
        chart.locator("tbody tr").first.wait_for()
        cells.append(chart.locator("tbody th").all_inner_texts())
    tenure, contract = cells
    assert tenure[0].startswith("from 0 to ")
    assert all(text.startswith("above ") for text in tenure[1:])
    assert contract == ["Month-to-month", "Two year", "One year", "not in training"]


def test_a_feature_without_a_distribution_says_why(browser: Browser, tmp_path: Path):
    findings = drift_findings.drift()
    reason = "No row of this window has a value of it."
    feature = findings["dimensions"]["data-quality"]["features"][-1]
    feature |= {"bins": [], "distance": None, "status": "not-enough-data", "reason": reason}
    file = tmp_path / "drift.html"
    file.write_text(drift_page.render(findings), encoding="utf-8")
    with open_page(browser, file) as opened:
        open_everything(opened)
        assert reason in opened.text("#features")


def test_gaps_say_between_whom(drift: OpenPage):
    rows = drift.page.locator("#bias table").first.locator("tbody tr").all_inner_texts()
    assert rows[0].split("\t")[1:5] == ["Selection rate", "Female minus Male", "+13.0 points", "+1.0 points"]
    assert [row.split("\t")[-1] for row in rows] == ["! drift", "✓ no drift"]


def test_a_record_shows_what_was_sent(drift: OpenPage):
    example = drift.page.locator(".moved").first.locator("details", has_text="A record with such a tenure").last
    example.locator("summary").press("Enter")
    assert "Month-to-month" in example.inner_text()
    assert "no value" in example.inner_text()


def test_the_coverage_of_labels_is_said_and_drawn(drift: OpenPage):
    assert "600 of 1,200 requests have a label so far (50 %)." in drift.text("#quality")
    assert drift.page.locator("progress").evaluate("(one) => one.value / one.max") == 0.5
    (auc, *others) = drift.page.locator("#quality tbody tr").all_inner_texts()
    assert auc.split("\t")[0] == "ROC AUC"
    assert auc.endswith("! drift")
    assert all(row.endswith("for information") for row in others)


def test_every_violation_is_in_the_table(drift: OpenPage):
    rows = drift.page.locator("#violations tbody tr").all_inner_texts()
    wanted = drift_findings.drift()["violations"]
    assert len(rows) == len(wanted)
    for row, violation in zip(rows, wanted, strict=True):
        assert violation["constraint_check_type"] in row
        assert violation["description"] in row


def test_records_that_were_not_used_are_shown_and_a_clock_is_suspected(drift: OpenPage):
    text = drift.text("#records")
    for said in ("Is a clock wrong", "13-59-12-406-51d6.jsonl", "17", "the request is not JSON: line 1, column 9"):
        assert said in text


def test_how_it_was_tested_is_said(drift: OpenPage):
    text = drift.text("#method")
    for said in ("1 %", "Holm", "42 tests"):
        assert said in text


def test_without_enough_data_every_part_says_why(browser: Browser, folder: Path):
    with open_page(browser, folder / "not enough data.html") as opened:
        assert "Not enough data: endpoint sluice-prod-churn" in opened.text(".verdict")
        for name in MEASURED:
            assert "Not enough data. 37 rows were captured, and 200 are needed." in opened.text(f"#{name}")
        assert "This is the first check" in opened.text("#verdict")
        assert "There are none." in opened.text("#violations")


def test_a_batch_and_model_monitor_are_named(browser: Browser, folder: Path, tmp_path: Path):
    with open_page(browser, folder / "batch.html") as opened:
        assert "a scored batch, 2026-11-20 14:00 UTC" in opened.text(".verdict")
    file = tmp_path / "drift.html"
    told = {"engine": "model-monitor", "analyzer": "a stand-in for Model Monitor's container"}
    file.write_text(drift_page.render(drift_findings.drift() | told), encoding="utf-8")
    with open_page(browser, file) as opened:
        assert "a stand-in for Model Monitor's container, as a Model Monitor schedule" in opened.text("header")
        assert "a stand-in for Model Monitor's container" in opened.text("#method")


def test_of_many_features_those_that_moved_are_drawn_and_the_rest_is_folded(browser: Browser, folder: Path):
    with open_page(browser, folder / "two hundred features.html") as opened:
        assert opened.page.locator(".moved").count() == 6
        every = opened.page.locator("details", has=opened.page.get_by_text("All 200 features", exact=True)).last
        assert every.get_attribute("open") is None
        assert opened.page.locator("#features figure").count() < 30, "the others are drawn when they are opened"
        others = opened.page.locator("details", has=opened.page.get_by_text("Distributions of the 188 other features"))
        others.first.locator("summary").first.press("Enter")
        others.first.locator("details summary").first.press("Enter")
        others.first.locator("details figure").first.wait_for()
        assert others.first.locator("details figure").count() == 1


def test_what_the_data_say_is_text(browser: Browser, folder: Path):
    for name, text in (("script", SCRIPT), ("image", IMAGE)):
        with open_page(browser, folder / f"{name}.html") as opened:
            assert opened.text("h1") == f"{text}, version 6"
            open_everything(opened)
            assert opened.page.locator("img").count() == 0
            assert opened.page.locator("script").count() == 2
            assert opened.complaints == []


def test_the_keyboard_reaches_everything(drift: OpenPage):
    drift.page.keyboard.press("Tab")
    assert drift.evaluate("() => document.activeElement.className") == "skip"
    drift.page.keyboard.press("Enter")
    assert drift.evaluate("() => document.activeElement.id") == "content"
    summaries = drift.evaluate(
        "() => [...document.querySelectorAll('summary')].filter((one) => one.checkVisibility()).length"
    )
    reached = 0
    for _ in range(100):
        drift.page.keyboard.press("Tab")
        reached += drift.evaluate("() => document.activeElement.tagName === 'SUMMARY'")
    assert reached >= summaries


def test_paper_is_light_and_shows_what_is_folded(browser: Browser, folder: Path):
    with open_page(browser, folder / "drift.html", colours="dark") as opened:
        example = opened.page.locator("details", has_text="A record with such a tenure").last
        opened.page.emulate_media(media="print", color_scheme="dark")
        opened.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        assert example.get_attribute("open") == ""
        assert opened.page.locator("nav").is_hidden()
        assert opened.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        opened.evaluate("() => dispatchEvent(new Event('afterprint'))")
        assert example.get_attribute("open") is None
        assert opened.page.pdf().startswith(b"%PDF")
