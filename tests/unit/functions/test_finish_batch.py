import gzip
import json

import pytest

from sluice.events.check_requested import CheckRequestedDetail
from sluice.naming import INTERMEDIATE_TAG
from tests.unit.functions.batch_under_test import BUCKET, GOOD, HEADER, Batches
from tests.unit.functions.conftest import StageUnderTest

SCORED = "id,age,plan,probability,label\n1,30,basic,0.5,No\n2,41,plus,0.5,No\n"
REFUSAL = "2026-11-20T20:31:09.000:[sagemaker logs]: b/part-00000.csv: "


@pytest.fixture
def batches(stage: StageUnderTest) -> Batches:
    found = Batches(stage)
    found.go_live()
    return found


def test_the_result_has_the_uploads_name_and_a_header(batches: Batches) -> None:
    event = batches.event()
    plan = batches.planned(event)
    batches.transform(plan)

    answer = batches.finish(event)

    assert (answer["outcome"], answer["rows"]) == ("finished", 2)
    assert batches.read("batch/out/a.csv").decode() == SCORED
    written = json.loads(batches.read("batch/out/a.csv.json"))
    assert (written["version"], written["rows"], written["seconds"], written["job"]) == (6, 2, 90.0, plan["name"])
    assert written["cost_usd"] == pytest.approx(0.115 * 90 / 3600)
    assert batches.stage.actions() == ["BATCH_STARTED", "BATCH_FINISHED"]
    assert batches.stage.notices() == ["[sluice] churn: batch finished"]


def test_what_the_job_wrote_expires_and_the_result_does_not(batches: Batches) -> None:
    event = batches.event()
    batches.transform(batches.planned(event))
    batches.finish(event)

    (answers,) = [key for key in batches.stage.keys("models/churn/batch/jobs/") if "/out/" in key]
    assert batches.tags(answers) == INTERMEDIATE_TAG
    assert batches.tags("models/churn/batch/out/a.csv") == {}


def test_parts_are_put_together_in_the_files_order(batches: Batches) -> None:
    batches.go_live(batch={"instance_count": 3})
    rows = [f"{number:07d},30,basic" for number in range(200_000)]
    event = batches.event(HEADER + "\n".join(rows) + "\n")
    batches.transform(batches.planned(event))

    assert batches.finish(event)["rows"] == 200_000

    lines = batches.read("batch/out/a.csv").decode().splitlines()
    assert lines == ["id,age,plan,probability,label", *(f"{row},0.5,No" for row in rows)]


@pytest.mark.parametrize("end", ["\n\n", "\r\n", "\n\n\n"])
def test_line_ends_of_the_job_are_no_rows(batches: Batches, end: str) -> None:
    event = batches.event()
    batches.transform(batches.planned(event), end)

    assert batches.finish(event)["outcome"] == "finished"
    assert batches.read("batch/out/a.csv").decode() == SCORED


def test_what_came_packed_goes_packed(batches: Batches) -> None:
    event = batches.event(gzip.compress(GOOD.encode()), "a.csv.gz")
    batches.transform(batches.planned(event))

    assert batches.finish(event)["outcome"] == "finished"
    assert gzip.decompress(batches.read("batch/out/a.csv.gz")).decode() == SCORED


def test_a_row_that_did_not_come_out_fails_the_batch(batches: Batches) -> None:
    event = batches.event()
    batches.transform(batches.planned(event), lose=1)

    answer = batches.finish(event)

    assert answer["outcome"] == "failed"
    assert "2 rows went into the job" in answer["reason"]
    assert "and 1 came out" in answer["reason"]
    assert batches.stage.keys("models/churn/batch/out/") == []
    assert batches.stage.notices() == ["[sluice] churn: batch failed"]


def test_a_part_without_answers_fails_the_batch(batches: Batches) -> None:
    event = batches.event()
    batches.end_job(batches.planned(event), "Completed")

    assert "left no part-00000.csv.out in s3://" in batches.finish(event)["reason"]


