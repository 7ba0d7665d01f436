import gzip
import json

import pytest

from sluice.naming import INTERMEDIATE_TAG
from tests.events import load_event
from tests.unit.functions.batch_under_test import ARN, BUCKET, GOOD, HEADER, KEY_ARN, Batches
from tests.unit.functions.conftest import StageUnderTest


@pytest.fixture
def batches(stage: StageUnderTest) -> Batches:
    found = Batches(stage)
    found.go_live()
    return found


def parts_of(batches: Batches) -> list[str]:
    return [
        batches.stage.objects.read(key).decode()
        for key in batches.stage.keys("models/churn/batch/jobs/")
        if "/in/" in key
    ]


def test_an_upload_becomes_a_plan_on_its_own_copy_of_the_rows(batches: Batches) -> None:
    plan = batches.planned(batches.event())

    assert (plan["version"], plan["package_arn"], plan["rows"], plan["parts"]) == (6, ARN, 2, 1)
    assert plan["columns"] == '["id","age","plan"]'
    assert plan["input_uri"] == f"s3://{BUCKET}/models/churn/batch/jobs/{plan['batch_id']}/in/"
    assert parts_of(batches) == [GOOD]
    assert batches.stage.actions() == ["BATCH_STARTED"]
    assert batches.stage.notices() == []


def test_the_plan_has_what_the_definition_of_the_version_says(batches: Batches) -> None:
    batches.go_live(batch={"instance_type": "ml.c5.xlarge", "max_concurrent": 4, "max_payload_mb": 2})
    batches.stage.put_definition(batch={"instance_type": "ml.m5.4xlarge"})  # not trained yet: nobody's concern
    batches.kms_key_arn = KEY_ARN

    plan = batches.planned(batches.event())

    assert (plan["instance_type"], plan["max_concurrent"], plan["max_payload_mb"]) == ("ml.c5.xlarge", 4, 2)
    assert (plan["kms_key_arn"], plan["role_arn"]) == (KEY_ARN, "arn:role")


def test_what_the_job_reads_expires(batches: Batches) -> None:
    batches.start(batches.event())

    (part,) = [key for key in batches.stage.keys("models/churn/batch/jobs/") if "/in/" in key]
    assert batches.tags(part) == INTERMEDIATE_TAG


@pytest.mark.parametrize("name", ["a.csv.gz", "deep/er/a.CSV.GZ"])
def test_a_packed_file_is_unpacked(batches: Batches, name: str) -> None:
    batches.start(batches.event(gzip.compress(GOOD.encode(), mtime=0), name))

    assert parts_of(batches) == [GOOD]


def test_a_byte_order_mark_and_carriage_returns_do_not_reach_the_job(batches: Batches) -> None:
    batches.start(batches.event("\ufeff" + GOOD.replace("\n", "\r\n")))

    assert parts_of(batches) == [GOOD]


def test_instances_share_the_file_by_parts(batches: Batches) -> None:
    batches.go_live(batch={"instance_count": 3})
    rows = [f"{number:07d},30,basic\n" for number in range(200_000)]

    plan = batches.planned(batches.event(HEADER + "".join(rows)))

    parts = parts_of(batches)
    assert plan["parts"] == len(parts) == 3
    assert plan["instance_count"] == 3
    assert "".join(parts) == HEADER + "".join(rows)
    assert [part.startswith(HEADER) for part in parts] == [True, False, False]


def test_a_large_file_goes_through_in_pieces(batches: Batches) -> None:
    rows = "".join(f"{number:09d},30,{'x' * 80}\n" for number in range(200_000))

    plan = batches.planned(batches.event(HEADER + rows))

    assert plan["rows"] == 200_000
    assert parts_of(batches) == [HEADER + rows]


