"""The report as people meet it: opened in Chromium, looked at in both colour schemes and widths, and worked with."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

import evaluate
from codec.codec import BINARY, MULTICLASS, REGRESSION
from evaluation import report
from sluice.report_page import ReportPage
from tests import report_facts
from tests.browser import OpenPage, chromium, open_page, running_browser
from tests.page_faults import BARE_CHARTS, SPILLED, faults, sections
from tests.run_facts import RUN_ID, registered, run_facts, single_trial
from tests.unit.training_code.evaluation.models import make_model, make_trained, write_holdout

SCRIPT = "</script><script>alert(1)</script>"
IMAGE = '<img src="x" onerror="alert(2)"> ' + "x" * 120
LONG_NAMES = [f"a_feature_with_a_rather_long_name_{number:03d}" for number in range(200)]

PAGES: dict[str, Callable[[], str]] = {
    "binary": lambda: registered(report.render(report_facts.binary()), run_facts()),
    "rejected": lambda: registered(report.render(report_facts.binary()), run_facts("fail", tuned=False)),
    "first run": lambda: report.render(report_facts.binary(champion=False)),
    "multiclass": lambda: registered(report.render(report_facts.multiclass()), run_facts("pass", tuned=False)),
    "fifty classes": lambda: report.render(report_facts.multiclass([f"class {number}" for number in range(50)])),
    "regression": lambda: report.render(report_facts.regression()),
    "degenerate": lambda: registered(report.render(report_facts.degenerate()), run_facts(tuning=single_trial())),
    "old evaluation": lambda: registered(
        report.render(report_facts.old_evaluation()), {"model": "churn", "version": 3}
    ),
    "hostile": lambda: registered(
        report.render(report_facts.binary(labels=(SCRIPT, IMAGE), features=[SCRIPT, IMAGE, "age"])),
        run_facts(model=SCRIPT, summary=[IMAGE]),
    ),
    "two hundred features": lambda: registered(report.render(report_facts.binary(features=LONG_NAMES)), run_facts()),
}

SECTIONS = {
    "binary": "verdict answer metrics threshold curves slices features learning tuning data lineage",
    "rejected": "verdict answer metrics threshold curves slices features learning data lineage",
    "first run": "verdict metrics threshold curves slices features learning data lineage",
    "multiclass": "verdict answer metrics classes slices features learning data lineage",
    "fifty classes": "verdict metrics classes slices features learning data lineage",
    "regression": "verdict metrics predictions slices features learning data lineage",
    "degenerate": "verdict answer metrics predictions slices features learning tuning data lineage",
    "old evaluation": "verdict metrics threshold curves slices features data lineage",
    "hostile": "verdict answer metrics threshold curves slices features learning tuning data lineage",
    "two hundred features": "verdict answer metrics threshold curves slices features learning tuning data lineage",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    for name, make in PAGES.items():
        (folder / f"{name}.html").write_text(make(), encoding="utf-8")
    return folder


@pytest.fixture
def binary(browser: Browser, folder: Path) -> Iterator[OpenPage]:
    with open_page(browser, folder / "binary.html") as opened:
        yield opened
        assert opened.complaints == []


def test_without_a_browser_ci_fails_and_a_laptop_skips(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        chromium()
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        chromium()


@pytest.mark.parametrize(("width", "colours"), [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_whole_on_every_screen(browser: Browser, folder: Path, name: str, width: int, colours: str):
    file = folder / f"{name}.html"
    with open_page(browser, file, width, colours) as opened:
        assert sections(opened) == SECTIONS[name].split()
        assert faults(opened, file) == []


def test_the_verdict_and_its_reasons_come_first(binary: OpenPage):
    assert binary.page.title() == "churn, version 7: evaluation report"
    head = binary.text("header")
    for shown in ("churn, version 7", RUN_ID, "2026-11-03 14:09 UTC", "waiting for approval"):
        assert shown in head
    banner = binary.text(".verdict")
    assert "A person must decide" in banner
    assert "Of 5 checks: 1 needs a person, 1 skipped, 3 passed." in banner
    assert "PSI 0.31, above 0.25" in banner
    outcomes = binary.evaluate("() => [...document.querySelectorAll('.check strong')].map((one) => one.textContent)")
    assert outcomes == ["data.drift", "slices", "test_set", "threshold.auc", "champion.auc"]


def test_a_rejected_model_shows_what_failed_before_what_needs_a_person(browser: Browser, folder: Path):
    with open_page(browser, folder / "rejected.html") as opened:
        assert "The gate rejects this model" in opened.text(".verdict")
        first, second = opened.page.locator(".reasons li").all_inner_texts()
        assert "too good to be true" in first
        assert "drifted" in second


def test_the_commands_are_those_to_paste(binary: OpenPage):
    facts = run_facts()
    shown = binary.page.locator("#answer pre").all_text_contents()
    assert shown == [facts["commands"][name] for name in ("approve", "aws_approve", "reject", "aws_reject")]
    binary.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    binary.page.locator("#answer button").first.click()
    binary.page.wait_for_function("() => document.querySelector('#answer button').textContent === 'Copied'")
    assert binary.evaluate("() => navigator.clipboard.readText()") == facts["commands"]["approve"]


def test_without_a_registration_the_page_says_so(browser: Browser, folder: Path):
    with open_page(browser, folder / "first run.html") as opened:
        assert "Not registered" in opened.text(".verdict")
        assert "no version of this model is live" in opened.text("#metrics")
        assert opened.text("h1") == "churn"


def test_differences_are_read_by_their_intervals_and_directions(binary: OpenPage):
    cells = binary.page.locator("#metrics tbody tr").all_inner_texts()
    read = {row.split("\t")[0]: row.split("\t")[-1].strip() for row in cells}
    assert read["Accuracy"] == "▲ better"
    assert read["Precision"] == "▼ worse"
    assert read["ROC AUC"] == "not told apart"
    assert read["Calibration error less is better"] == "not measured"
    assert "champion, which is version 6, on the same test rows" in binary.text("#metrics")


def matrix(opened: OpenPage, at: int) -> dict[str, int]:
    cells = opened.page.locator(".matrix").nth(at).locator(".cell").all_inner_texts()
    counts = (int(cell.split("\n")[0].replace(",", "")) for cell in cells)
    return dict(zip(("tn", "fp", "fn", "tp"), counts, strict=True))


def counts_at(model: str, at: int) -> dict[str, int]:
    thresholds = report_facts.binary()["thresholds"]
    return {name: thresholds[model][name][at] for name in ("tn", "fp", "fn", "tp")}


def own_position() -> int:
    found: int = report_facts.binary()["thresholds"]["at"].index(report_facts.OWN_THRESHOLD)
    return found


def test_the_slider_begins_at_the_models_own_threshold_with_the_evaluations_matrix(binary: OpenPage):
    held = report_facts.binary()["evaluation"]["binary_classification_metrics"]["confusion_matrix"]
    expected = {"tn": held["0"]["0"], "fp": held["0"]["1"], "fn": held["1"]["0"], "tp": held["1"]["1"]}
    assert matrix(binary, 0) == expected
    assert "0.4312, the model's own" in binary.text("#threshold-value")
    assert binary.page.locator("#own").is_disabled()


def test_the_slider_moves_the_matrices_the_table_and_the_marks(binary: OpenPage):
    marks = """() => [...document.querySelectorAll("#curves .marks .current")].map((one) => one.outerHTML).join()"""
    before = binary.evaluate(marks)
    binary.page.locator("#threshold-slider").focus()
    for _ in range(30):
        binary.page.keyboard.press("ArrowRight")
    at = own_position() + 30
    assert matrix(binary, 0) == counts_at("challenger", at)
    assert matrix(binary, 1) == counts_at("champion", at)
    counts = counts_at("challenger", at)
    precision = 100 * counts["tp"] / (counts["tp"] + counts["fp"])
    row = binary.page.locator("#threshold tr", has=binary.page.get_by_text("Precision", exact=True)).first
    assert f"{precision:.1f} %" in row.inner_text()
    assert binary.evaluate(marks) != before
    assert (
        binary.page.get_attribute("#threshold-slider", "aria-valuetext")
        == f"threshold {binary.text('#threshold-value')}"
    )

    binary.page.locator("#own").click()
    assert matrix(binary, 0) == counts_at("challenger", own_position())
    assert binary.evaluate(marks) == before


def test_the_champion_can_stay_at_its_own_threshold(binary: OpenPage):
    binary.page.locator("#pinned").check()
    at = report_facts.binary()["thresholds"]["at"].index(report_facts.CHAMPION_THRESHOLD)
    assert matrix(binary, 0) == counts_at("challenger", own_position())
    assert matrix(binary, 1) == counts_at("champion", at)


def test_a_charts_numbers_are_a_table_too(binary: OpenPage):
    chart = binary.page.locator("figure", has=binary.page.get_by_text("ROC curve", exact=True))
    chart.locator("summary").press("Enter")
    roc = report_facts.binary()["evaluation"]["binary_classification_metrics"][
        "receiver_operating_characteristic_curve"
    ]
    assert chart.locator("tbody tr").count() == 2 * len(roc["true_positive_rates"])


def test_what_the_data_say_is_text(browser: Browser, folder: Path):
    with open_page(browser, folder / "hostile.html") as opened:
        assert opened.text("h1") == f"{SCRIPT}, version 7"
        assert IMAGE in opened.text("#verdict")
        assert opened.page.locator("img").count() == 0
        assert opened.page.locator("script").count() == 3
        assert opened.complaints == []


def test_a_section_that_cannot_be_drawn_takes_no_other_with_it(browser: Browser, tmp_path: Path):
    facts = report_facts.binary()
    facts["shap"] = {"features": [{"feature": "tenure"}]}
    file = tmp_path / "report.html"
    file.write_text(report.render(facts), encoding="utf-8")
    with open_page(browser, file) as opened:
        assert "could not be drawn" in opened.text("#features")
        assert sections(opened) == SECTIONS["first run"].split()
        assert len(opened.complaints) == 1


def test_an_old_evaluation_says_what_it_did_not_measure(browser: Browser, folder: Path):
    with open_page(browser, folder / "old evaluation.html") as opened:
        assert "How sure the differences are was not measured." in opened.text("#metrics")
        assert "Importance: not measured." in opened.text("#features")
        assert "Row counts: not measured." in opened.text("#data")
        assert "Other thresholds: not measured." in opened.text("#threshold")
        assert matrix(opened, 1)["tp"] > 0


def test_classes_are_called_by_their_names(browser: Browser, folder: Path):
    with open_page(browser, folder / "multiclass.html") as opened:
        heads = opened.page.locator(".confusion").first.locator("thead th").all_inner_texts()
        assert heads == ["actually", *(f"called “{name}”" for name in ("basic", "plus", "premium", "none of these"))]
    with open_page(browser, folder / "fifty classes.html") as opened:
        assert "the most frequent confusions" in opened.text("#classes")
        assert "Of 50 classes" in opened.text("#classes")


def test_tuning_says_what_mattered_and_what_lies_at_an_edge(binary: OpenPage):
    assert binary.page.locator("#tuning .warnings li").all_inner_texts() == [
        "The best max_depth is 10, at the upper end of 2 to 10: beyond it may lie a better one."
    ]
    assert binary.page.locator("#tuning tbody th").first.inner_text() == "eta"
    assert {"eta", "max_depth", "subsample", "max_bin"} <= set(binary.page.locator("#tuning h3").all_inner_texts())


def test_paper_is_light_and_shows_what_is_folded(browser: Browser, folder: Path):
    with open_page(browser, folder / "two hundred features.html", colours="dark") as opened:
        long = opened.page.locator("details", has=opened.page.get_by_text("All 200 features")).last
        assert long.get_attribute("open") is None
        opened.page.emulate_media(media="print", color_scheme="dark")
        opened.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        assert long.get_attribute("open") == ""
        assert opened.page.locator("nav").is_hidden()
        assert opened.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        opened.evaluate("() => dispatchEvent(new Event('afterprint'))")
        assert long.get_attribute("open") is None
        assert opened.page.pdf().startswith(b"%PDF")


def test_the_keyboard_reaches_everything(binary: OpenPage):
    binary.page.keyboard.press("Tab")
    assert binary.evaluate("() => document.activeElement.className") == "skip"
    binary.page.keyboard.press("Enter")
    assert binary.evaluate("() => document.activeElement.id") == "content"
    reached = set()
    for _ in range(80):
        binary.page.keyboard.press("Tab")
        reached.add(binary.evaluate("() => document.activeElement.id || document.activeElement.tagName"))
    assert {"threshold-slider", "pinned", "BUTTON", "PRE", "SUMMARY"} <= reached


@pytest.mark.parametrize("task", [BINARY, MULTICLASS, REGRESSION])
def test_what_evaluate_writes_and_a_registration_completes(browser: Browser, tmp_path: Path, task: str):
    trained = make_trained(tmp_path, task)
    champion = make_model(tmp_path / "champion", task, seed=7)
    more = ("--champion", str(champion), "--champion-package-arn", report_facts.CHAMPION_ARN)
    evaluate.main(trained.arguments(tmp_path / "out", *more, slices=["city", "visits"]))
    file = tmp_path / "out" / "report" / "report.html"
    file.write_text(ReportPage.parse(file.read_text(encoding="utf-8"), "report.html").filled(run_facts()))
    with open_page(browser, file, 390) as opened:
        assert opened.text("h1") == "churn, version 7"
        expected = {BINARY: "threshold curves", MULTICLASS: "classes", REGRESSION: "predictions"}[task]
        rest = "slices features tuning data lineage"
        assert sections(opened) == f"verdict answer metrics {expected} {rest}".split()
        assert "not told apart" in opened.text("#metrics")
        assert opened.evaluate(SPILLED) == []
        assert opened.evaluate(BARE_CHARTS) == []
        assert opened.complaints == []
        if task == BINARY:
            evaluation = json.loads((tmp_path / "out" / "evaluation" / "evaluation.json").read_text())
            held: Any = evaluation["binary_classification_metrics"]["confusion_matrix"]
            assert list(matrix(opened, 0).values()) == [held[one][other] for one in "01" for other in "01"]


def test_a_test_set_of_one_class_has_a_page_without_curves_of_nothing(browser: Browser, tmp_path: Path):
    trained = make_trained(tmp_path, BINARY)
    write_holdout(trained.holdout, [row for row in trained.rows if row["y"] == "No"])
    champion = make_model(tmp_path / "champion", BINARY, seed=7)
    evaluate.main(trained.arguments(tmp_path / "out", "--champion", str(champion), slices=["city"]))
    with open_page(browser, tmp_path / "out" / "report" / "report.html") as opened:
        assert "ROC AUC\tnot defined\tnot defined" in opened.text("#metrics tbody")
        recall = opened.page.locator("#threshold tr", has=opened.page.get_by_text("Recall", exact=True)).first
        assert recall.inner_text() == "Recall\tnot defined\tnot defined\tnot defined"
        assert opened.evaluate(SPILLED) == []
        assert opened.evaluate("() => document.documentElement.outerHTML.includes('NaN,')") is False
        assert opened.complaints == []
