"""`sluice report`: the page of a version, fetched, or where it lies."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.unit.cli.conftest import BUCKET, Account, put_live

Capture = pytest.CaptureFixture[str]
KEY = "models/churn/runs/261120100000-cccc/report/report.html"
PAGE = "<!doctype html><title>churn</title>"


@pytest.fixture(autouse=True)
def _elsewhere_without_a_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def reported(account: Account) -> Account:
    """Version 3 has a report; versions 1 and 2 name none."""
    uri = account.leave(KEY, PAGE)
    account.register("PendingManualApproval", "261120100000-cccc", "0.85", report=uri)
    return account


def test_without_a_screen_the_file_is_named(reported: Account, capsys: Capture) -> None:
    assert reported.type("report", "churn") == 0
    shown = capsys.readouterr()
    assert shown.out == ".sluice/reports/churn-v3.html\n"
    assert Path(shown.out.strip()).read_text() == PAGE
    assert "No browser can be started here" in shown.err


def test_it_goes_where_it_is_asked_to(reported: Account, capsys: Capture) -> None:
    assert reported.type("report", "churn", "v3", "--out", "folder/page.html", "--no-open") == 0
    assert capsys.readouterr().out == "folder/page.html\n"
    assert Path("folder/page.html").read_text() == PAGE


def test_a_link_is_signed_and_says_how_long_it_is_valid(reported: Account, capsys: Capture) -> None:
    assert reported.type("report", "churn", "latest", "--url") == 0
    shown = capsys.readouterr()
    url = urlsplit(shown.out.strip())
    assert f"{url.hostname}{url.path}" == f"{BUCKET}.s3.amazonaws.com/{KEY}"
    query = parse_qs(url.query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["43200"]
    assert "for 12 hours, or until the credentials that signed it end" in shown.err
    assert not Path(".sluice").exists()


def test_json_says_where_it_lies_and_fetches_nothing(reported: Account, capsys: Capture) -> None:
    assert reported.type("report", "churn", "3", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {
        "model": "churn", "version": 3, "uri": f"s3://{BUCKET}/{KEY}", "file": None, "url": None, "url_seconds": None,
    }  # fmt: skip
    assert not Path(".sluice").exists()


def test_json_with_a_file_and_with_a_link(reported: Account, capsys: Capture) -> None:
    assert reported.type("report", "churn", "3", "--json", "--out", "page.html") == 0
    assert json.loads(capsys.readouterr().out)["file"] == "page.html"
    assert Path("page.html").is_file()
    assert reported.type("report", "churn", "3", "--json", "--url") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["url_seconds"] == 43200
    assert re.match(r"https?://\S+X-Amz-Signature=", found["url"])


def test_the_live_versions_report(reported: Account, capsys: Capture) -> None:
    assert reported.type("report", "churn", "live") == 1
    assert "no version of churn is in production" in capsys.readouterr().err
    put_live(reported, 3)
    assert reported.type("report", "churn", "live", "--no-open") == 0
    assert "churn-v3.html" in capsys.readouterr().out


@pytest.mark.parametrize("how", [["--no-open"], ["--url"]])
def test_a_report_that_was_deleted_is_gone(reported: Account, capsys: Capture, how: list[str]) -> None:
    reported.s3.delete_object(Bucket=BUCKET, Key=KEY)
    assert reported.type("report", "churn", "3", *how) == 1
    assert f"the report of churn v3 is gone: s3://{BUCKET}/{KEY} was deleted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["churn", "1"], 1, "churn v1 names no report"),
        (["churn", "9"], 2, "churn has no version 9. It has: 3, 2, 1"),
        (["churm"], 2, "Did you mean churn?"),
        (["upsell"], 1, "upsell has no version yet"),
        (["churn", "newest"], 2, "write a number as in 3 or v3, latest, or live"),
        (["churn", "3", "--url", "--out", "x.html"], 2, "--url fetches nothing"),
        (["churn", "3", "--out", "/proc/x.html"], 1, "/proc/x.html cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said(
    reported: Account, capsys: Capture, arguments: list[str], code: int, reason: str
) -> None:
    assert reported.type("report", *arguments) == code
    assert reason in capsys.readouterr().err