def test_a_failed_job_is_told_in_the_containers_words(batches: Batches) -> None:
    event = batches.event()
    plan = batches.planned(event)
    batches.end_job(plan, "Failed", "ClientError: See job logs for more information")
    batches.logs.streams = {
        f"{plan['name']}/i-1": ['{"error": "not this one"}'],
        f"{plan['name']}/i-1/data-log": [
            f"{REFUSAL}ClientError: 400",
            f"{REFUSAL}Message:",
            REFUSAL + "{\"error\": \"row 2, column 'age': 'old' is not a number\"}",
        ],
        "another-job/i-2/data-log": ['{"error": "nor this"}'],
    }

    answer = batches.finish(event, failure={"Error": "States.TaskFailed", "Cause": "{}"})

    uri = f"s3://{BUCKET}/models/churn/batch/in/a.csv"
    assert answer["outcome"] == "failed"
    assert answer["reason"].startswith(uri)
    assert "row 2, column 'age': 'old' is not a number. Upload it again" in answer["reason"]
    assert batches.read("batch/in/a.csv").decode() == GOOD
    assert batches.stage.actions() == ["BATCH_STARTED", "BATCH_FAILED"]


@pytest.mark.parametrize(
    ("status", "reason", "failure", "told"),
    [
        ("Failed", "ClientError: no capacity", None, "ended as Failed: ClientError: no capacity"),
        ("Stopped", None, {"Error": "TooSlow", "Cause": "the job took longer"}, "TooSlow: the job took longer"),
        (None, None, {"Error": "SageMaker.X", "Cause": "denied"}, "SageMaker.X: denied"),
        (None, None, None, "the batch ended without a result"),
    ],
)
def test_other_failures_are_told_as_they_are(
    batches: Batches, status: str | None, reason: str | None, failure: dict[str, str] | None, told: str
) -> None:
    event = batches.event()
    plan = batches.planned(event)
    if status:
        batches.end_job(plan, status, reason)

    assert told in batches.finish(event, failure=failure)["reason"]


def test_what_could_not_be_deleted_is_told(batches: Batches) -> None:
    event = batches.event()
    batches.transform(batches.planned(event))

    assert "delete it by hand: model m" in batches.finish(event, left_over="model m")["reason"]


def test_a_batch_that_was_stopped_before_its_plan_is_told(batches: Batches) -> None:
    answer = batches.finish(batches.event(), failure={"Error": "BatchStopped", "Cause": "it ended as ABORTED"})

    assert (answer["outcome"], "BatchStopped: it ended as ABORTED" in answer["reason"]) == ("failed", True)


def test_finished_twice_is_told_once(batches: Batches) -> None:
    event = batches.event()
    batches.transform(batches.planned(event))

    assert batches.finish(event) == batches.finish(event, failure={"Error": "BatchStopped", "Cause": "late"})
    assert batches.stage.notices() == ["[sluice] churn: batch finished"]


def test_the_result_of_a_newer_upload_is_not_overwritten(batches: Batches) -> None:
    older = batches.event()
    slow = batches.planned(older, "arn:1")
    newer = batches.event(GOOD + "3,1,plus\n")
    batches.transform(batches.planned(newer, "arn:2"))
    batches.finish(newer, "arn:2")
    batches.transform(slow)

    answer = batches.finish(older, "arn:1")

    assert "a newer upload of the same name was scored meanwhile. Its result stays." in answer["reason"]
    assert len(batches.read("batch/out/a.csv").splitlines()) == 4


def test_a_monitored_versions_result_is_to_be_checked(batches: Batches) -> None:
    batches.go_live(monitoring={"enabled": True})
    event = batches.event()
    plan = batches.planned(event)
    batches.transform(plan)

    batches.finish(event)

    ((detail_type, detail),) = batches.bus.put_in
    assert detail_type == "Check Requested"
    assert CheckRequestedDetail.model_validate(detail) == CheckRequestedDetail(
        stage="dev",
        model="churn",
        requested_by=f"batch {plan['batch_id']}",
        batch_id=plan["batch_id"],
        result_key="models/churn/batch/out/a.csv",
    )


def test_other_results_are_not(batches: Batches) -> None:
    event = batches.event()
    batches.transform(batches.planned(event))

    batches.finish(event)

    assert batches.bus.put_in == []
