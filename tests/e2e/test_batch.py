"""A file in batch/in/ is scored by the version that serves, in a real transform job, and lies in batch/out/."""

import csv
import gzip
import io
import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.local_stage import LocalStage, write_churn
from tests.e2e.trained_model import Inbox, TrainedModel
from tests.waiting import eventually

ADDED = ["probability", "label"]


@dataclass
class Scoring:
    """Files that one model scores."""

    model: TrainedModel

    def churn(self, rows: int = 200, seed: int = 50) -> bytes:
        return write_churn(self.model.folder / "to_score.csv", rows, seed).read_bytes()

    def upload(self, name: str, body: bytes) -> str:
        key = f"models/{self.model.name}/batch/in/{name}"
        stored = self.model.client("s3").put_object(Bucket=self.model.stage.bucket, Key=key, Body=body)
        return str(stored["VersionId"])

    def executions(self, version: str) -> list[dict[str, Any]]:
        """Those of an object version; the clean-ups behind them hold its event within their own."""
        states = self.model.client("stepfunctions")
        pages = states.get_paginator("list_executions").paginate(
            stateMachineArn=self.model.stage.outputs["BatchStateMachineArn"]
        )
        summaries = [summary for page in pages for summary in page["executions"]]
        described = [states.describe_execution(executionArn=summary["executionArn"]) for summary in summaries]
        ours = [execution for execution in described if version in execution["input"]]
        return sorted(ours, key=lambda execution: execution["startDate"])

    def ended(self, version: str, count: int = 1) -> list[dict[str, Any]]:
        def look() -> list[dict[str, Any]] | None:
            found = self.executions(version)
            running = [execution for execution in found if execution["status"] == "RUNNING"]
            return found if len(found) >= count and not running else None

        return eventually(look, f"{count} ended execution(s) of {version}", 120)

    def score(self, name: str, body: bytes) -> dict[str, Any]:
        """The output of the batch."""
        (execution,) = self.ended(self.upload(name, body))
        assert execution["status"] == "SUCCEEDED", execution
        output: dict[str, Any] = json.loads(execution["output"])
        return output

    def refused(self, name: str, body: bytes) -> dict[str, Any]:
        execution = self.ended(self.upload(name, body))[0]
        assert execution["status"] == "FAILED", execution
        return execution

    def result(self, name: str) -> bytes:
        return self.model.read(f"s3://{self.model.stage.bucket}/models/{self.model.name}/batch/out/{name}")

    def results(self) -> list[str]:
        return [key.rpartition("/")[2] for key in self.model.keys("batch/out/")]

    def remains(self) -> list[str]:
        """Models of batches that nobody deleted."""
        found = self.model.client("sagemaker").list_models(NameContains="sluice-dev--batch-")["Models"]
        return [one["ModelName"] for one in found]


def table(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode())))


@pytest.fixture(scope="module")
def scoring(stack: LocalStage, tmp_path_factory: pytest.TempPathFactory) -> Scoring:
    model = TrainedModel(stack, "m-batch", tmp_path_factory.mktemp("batch"))
    run = model.train(batch={"max_payload_mb": 1, "max_concurrent": 4})
    model.deploy(run["package_arn"])
    return Scoring(model)


def test_every_row_gets_what_the_endpoint_answers(scoring: Scoring, inbox: Inbox) -> None:
    body = scoring.churn()

    output = scoring.score("customers.csv", body)

    assert (output["outcome"], output["rows"]) == ("finished", 200)
    sent, scored = table(body), table(scoring.result("customers.csv"))
    assert scored[0] == sent[0] + ADDED
    assert [row[: len(sent[0])] for row in scored[1:]] == sent[1:]
    records = [dict(zip(sent[0], row, strict=True)) for row in sent[1:]]
    answered = scoring.model.scores(records)
    assert [float(row[-2]) for row in scored[1:]] == pytest.approx(answered)
    assert {row[-1] for row in scored[1:]} == {"Yes", "No"}
    summary = json.loads(scoring.result("customers.csv.json"))
    assert (summary["version"], summary["rows"], summary["instance_type"]) == (1, 200, "ml.m5.large")
    assert summary["cost_usd"] > 0
    assert scoring.remains() == []
    assert any("batch finished" in notice["Subject"] for notice in inbox.about(scoring.model.name))
    assert "BATCH_FINISHED" in scoring.model.actions()


def test_what_a_job_would_stumble_over_does_not_reach_it(scoring: Scoring) -> None:
    lines = scoring.churn(rows=50).decode().splitlines()
    body = gzip.compress(("\ufeff" + "\r\n".join([lines[0], "", *lines[1:], "", ""])).encode())

    assert scoring.score("deep/er/packed.csv.gz", body)["rows"] == 50

    scored = table(gzip.decompress(scoring.result("deep/er/packed.csv.gz")))
    assert scored[0] == [*lines[0].split(","), *ADDED]
    assert [row[0] for row in scored[1:]] == [line.split(",")[0] for line in lines[1:]]


