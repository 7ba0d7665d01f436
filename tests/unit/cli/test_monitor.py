"""`sluice monitor` against an account whose other half, RunMonitor and HandleDrift, is played by the test."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.monitoring.sparkline import sparkline
from sluice.audit import AuditEntry
from sluice.aws.checks import Check, Checks
from sluice.aws.registry import version_of
from sluice.aws.watched import Watched, WatchedModels
from sluice.naming import new_check_id
from tests.unit.cli.conftest import BUCKET, EVENT_ID, NOW, Account, put_endpoint, put_live

Capture = pytest.CaptureFixture[str]

PREFIX = "models/churn/monitoring/reports/sluice-dev-churn/2026/11/20/08/261120090000-aaaa/"
VIOLATION = {
    "feature_name": "tenure",
    "constraint_check_type": "baseline_drift_check",
    "description": "moved by 0.31, bound 0.1",
    "dimension": "data-quality",
}
FOUND = Check(
    model="churn",
    check_id="261120090000-aaaa",
    source="sluice-dev-churn",
    engine="scheduled-job",
    started_at=NOW,
    window_start=NOW - timedelta(hours=1),
    window_end=NOW,
    status="ENDED",
    version=3,
    report_prefix=PREFIX,
    verdict="drift",
    summary="tenure has moved since version 3 was trained.",
    violations=(VIOLATION,),
    figures={"rows": 1250, "features": {"tenure": {"distance": 0.31}}},
    response="notify",
    response_reason="the policy is notify",
)
ASKED_FOR = new_check_id(NOW, "churn", EVENT_ID)
FINDINGS: dict[str, Any] = {
    "verdict": "drift",
    "violations": [VIOLATION, {**VIOLATION, "constraint_check_type": "completeness_check"}],
    "dimensions": {
        "data-quality": {
            "status": "drift",
            "features": [
                {
                    "name": "tenure", "status": "drift", "distance": 0.31, "bound": 0.1, "score_effect": 0.42,
                    "since": "2026-11-20T08:00:00+00:00", "violations": [0],
                },
                {
                    "name": "age", "status": "drift", "distance": 0.02, "bound": 0.1, "score_effect": 0.01,
                    "since": None, "violations": [1], "missing_share": 0.25, "baseline_missing_share": 0.04,
                },
                {"name": "plan", "status": "no-drift", "distance": 0.06, "bound": 0.05, "score_effect": None},
            ],
        },
        "model-quality": {"status": "not-measured", "reason": "no label has arrived yet"},
    },
    "trend": [
        {"features": {"tenure": {"distance": 0.02}}},
        {"features": {}},
        {"features": {"tenure": {"distance": 0.31}}},
    ],
}  # fmt: skip


@pytest.fixture
def checks(account: Account) -> Checks:
    return Checks(account.audit_log.table, lambda: NOW)


def watch(account: Account, enabled: bool = True, wanted: Any = "scheduled-job", reason: str = "") -> None:
    """Version 3 serves, and its definition says whether it is watched."""
    definition = {
        "name": "churn",
        "data": {"target": "left", "positive_label": "Yes", "features": {"tenure": {"type": "numeric"}}},
        "monitoring": {"enabled": enabled},
    }
    uri = account.leave("models/churn/runs/r3/definition/definition.json", definition)
    arn = account.register("Approved", "r3", "0.8", definition=uri)
    put_live(account, version_of(arn))
    put_endpoint()
    watched = Watched("churn", "config-3", "sluice-dev-churn", 3, NOW, "scheduled-job", wanted, reason)
    WatchedModels(account.audit_log.table, lambda: NOW).put(watched)


def test_it_shows_what_the_newest_checks_found(account: Account, checks: Checks, capsys: Capture) -> None:
    watch(account)
    quiet = replace(FOUND, check_id="261120080000-bbbb", window_end=NOW - timedelta(hours=1), verdict="no-drift")
    checks.put(replace(quiet, violations=(), response="ignore"))
    checks.put(FOUND)
    account.leave(f"{PREFIX}drift.json", FINDINGS)

    assert account.type("monitor", "churn") == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "churn v3 is checked every hour by a scheduled job"
    assert lines[3].split()[2:] == ["sluice-dev-churn", "v3", "1250", "drift", "tenure", "told"]
    assert lines[4].split()[-3:] == ["no-drift", "-", "recorded"]
    text = "\n".join(lines)
    assert "Newest check 261120090000-aaaa: tenure has moved since version 3 was trained." in text
    assert "no label has arrived yet" in text
    (tenure,) = [line for line in lines if line.startswith("tenure ")]
    assert tenure.split() == ["tenure", "drift", "0.310", "(0.1)", "+0.420", "2026-11-20", "08:00:00", "▁·█"]
    assert any(line.startswith("age ") and "missing 25.0%, was 4.0%" in line for line in lines), "its own measure"
    assert any(line.startswith("plan ") and "no-drift: may be chance  0.060 (0.05)" in line for line in lines)


def test_json_has_all_of_it(account: Account, checks: Checks, capsys: Capture) -> None:
    watch(account)
    checks.put(FOUND)
    account.leave(f"{PREFIX}drift.json", FINDINGS)
    assert account.type("monitor", "churn", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["version"], document["engine"], document["newest"]) == (3, "scheduled-job", FINDINGS)
    assert document["checks"][0]["violations"] == [VIOLATION]


def test_a_check_of_model_monitor_has_its_violations_told(account: Account, checks: Checks, capsys: Capture) -> None:
    watch(account)
    checks.put(replace(FOUND, engine="model-monitor"))
    assert account.type("monitor", "churn") == 0
    assert "tenure: moved by 0.31, bound 0.1" in capsys.readouterr().out


def test_an_engine_that_was_refused_is_told(account: Account, capsys: Capture) -> None:
    watch(account, wanted="model-monitor", reason="a serverless endpoint captures nothing")
    assert account.type("monitor", "churn") == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.endswith("by a scheduled job (model-monitor was refused: a serverless endpoint captures nothing)")


def test_drift_may_be_an_exit_code(account: Account, checks: Checks) -> None:
    watch(account)
    checks.put(FOUND)
    assert account.type("monitor", "churn") == 0
    assert account.type("monitor", "churn", "--fail-on-drift") == 3
    later = replace(FOUND, window_end=NOW + timedelta(hours=1), verdict="no-drift")
    checks.put(later)
    assert account.type("monitor", "churn", "--fail-on-drift") == 0


def test_nothing_judged_is_no_success(account: Account, checks: Checks) -> None:
    watch(account)
    assert account.type("monitor", "churn", "--fail-on-drift") == 4
    checks.put(replace(FOUND, verdict="not-enough-data", violations=()))
    assert account.type("monitor", "churn") == 0
    assert account.type("monitor", "churn", "--fail-on-drift") == 4


def test_fifty_batches_hide_no_endpoint_that_drifts(account: Account, checks: Checks) -> None:
    watch(account)
    checks.put(FOUND)
    for minute in range(50):
        at = NOW + timedelta(minutes=minute)
        checks.put(replace(FOUND, check_id=f"261120-{minute:010}", source="batch", verdict="no-drift", window_end=at))
    assert account.type("monitor", "churn", "--fail-on-drift") == 3


def test_labels_of_no_request_are_told(account: Account, checks: Checks, capsys: Capture) -> None:
    """They look like labels that did not come."""
    watch(account)
    checks.put(FOUND)
    unknown = {**FINDINGS["dimensions"]["model-quality"], "unmatched": 800}
    dimensions = {**FINDINGS["dimensions"], "model-quality": unknown}
    account.leave(f"{PREFIX}drift.json", {**FINDINGS, "dimensions": dimensions})
    assert account.type("monitor", "churn") == 0
    assert "800 labels match no request that was captured: is the id right?" in capsys.readouterr().out


def test_now_asks_waits_and_shows_what_was_found(account: Account, checks: Checks, capsys: Capture) -> None:
    watch(account)

    def heard(kind: str, detail: dict[str, Any]) -> None:
        assert (kind, detail["model"], detail["now"]) == ("Check Requested", "churn", True)
        assert detail["requested_by"].startswith("arn:aws:")
        checks.put(replace(FOUND, check_id="261120-0123456789", source="batch", summary="a batch came meanwhile"))
        checks.put(replace(FOUND, check_id=ASKED_FOR))

    account.bus.heard = heard
    assert account.type("monitor", "churn", "--now") == 0
    shown = capsys.readouterr()
    assert f"Check {ASKED_FOR} of what sluice-dev-churn answered …" in shown.err
    assert "tenure has moved" in shown.out


@pytest.mark.parametrize("action", ["CHECK_FAILED", "MONITORING_STOPPED"])
def test_a_check_that_cannot_be_made_says_why(account: Account, capsys: Capture, action: Any) -> None:
    watch(account)
    why = "version 3 was trained before monitoring existed: train a new one"
    account.bus.heard = lambda kind, detail: _log(account, action, why)
    assert account.type("monitor", "churn", "--now") == 1
    assert why in capsys.readouterr().err


def _log(account: Account, action: Any, why: str) -> None:
    account.audit_log.write(AuditEntry("churn", action, NOW, "sluice", why))


def test_a_check_that_failed_fails_the_command(account: Account, checks: Checks, capsys: Capture) -> None:
    watch(account)
    failed = replace(FOUND, check_id=ASKED_FOR, status="FAILED", verdict=None, summary="the job ran out of disk")
    account.bus.heard = lambda kind, detail: checks.put(failed)
    assert account.type("monitor", "churn", "--now") == 1
    assert f"check {ASKED_FOR} failed: the job ran out of disk" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nobody"], 2, "there is no model 'nobody'"),
        (
            ["churn", "--report"],
            1,
            "no check of churn has left a page yet. Approve a version first: sluice models churn",
        ),
        (["churn"], 0, "No check yet. Approve a version first"),
        (["churn", "--report", "--json"], 2, "--report opens a page"),
        (["churn", "--now"], 1, "churn has no endpoint"),
    ],
)
def test_what_cannot_be_shown_is_said(
    account: Account, capsys: Capture, arguments: list[str], code: int, said: str
) -> None:
    assert account.type("monitor", *arguments) == code
    assert said in capsys.readouterr().err


def test_a_version_that_is_not_watched_is_not_checked(account: Account, capsys: Capture) -> None:
    watch(account, enabled=False)
    assert account.type("monitor", "churn") == 0
    assert "churn v3 is not watched: monitoring.enabled is false" in capsys.readouterr().out
    assert account.type("monitor", "churn", "--now") == 1
    assert "Write true in its model.yaml" in capsys.readouterr().err
    assert account.bus.sent == []


def test_the_page_is_written_where_it_was_asked_for(account: Account, checks: Checks, tmp_path: Path) -> None:
    watch(account)
    checks.put(FOUND)
    page = tmp_path / "drift.html"
    assert account.type("monitor", "churn", "--out", str(page)) == 1  # the object is not there
    account.leave(f"{PREFIX}drift.html", "<html>drift</html>")
    assert account.type("monitor", "churn", "--out", str(page)) == 0
    assert page.read_text() == "<html>drift</html>"
    assert BUCKET not in page.read_text()


def test_a_sparkline_is_measured_by_its_bound() -> None:
    assert sparkline([0.0, 0.05, 0.1, 0.2], bound=0.1) == "▁▃▅█"
    assert sparkline([None, 0.4, 0.8], bound=0.1) == "·▅█"
    assert sparkline([0.0, 0.0]) == "▁▁"
    assert sparkline([]) == ""


def test_a_check_without_enough_rows_shows_no_distances(account: Account, checks: Checks, capsys: Capture) -> None:
    watch(account)
    checks.put(replace(FOUND, verdict="not-enough-data", violations=()))
    account.leave(f"{PREFIX}drift.json", {**FINDINGS, "verdict": "not-enough-data"})
    assert account.type("monitor", "churn") == 0
    assert "0.310" not in capsys.readouterr().out


def test_what_was_not_counted_is_told(account: Account, checks: Checks, capsys: Capture) -> None:
    """A file of labels with a wrong header looks like labels that did not come."""
    watch(account)
    checks.put(FOUND)
    example = {"file": "ground-truth/2026/11/20/08/bad.csv", "line": 3, "reason": "its label is empty"}
    records = {"unreadable": {"count": 7, "examples": [example]}, "outside_window": 40, "unanswered": 0}
    metric = {"name": "auc", "value": 0.76, "baseline": 0.82, "loss": 0.06, "bound": 0.05, "judged": True}
    quality = {"status": "no-drift", "metrics": [{**metric, "violated": False}], "coverage": 0.25, "conflicting": 2}
    dimensions = {**FINDINGS["dimensions"], "model-quality": quality}
    account.leave(f"{PREFIX}drift.json", {**FINDINGS, "records": records, "dimensions": dimensions})

    assert account.type("monitor", "churn") == 0

    said = capsys.readouterr().out
    assert "7 lines could not be read, as ground-truth/2026/11/20/08/bad.csv line 3: its label is empty" in said
    assert "40 records say that they are of another time than their folder: is a clock wrong?" in said
    assert "got no answer" not in said
    assert "auc 0.760, was 0.820: lost 0.060 and may lose 0.05, which so few labels cannot tell from chance" in said
    assert "25% of the window's requests have a label; 2 labels contradict others" in said


def test_an_endpoint_that_is_gone_is_not_watched(account: Account, capsys: Capture) -> None:
    watch(account)
    account.sagemaker.delete_endpoint(EndpointName="sluice-dev-churn--real-time")
    assert account.type("monitor", "churn") == 0
    shown = capsys.readouterr()
    assert "churn v3 is not watched" in shown.out
    assert "sluice traffic churn --set v3=100" in shown.out


def test_a_good_batch_hides_no_endpoint_that_drifts(account: Account, checks: Checks) -> None:
    watch(account)
    checks.put(FOUND)
    later = NOW + timedelta(hours=1)
    checks.put(replace(FOUND, check_id="b", source="batch", verdict="no-drift", window_start=later, window_end=later))
    assert account.type("monitor", "churn", "--fail-on-drift") == 3