@pytest.mark.parametrize(
    ("body", "name", "reason"),
    [
        (b"", "a.csv", "the file is empty"),
        (HEADER.encode(), "a.csv", "a header and no rows"),
        (b"id;age;plan\n1;2;a\n", "a.csv", "separated by ';'"),
        (HEADER.encode() + b'1,2,"a\nb"\n', "a.csv", "line 2 is not a whole row"),
        (b"PAR1", "a.parquet", "is Parquet"),
        (b"{}", "a.json", "is not a data file"),
        (GOOD.encode(), "a.csv.gz", "is not gzip"),
        (gzip.compress(GOOD.encode(), mtime=0)[:-4], "a.csv.gz", "the gzip file is cut off"),
        (HEADER.encode() + b"1,2,a\n" * 400_000 + b"1,2\n", "a.csv", "line 400,002 has 2 cells"),
    ],
)
def test_a_bad_file_goes_to_quarantine_with_the_reason(batches: Batches, body: bytes, name: str, reason: str) -> None:
    answer = batches.start(batches.event(body, name))

    assert (answer.outcome, answer.plan) == ("quarantined", None)
    assert reason in answer.reason
    copy, explanation = batches.stage.keys("models/churn/quarantine/")
    assert batches.stage.objects.read(copy) == body
    explained = json.loads(batches.stage.objects.read(explanation))
    assert reason in explained["reason"]
    assert "models/churn/batch/in/" in explained["next"]
    assert batches.read(f"batch/in/{name}") == body, "the upload stays"
    assert batches.stage.actions() == ["BATCH_FAILED"]
    assert batches.stage.notices() == ["[sluice] churn: batch failed"]
    assert [key for key in batches.stage.keys("models/churn/batch/jobs/") if not key.endswith("part-00000.csv")] == []


def test_without_a_live_version_the_file_stays_and_people_are_told_how_to_score_it(stage: StageUnderTest) -> None:
    batches = Batches(stage)

    answer = batches.start(batches.event())

    assert answer.outcome == "not-live"
    uri = f"s3://{BUCKET}/models/churn/batch/in/a.csv"
    assert f"aws s3 cp {uri} {uri} --metadata-directive REPLACE" in answer.reason
    assert stage.keys("models/churn/quarantine/") == []
    assert stage.actions() == ["BATCH_FAILED"]
    assert stage.notices() == ["[sluice] churn: batch failed"]


def test_one_upload_is_scored_once(batches: Batches) -> None:
    event = batches.event()
    plan = batches.planned(event, "arn:1")

    assert batches.start(event, "arn:2").outcome == "duplicate"
    assert batches.planned(event, "arn:1") == plan, "retried in its own execution: the same plan"
    assert batches.stage.actions() == ["BATCH_STARTED"]


def test_a_retry_gets_its_plan_also_when_the_file_was_overwritten_meanwhile(batches: Batches) -> None:
    event = batches.event()
    plan = batches.planned(event)
    batches.event(GOOD + "3,1,plus\n")

    assert batches.planned(event) == plan


def test_of_two_uploads_of_a_name_the_newest_is_scored(batches: Batches) -> None:
    first = batches.event()
    second = batches.event(GOOD + "3,1,plus\n")

    assert batches.start(first, "arn:1").outcome == "nothing"
    assert batches.planned(second, "arn:2")["rows"] == 3


def test_a_file_that_is_gone_is_nobodys_concern(batches: Batches) -> None:
    event = batches.event()
    batches.stage.s3.delete_object(Bucket=BUCKET, Key="models/churn/batch/in/a.csv")

    assert batches.start(event).outcome == "nothing"


def test_a_key_below_another_folder_is_nothing_to_score(batches: Batches) -> None:
    event = batches.event()
    event["detail"]["object"]["key"] = "models/churn/raw/batch/in/a.csv"

    assert batches.start(event).outcome == "nothing"


def test_the_end_of_an_execution_names_what_it_may_have_left(batches: Batches) -> None:
    event = batches.event()
    plan = batches.planned(event, "arn:1")
    ended = load_event("batch_status_change")
    ended["detail"] |= {"executionArn": "arn:1", "input": json.dumps(event)}

    answer = batches.start(ended, "arn:1")

    assert (answer.outcome, answer.plan) == ("clean-up", {"name": plan["name"]})
