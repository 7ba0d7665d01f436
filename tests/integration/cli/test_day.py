"""A user's day with the local cloud, command by command: up, init, upload, follow, approve, predict, reject, down."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from tests.integration.cli.conftest import ROOT, Finished, Shell, processes_of
from tests.waiting import eventually

pytestmark = pytest.mark.slow

BUCKET = "sluice-dev-000000000000-us-east-1"
ROWS = 3000


def generate(out: Path, seed: int) -> None:
    script = ROOT / "examples" / "churn" / "generate.py"
    arguments = [sys.executable, str(script), "--rows", str(ROWS), "--seed", str(seed), "--out", str(out)]
    subprocess.run(arguments, check=True)


class Day:
    """What was done once, for all tests to look at."""

    def __init__(self, shell: Shell, up: Finished) -> None:
        self.shell = shell
        self.up = up
        self.init = self._make_definition()
        self._upload()
        self.followed = shell.sluice("runs", "churn", "--follow")
        self.approved = shell.sluice("approve", "churn", "latest", "--reason", "reviewed in the test")
        self.wait_for("DEPLOYED")

    def history(self) -> list[dict]:
        return json.loads(self.shell.sluice("history", "churn", "--json").out)

    def upload(self, path: Path, key: str) -> None:
        variables = self.shell.variables
        s3 = boto3.client(
            "s3",
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=variables["AWS_DEFAULT_REGION"],
            config=Config(proxies={}),
        )
        s3.upload_file(str(path), BUCKET, key)

    def wait_for(self, action: str) -> dict:
        def look() -> dict | None:
            return next((entry for entry in self.history() if entry["action"] == action), None)

        return eventually(look, f"{action} in the history", 120)

    def _make_definition(self) -> Finished:
        generate(self.shell.folder / "churn.csv", seed=3)
        return self.shell.sluice("init", "churn.csv", "--target", "churned", "--name", "churn")

    def _upload(self) -> None:
        self.upload(self.shell.folder / "model.yaml", "models/churn/model.yaml")
        self.upload(self.shell.folder / "churn.csv", "models/churn/raw/churn.csv")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    shell = Shell(tmp_path_factory.mktemp("day"))
    up = shell.sluice("up")
    try:
        assert up.code == 0, up.err
        shell.evaluate(up.out)
        yield Day(shell, up)
    finally:
        shell.sluice("down")


def test_up_says_on_stdout_only_what_a_shell_can_evaluate(day: Day) -> None:
    names = [line.removeprefix("export ").partition("=")[0] for line in day.up.out.splitlines()]
    keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    assert names == ["AWS_ENDPOINT_URL", *keys, "AWS_REGION", "AWS_DEFAULT_REGION"]
    assert f"aws s3 cp churn.csv s3://{BUCKET}/models/churn/raw/" in day.up.err


def test_up_again_keeps_the_cloud_and_deploys_again(day: Day) -> None:
    again = day.shell.sluice("up")
    assert again.code == 0, again.err
    assert again.out == day.up.out
    assert again.err.startswith("The local cloud is up already at http://127.0.0.1:")
    assert "Deployed." in again.err
    assert day.shell.sluice("models", "churn", "--json").out.count('"version"') >= 1


def test_init_said_what_it_chose(day: Day) -> None:
    assert day.init.code == 0, day.init.err
    assert "key       customer_id: named like a key, a different value in each of 3,000 rows" in day.init.err


def test_the_run_was_followed_step_by_step_to_its_end(day: Day) -> None:
    assert day.followed.code == 0, day.followed.err
    lines = [line.split("  ", 1)[1] for line in day.followed.out.splitlines()]
    done = [line.partition(":")[0] for line in lines if ": done in" in line]
    assert done == ["StartRun", "Preprocess", "Train", "Evaluate", "Gate", "Register", "FinishRun"]
    assert lines[-1].startswith("run SUCCEEDED after")
    assert all("itself" in line for line in lines if line.startswith(("Train: done", "Preprocess: done")))


def test_the_gate_and_the_registry_are_heard_as_they_decide(day: Day) -> None:
    lines = [line.split("  ", 1)[1] for line in day.followed.out.splitlines()]
    assert any(line.startswith("Gate: done in") and line.endswith("(verdict pass)") for line in lines)
    assert any(line.endswith("(version 1 is PendingManualApproval)") for line in lines)


def test_one_run_is_told_whole(day: Day) -> None:
    found = json.loads(day.shell.sluice("runs", "churn", "latest", "--json").out)
    assert (found["status"], found["verdict"], found["version"]) == ("SUCCEEDED", "pass", 1)
    steps = {step["step"]: step for step in found["steps"]}
    assert {name for name, step in steps.items() if step["job"]} == {"Preprocess", "Train", "Evaluate"}
    assert all(step["outcome"] == "done" and step["seconds"] > 0 for step in steps.values())
    assert 0 < steps["Train"]["job_seconds"] <= steps["Train"]["seconds"]
    shown = day.shell.sluice("runs", "churn", found["run_id"]).out
    assert "report    sluice report churn 1" in shown


def test_the_report_is_fetched_and_signed_for_others(day: Day) -> None:
    fetched = day.shell.sluice("report", "churn", "--no-open")
    assert fetched.code == 0, fetched.err
    page = (day.shell.folder / fetched.out.strip()).read_text()
    assert '"package_arn"' in page, "the registration's facts are in it"
    linked = day.shell.sluice("report", "churn", "v1", "--url")
    assert "12 hours" in linked.err
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(linked.out.strip(), timeout=30) as answer:
        assert answer.read().decode() == page
        assert answer.headers["Content-Type"].startswith("text/html")


def test_the_approver_and_the_reason_are_in_the_history(day: Day) -> None:
    assert day.approved.out == "churn v1: PendingManualApproval -> Approved\n"
    approved = next(entry for entry in day.history() if entry["action"] == "MODEL_APPROVED")
    assert approved["why"] == "reviewed in the test"


def test_what_serves_is_told_as_json(day: Day) -> None:
    found = json.loads(day.shell.sluice("wait", "churn", "live", "--json").out)
    assert (found["version"], found["serves"]) == (1, True)


def test_status_shows_the_local_cloud_and_the_live_version(day: Day) -> None:
    shown = day.shell.sluice("status").out
    assert "(the local cloud), region us-east-1, stage dev" in shown
    row = next(line.split() for line in shown.splitlines() if line.startswith("churn"))
    assert row[:3] == ["churn", "v1", "InService"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_documented_request_to_the_inference_api_is_answered(day: Day) -> None:
    document = (ROOT / "docs" / "inference-api.md").read_text()
    typed = re.search(r"^curl --aws-sigv4.*?predictions\"$", document, re.M | re.S)
    assert typed
    status = json.loads(day.shell.sluice("status", "--json").out)
    environment = {**day.shell.variables, "URL": status["inference_api_url"], "PATH": os.environ["PATH"]}
    command = ["bash", "-c", typed[0].replace("curl ", "curl --silent --show-error --noproxy '*' ")]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    answer = json.loads(said.stdout)
    assert (answer["model"], answer["model_version"], answer["inference_id"]) == ("churn", 1, "order-4711"), answer
    assert answer["predictions"][0]["label"] in ("Yes", "No")


def test_without_the_variables_the_local_cloud_is_named_and_not_used(day: Day) -> None:
    bare = Shell(day.shell.folder, {"AWS_DEFAULT_REGION": "us-east-1"})
    shown = bare.sluice("models")
    assert shown.code == 1
    assert "Using AWS, region us-east-1, stage dev and not the local cloud at http://127.0.0.1:" in shown.err
    assert "no AWS credentials in the environment" in shown.err


def test_predict_scores_every_row_and_carries_the_key(day: Day) -> None:
    shown = day.shell.sluice("predict", "churn", "churn.csv", "--out", "scores.csv")
    assert shown.code == 0, shown.err
    with (day.shell.folder / "scores.csv").open() as stream:
        scores = list(csv.DictReader(stream))
    with (day.shell.folder / "churn.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [score["key"] for score in scores] == [row["customer_id"] for row in rows]
    by_class = {label: [] for label in ("Yes", "No")}
    for score, row in zip(scores, rows, strict=True):
        by_class[row["churned"]].append(float(score["probability"]))
    assert sum(by_class["Yes"]) / len(by_class["Yes"]) > sum(by_class["No"]) / len(by_class["No"]) + 0.1


def test_predict_as_json_goes_to_stdout(day: Day) -> None:
    lines = (day.shell.folder / "churn.csv").read_text().splitlines(keepends=True)
    (day.shell.folder / "few.csv").write_text("".join(lines[:4]))
    answers = json.loads(day.shell.sluice("predict", "churn", "few.csv", "--json").out)
    assert [answer["row"] for answer in answers] == [1, 2, 3]
    assert all(0 < answer["probability"] < 1 for answer in answers)


def test_a_row_that_cannot_be_scored_is_named(day: Day) -> None:
    lines = (day.shell.folder / "churn.csv").read_text().splitlines()
    cells = lines[1].split(",")
    cells[lines[0].split(",").index("tenure_months")] = "abc"
    (day.shell.folder / "wrong.csv").write_text("\n".join([lines[0], lines[2], ",".join(cells)]) + "\n")
    shown = day.shell.sluice("predict", "churn", "wrong.csv", "--out", "never.csv")
    assert shown.code == 2
    assert "row 2" in shown.err
    assert "tenure_months" in shown.err
    assert not (day.shell.folder / "never.csv").exists()


def test_a_file_of_another_kind_is_not_sent(day: Day) -> None:
    (day.shell.folder / "other.csv").write_text("a,b\n1,2\n")
    shown = day.shell.sluice("predict", "churn", "other.csv")
    assert shown.code == 2
    assert "none of the model's features is in the header (a, b)" in shown.err


def test_the_lineage_of_what_serves_is_told_from_its_data_to_its_endpoint(day: Day) -> None:
    shown = day.shell.sluice("lineage", "churn", "live", "--json")
    assert shown.code == 0, shown.err
    found = json.loads(shown.out)
    assert found["data"]["version"].startswith(f"s3://{BUCKET}/models/churn/raw/churn.csv@")
    assert (found["data"]["exists"], found["code"]["exists"]) == (True, True)
    assert [(job["step"], job["status"]) for job in found["jobs"]] == [
        ("preprocess", "Completed"),
        ("train", "Completed"),
        ("evaluate", "Completed"),
    ]
    assert found["cost"]["total_usd"] > 0
    assert found["hyperparameters"]["algorithm"] == "xgboost"
    assert found["gate"] == {"verdict": "pass", "reasons": [], "report": found["gate"]["report"]}
    assert [(one["action"], one["why"]) for one in found["decisions"]] == [("MODEL_APPROVED", "reviewed in the test")]
    deployed = next(one for one in found["serving"] if one["action"] == "DEPLOYED")
    assert deployed["mode"] == "serverless"
    tree = day.shell.sluice("lineage", "churn", "1").out
    assert tree.startswith("churn v1, Approved, registered ")
    assert "gone" not in tree


def test_the_cost_of_a_run_and_of_a_month_is_told(day: Day) -> None:
    shown = day.shell.sluice("cost", "churn", "--requests-per-month", "1000000", "--milliseconds", "20", "--json")
    assert shown.code == 0, shown.err
    found = json.loads(shown.out)
    assert found["run"]["cost"]["total_usd"] > 0
    present = next(offer for offer in found["offers"] if offer["present"])
    assert (present["mode"], present["saves_usd_per_month"]) == ("serverless", 0)
    assert found["break_even_requests"] > 1_000_000
    assert "serverless is cheaper" in day.shell.sluice("cost", "churn").out


def test_all_requests_go_to_the_only_version(day: Day) -> None:
    shown = day.shell.sluice("traffic", "churn", "--json")
    assert shown.code == 0, shown.err
    found = json.loads(shown.out)
    variants = [(one["name"], one["version"], one["share_percent"]) for one in found["variants"]]
    assert variants == [("AllTraffic", 1, 100)]
    refused = day.shell.sluice("traffic", "churn", "--set", "v1=90,v2=10", "--reason", "x")
    assert refused.code == 2
    assert "churn has no v2. It has: v1" in refused.err


def test_there_is_no_way_back_from_the_only_version(day: Day) -> None:
    there = day.shell.sluice("rollback", "churn", "v1", "--reason", "x")
    assert (there.code, there.out) == (0, "churn v1 serves already: nothing to do\n")
    back = day.shell.sluice("rollback", "churn", "--reason", "x")
    assert back.code == 1
    assert "no other version of churn is approved, so v1 stays in service" in back.err


def test_following_an_upload_that_was_refused_says_so_and_shows_no_older_run(day: Day) -> None:
    (day.shell.folder / "bad.csv").write_text("a;b\n1;2\n")
    day.upload(day.shell.folder / "bad.csv", "models/churn/raw/bad.csv")
    day.wait_for("UPLOAD_QUARANTINED")

    shown = day.shell.sluice("runs", "churn", "--follow")

    assert shown.code == 1
    assert shown.out == ""
    assert "the newest upload was refused and started no run: column " in shown.err
    assert "(the target) is missing from the header" in shown.err


def test_a_model_whose_only_upload_was_refused_points_at_its_history(day: Day) -> None:
    day.upload(day.shell.folder / "churn.csv", "models/orphan/raw/churn.csv")

    followed = day.shell.sluice("runs", "orphan", "--follow")
    listed = day.shell.sluice("runs", "orphan")

    assert followed.code == 1
    assert "models/orphan/model.yaml does not exist" in followed.err
    assert "sluice history orphan" in listed.err


def test_a_newer_file_makes_a_version_that_is_compared_with_the_live_one(day: Day) -> None:
    """Followed right after its upload: the run that it starts is waited for, and not the one before."""
    generate(day.shell.folder / "newer.csv", seed=4)
    day.upload(day.shell.folder / "newer.csv", "models/churn/raw/newer.csv")
    followed = day.shell.sluice("runs", "churn", "--follow")
    assert followed.code == 0, followed.err
    assert "which has ended already" not in followed.err
    compared = day.shell.sluice("compare", "churn", "live", "latest", "--json", "--html", "compared.html")
    assert compared.code == 0, compared.err
    found = json.loads(compared.out)
    assert (found["left"]["version"], found["left"]["production"], found["right"]["version"]) == (1, "live", 2)
    assert "churn.csv" in found["not_comparable"][0]
    assert "newer.csv" in found["not_comparable"][0]
    paired = {one["metric"]: one for one in found["paired"]["differences"]}
    assert paired["auc"]["low"] < paired["auc"]["difference"] < paired["auc"]["high"]
    assert {row["name"] for row in found["data"]} >= {"all rows", "share of Yes", "share of No"}
    assert len(found["gain"]) == 10
    shown = day.shell.sluice("compare", "churn", "1", "2")
    assert "NOT THE SAME TEST ROWS" in shown.out
    assert "NOT THE SAME TEST ROWS" in (day.shell.folder / "compared.html").read_text()


def test_a_version_is_rolled_back_and_its_lineage_says_so(day: Day) -> None:
    day.shell.sluice("approve", "churn", "2", "--reason", "newer")
    arrived = day.shell.sluice("wait", "churn", "2")
    assert arrived.code == 0, arrived.err
    back = day.shell.sluice("rollback", "churn", "--reason", "refunds doubled")
    assert (back.code, back.out) == (0, "churn: v2 -> v1: version 1 is in production\n"), back.err
    assert json.loads(day.shell.sluice("models", "churn", "--json").out)[0]["status"] == "Rejected"
    found = json.loads(day.shell.sluice("lineage", "churn", "2", "--json").out)
    asked = next(one for one in found["serving"] if one["action"] == "ROLLBACK_REQUESTED")
    assert asked["why"].endswith("refunds doubled")
    assert asked["who"].startswith("arn:aws:")


def test_rejecting_what_is_live_asks_for_help_when_nothing_else_is_approved(day: Day) -> None:
    shown = day.shell.sluice("reject", "churn", "v1", "--reason", "second thoughts")
    assert shown.code == 0, shown.err
    assert "v1 was in production: the last good version comes back" in shown.err
    assert "no version that served before is approved" in day.wait_for("HELP_NEEDED")["why"]


def test_down_leaves_nothing_and_can_be_said_twice(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert shell.sluice("up", "--no-deploy").code == 0
    assert processes_of(tmp_path)
    assert shell.sluice("down").err.startswith("Stopped the local cloud at")
    assert processes_of(tmp_path) == []
    again = shell.sluice("down")
    assert (again.code, again.err) == (0, "No local cloud is up here\n")


def test_an_empty_cloud_is_told_apart_from_a_missing_one(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.evaluate(shell.sluice("up", "--no-deploy").out)
    try:
        without_stack = shell.sluice("models")
        assert without_stack.code == 1
        assert "there is no stack sluice-dev on http://127.0.0.1:" in without_stack.err
        assert "Deploy it with: sluice up" in without_stack.err
    finally:
        shell.sluice("down")
    gone = shell.sluice("models")
    assert gone.code == 1
    assert "Is the local cloud up?" in gone.err
    assert shell.sluice("status").code == 1
