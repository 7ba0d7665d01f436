"""A file that cannot be trained on starts no job: it lies in quarantine with a reason, and people are told the same."""

import json

import pytest
import yaml

from tests.e2e.trained_model import Inbox, TrainedModel, churn_definition
from tests.waiting import eventually

HEADER = b"customer_id,tenure,plan,monthly,churned\n"

BAD_FILES = {
    "empty file": (b"", "the file is empty"),
    "header only": (HEADER, "a header and no rows"),
    "missing target": (b"customer_id,tenure,plan,monthly\nC1,1,basic,20\n", "column 'churned' (the target) is missing"),
    "wrong delimiter": (b"customer_id:tenure:plan:monthly:churned\nC1:1:basic:20:Yes\n", "must be separated by"),
    "not UTF-8": (HEADER + b"C1,1,b\xe4sic,20,Yes\n", "is not UTF-8: byte 46 is 0xe4"),
    "one class only": (HEADER + b"C1,1,basic,20,Yes\nC2,2,plus,30,Yes\n", "holds one class only, 'Yes'"),
    "a key twice": (
        HEADER + b"C1,1,basic,20,Yes\nC1,2,plus,30,No\n",
        "key 'C1' in column 'customer_id' appears",
    ),
    "a new column": (
        b"customer_id,tenure,plan,monthly,churned,color\nC1,1,basic,20,Yes,red\n",
        "column 'color' is not in model.yaml",
    ),
}


def assert_quarantined(model: TrainedModel, inbox: Inbox, body: bytes, reason: str) -> None:
    (execution,) = model.ended()
    assert execution["status"] == "FAILED"
    assert execution["error"] == "UploadQuarantined"
    assert reason in execution["cause"]

    copy, explanation = model.keys("quarantine/")
    assert model.read(f"s3://{model.stage.bucket}/{copy}") == body
    explained = json.loads(model.read(f"s3://{model.stage.bucket}/{explanation}"))
    assert reason in explained["reason"]
    assert explained["next"]

    (notice,) = eventually(lambda: inbox.about(model.name), "a notification")
    assert reason in notice["Message"]
    assert model.jobs() == []
    assert model.actions() == ["UPLOAD_QUARANTINED"]


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_starts_no_job(model: TrainedModel, inbox: Inbox, case: str) -> None:
    body, reason = BAD_FILES[case]
    model.define()

    model.upload(body)

    assert_quarantined(model, inbox, body, reason)


def test_a_definition_with_an_unknown_field_starts_no_job(model: TrainedModel, inbox: Inbox) -> None:
    model.define(yaml.safe_dump({**churn_definition(model.name), "trainning": {"spot": True}}))

    model.upload(HEADER)

    assert_quarantined(model, inbox, HEADER, "trainning: is not a field of the definition; did you mean training?")


def test_the_corrected_file_runs(model: TrainedModel) -> None:
    model.define()
    model.upload(HEADER)
    model.ended()

    model.upload()

    assert [execution["status"] for execution in model.ended(2)] == ["FAILED", "SUCCEEDED"]