def test_a_file_of_several_requests_has_its_header_once(scoring: Scoring) -> None:
    """Requests are of 1 MB, four at once: only one of them begins with the header."""
    body = scoring.churn(rows=100_000)
    assert len(body) > 2_400_000

    assert scoring.score("large.csv", body)["rows"] == 100_000

    scored = scoring.result("large.csv").decode().splitlines()
    sent = body.decode().splitlines()
    assert [line.rpartition(",")[0].rpartition(",")[0] for line in scored] == sent


def test_the_target_may_be_missing_and_columns_in_any_order(scoring: Scoring) -> None:
    scoring.score("unlabelled.csv", b'monthly,"plan",tenure\n50.5,basic,3\n"99",plus,\n')

    assert [row[:3] for row in table(scoring.result("unlabelled.csv"))] == [
        ["monthly", "plan", "tenure"],
        ["50.5", "basic", "3"],
        ["99", "plus", ""],
    ]


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("empty.csv", b"", "the file is empty"),
        ("header.csv", b"tenure,plan,monthly\n", "a header and no rows"),
        ("other.csv", b"tenure;plan;monthly\n1;basic;2\n", "separated by ';'"),
        ("breaks.csv", b'tenure,plan,monthly\n1,"ba\nsic",2\n', "line 2 is not a whole row"),
        ("missing.csv", b"tenure,plan\n1,basic\n", "column 'monthly' is missing"),
    ],
)
def test_a_bad_file_starts_no_job(scoring: Scoring, inbox: Inbox, name: str, body: bytes, reason: str) -> None:
    execution = scoring.refused(name, body)

    assert execution["error"] == "UploadQuarantined"
    assert reason in execution["cause"]
    quarantined = [key for key in scoring.model.keys("quarantine/") if key.endswith(name)]
    assert [scoring.model.read(f"s3://{scoring.model.stage.bucket}/{key}") for key in quarantined] == [body]
    assert name not in scoring.results()
    assert any(reason in notice["Message"] for notice in inbox.about(scoring.model.name))


def test_a_row_that_the_container_refuses_is_told_in_its_words(scoring: Scoring, inbox: Inbox) -> None:
    body = b"tenure,plan,monthly\n1,basic,2\nlong,basic,2\n"

    execution = scoring.refused("refused.csv", body)

    assert execution["error"] == "BatchFailed"
    assert "row 2, column 'tenure'" in execution["cause"]
    assert "Upload it again" in execution["cause"]
    assert scoring.model.keys("batch/in/refused.csv") != [], "the upload stays"
    assert "refused.csv" not in scoring.results()
    assert scoring.remains() == []
    assert any("row 2, column 'tenure'" in notice["Message"] for notice in inbox.about(scoring.model.name))


def test_of_two_uploads_of_one_name_the_newer_ones_result_stays(scoring: Scoring) -> None:
    first = scoring.upload("twice.csv", b"tenure,plan,monthly\n1,basic,2\n")
    second = scoring.upload("twice.csv", b"tenure,plan,monthly\n1,basic,2\n3,plus,4\n")

    scoring.ended(first)
    assert scoring.ended(second)[0]["status"] == "SUCCEEDED"

    assert len(table(scoring.result("twice.csv"))) == 3
    assert json.loads(scoring.result("twice.csv.json"))["file"].endswith(second)


def test_a_batch_that_is_stopped_is_cleaned_up_and_told(scoring: Scoring, inbox: Inbox) -> None:
    version = scoring.upload("stopped.csv", scoring.churn(rows=100_000, seed=51))
    (execution,) = eventually(lambda: scoring.executions(version), "the batch begins")
    eventually(scoring.remains, "the model is made")

    scoring.model.client("stepfunctions").stop_execution(executionArn=execution["executionArn"], cause="enough")

    stopped, *_ = scoring.ended(version, count=2)
    assert stopped["status"] == "ABORTED"
    told = eventually(
        lambda: [notice for notice in inbox.about(scoring.model.name) if "stopped.csv" in notice["Message"]],
        "a notification",
    )
    assert "its execution ended as ABORTED" in told[0]["Message"]
    assert scoring.remains() == []
    assert "stopped.csv" not in scoring.results()


def test_without_a_live_version_people_are_told_how_to_score_it_later(model: TrainedModel, inbox: Inbox) -> None:
    execution = Scoring(model).refused("early.csv", b"tenure,plan,monthly\n1,basic,2\n")

    assert execution["error"] == "NothingIsLive"
    assert "--metadata-directive REPLACE" in execution["cause"]
    assert model.keys("quarantine/") == []
    assert model.actions() == ["BATCH_FAILED"]
    assert any("no version" in notice["Message"] for notice in inbox.about(model.name))
