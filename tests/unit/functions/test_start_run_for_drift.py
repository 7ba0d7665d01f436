"""StartRun, when drift asks for a run and not an upload."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.start_run.request import Answer
from sluice.plan import DriftCause
from tests.events import load_event
from tests.unit.functions.conftest import BUCKET, StageUnderTest
from tests.unit.functions.test_start_run import GOOD, Upload, upload

__all__ = ["upload"]  # the fixture

CHECK = "261120210000-3f2a"
LABELLED = f"models/churn/monitoring/reports/sluice-dev-churn/2026/11/20/20/{CHECK}/labelled.csv"
LABELS = "churned,plan,age,id\nyes,plus,71,captured-1\nno,basic,30,captured-2\n"


def asked(labelled: str | None = LABELS, check_id: str = CHECK, stage: StageUnderTest | None = None) -> dict[str, Any]:
    event = copy.deepcopy(load_event("retrain_requested"))
    event["detail"] |= {"check_id": check_id, "labelled_key": LABELLED if labelled else None, "labelled_rows": 2}
    if stage and labelled:
        stage.put(LABELLED, labelled)
    return event


def later(upload: Upload) -> dict[str, Any]:
    """Of an upload that comes after all others, whatever time moto's S3 has."""
    event = upload.event(GOOD + "3,1,basic,no\n")
    event["time"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    return event


def trained(upload: Upload, execution: str = "execution-1", body: str = GOOD) -> Answer:
    """A run on an upload, from its arrival to its end."""
    answer = upload.deliver(upload.event(body), execution)
    assert answer.outcome == "run"
    upload.finish(execution)
    return answer


def plan_of(answer: Answer) -> dict[str, Any]:
    assert answer.outcome == "run", answer.reason
    assert answer.plan is not None
    return answer.plan


def test_a_retrain_takes_the_newest_upload_and_the_labelled_rows(upload: Upload) -> None:
    trained(upload)
    newest = plan_of(trained(upload, "execution-2", GOOD + "3,1,basic,no\n"))

    plan = plan_of(upload.deliver(asked(stage=upload.stage), "execution-3"))

    run = f"models/churn/runs/{plan['run_id']}/"
    assert upload.stage.objects.read(f"{run}input/churn.csv").decode() == GOOD + "3,1,basic,no\n"
    assert upload.stage.objects.read(f"{run}input/captured-{CHECK}.csv").decode() == LABELS
    assert plan["uris"]["data"] == f"s3://{BUCKET}/{run}input/"
    assert (plan["cause"], plan["data_type"]) == ("drift", "S3Prefix")
    assert plan["data_version"] == newest["data_version"]
    assert plan["drift"] == {
        "check_id": CHECK,
        "reason": load_event("retrain_requested")["detail"]["reason"],
        "labelled_key": LABELLED,
        "labelled_rows": 2,
    }


def test_the_history_says_what_it_is_for_and_on_what(upload: Upload) -> None:
    trained(upload)

    plan = plan_of(upload.deliver(asked(stage=upload.stage), "execution-2"))

    entry = upload.stage.log.entries("churn")[-1]
    assert entry.why == (
        f"check {CHECK} found drift: trained again on {plan['data_version']} + 2 labelled rows of check {CHECK}"
    )
    assert entry.details["check_id"] == CHECK


def test_in_append_mode_the_job_gets_a_list_of_all_files(upload: Upload) -> None:
    upload.stage.put_definition(data__mode="append")
    trained(upload)
    upload.stage.put("models/churn/raw/2026/more.csv", GOOD)

    plan = plan_of(upload.deliver(asked(stage=upload.stage), "execution-2"))

    run = f"runs/{plan['run_id']}"
    assert plan["data_type"] == "ManifestFile"
    assert upload.stage.objects.read_json(plan["uris"]["data"]) == [
        {"prefix": f"s3://{BUCKET}/models/churn/"},
        "raw/2026/more.csv",
        "raw/churn.csv",
        f"{run}/input/captured-{CHECK}.csv",
    ]


def test_in_append_mode_without_labels_nothing_is_listed(upload: Upload) -> None:
    upload.stage.put_definition(data__mode="append")
    trained(upload)

    plan = plan_of(upload.deliver(asked(labelled=None), "execution-2"))

    assert (plan["uris"]["data"], plan["data_type"]) == (f"s3://{BUCKET}/models/churn/raw/", "S3Prefix")


def test_one_check_begins_one_run_however_often_its_event_comes(upload: Upload) -> None:
    trained(upload)
    event = asked(stage=upload.stage)
    first = plan_of(upload.deliver(event, "execution-2"))

    assert upload.deliver(event, "execution-3").outcome == "duplicate"
    assert plan_of(upload.deliver(event, "execution-2")) == first


def test_a_retrain_waits_for_the_run_that_is_under_way(upload: Upload) -> None:
    upload.deliver(upload.event(), "execution-1")

    assert upload.deliver(asked(stage=upload.stage), "execution-2").outcome == "pending"

    waiting = upload.stage.leases.waiting("churn")
    assert waiting is not None
    assert waiting.drift == DriftCause(CHECK, load_event("retrain_requested")["detail"]["reason"], LABELLED, 2)
    upload.finish("execution-1")
    assert plan_of(upload.deliver(upload.waiting("1"), "execution-3"))["cause"] == "drift"


def test_an_upload_that_comes_meanwhile_wins(upload: Upload) -> None:
    upload.deliver(upload.event(), "execution-1")
    upload.deliver(asked(stage=upload.stage), "execution-2")
    newer = later(upload)

    assert upload.deliver(newer, "execution-3").outcome == "pending"
    upload.finish("execution-1")

    plan = plan_of(upload.deliver(upload.waiting("1"), "execution-4"))
    assert plan["cause"] == "upload"
    assert plan["data_version"].endswith(newer["detail"]["object"]["version-id"])


def test_a_retrain_that_finds_a_newer_upload_waiting_leaves_it_to_that(upload: Upload) -> None:
    upload.deliver(upload.event(), "execution-1")
    upload.deliver(later(upload), "execution-2")

    answer = upload.deliver(asked(stage=upload.stage), "execution-3")

    assert answer.outcome == "nothing"
    assert "an upload that waits is newer, and its run the freshest" in answer.reason
    waiting = upload.stage.leases.waiting("churn")
    assert waiting is not None
    assert waiting.drift is None


def test_an_upload_after_a_retrain_begins_a_run_of_its_own(upload: Upload) -> None:
    trained(upload)
    plan_of(upload.deliver(asked(stage=upload.stage), "execution-2"))
    upload.finish("execution-2")

    assert plan_of(upload.deliver(later(upload), "execution-3"))["cause"] == "upload"


def test_a_second_retrain_of_the_same_upload_is_not_older_than_the_first(upload: Upload) -> None:
    trained(upload)
    plan_of(upload.deliver(asked(stage=upload.stage), "execution-2"))
    upload.finish("execution-2")

    # By its id older: of a batch that ended late.
    event = asked(stage=upload.stage, check_id="261120190000-0001")
    assert plan_of(upload.deliver(event, "execution-3"))["drift"]["check_id"] == "261120190000-0001"


@pytest.mark.parametrize("labels", ["id,age\ncaptured-1,3\n", "id,age,plan,churned\n", "nothing"])
def test_labelled_rows_that_no_run_could_read_are_left_out(upload: Upload, labels: str) -> None:
    trained(upload)

    plan = plan_of(upload.deliver(asked(labels, stage=upload.stage), "execution-2"))

    assert (plan["drift"]["labelled_key"], plan["drift"]["labelled_rows"]) == (None, 0)
    assert not [key for key in upload.stage.keys(f"models/churn/runs/{plan['run_id']}/") if "captured" in key]
    assert "UPLOAD_PARTLY_SCREENED" in upload.stage.actions()


def test_labelled_rows_that_are_gone_are_left_out(upload: Upload) -> None:
    trained(upload)

    assert plan_of(upload.deliver(asked(), "execution-2"))["drift"]["labelled_key"] is None


def test_a_retrain_without_anything_to_train_on_is_a_call_for_help(upload: Upload) -> None:
    answers = [upload.deliver(asked(stage=upload.stage), "execution-1") for _ in range(2)]

    assert answers[0] == answers[1]
    assert answers[0].outcome == "nothing"
    assert "drift goes on" in answers[0].reason
    assert upload.stage.actions() == ["HELP_NEEDED"]
    assert upload.stage.notices() == ["[sluice] churn: help needed"]


def test_a_bad_newest_upload_is_a_call_for_help_and_not_quarantined_twice(upload: Upload) -> None:
    upload.deliver(upload.event("id,age\n1,2\n"), "execution-1")
    quarantined = upload.stage.keys("models/churn/quarantine/")

    assert upload.deliver(asked(stage=upload.stage), "execution-2").outcome == "nothing"

    assert upload.stage.keys("models/churn/quarantine/") == quarantined
    assert upload.stage.actions() == ["UPLOAD_QUARANTINED", "HELP_NEEDED"]


def test_a_definition_that_breaks_while_a_retrain_waits_is_a_call_for_help(upload: Upload) -> None:
    upload.deliver(upload.event(), "execution-1")
    upload.deliver(asked(stage=upload.stage), "execution-2")
    upload.finish("execution-1")
    upload.stage.put("models/churn/model.yaml", "name: churn\n")

    assert upload.deliver(upload.waiting("1"), "execution-3").outcome == "nothing"

    assert upload.stage.actions()[-1] == "HELP_NEEDED"
    assert upload.stage.leases.waiting("churn") is None
    assert upload.stage.leases.current("churn") is None


def test_a_retrain_whose_run_fails_is_one_call_for_help(upload: Upload) -> None:
    trained(upload)
    plan = plan_of(upload.deliver(asked(stage=upload.stage), "execution-2"))

    for _ in range(2):
        upload.finish("execution-2", outcome="failed")

    assert upload.stage.notices() == ["[sluice] churn: help needed"]
    entry = upload.stage.log.entries("churn")[-1]
    assert entry.why == f"drift goes on, and run {plan['run_id']}, which was to train for it, failed: it broke"
    assert entry.details["check_id"] == CHECK
    assert "RUN_FAILED" in upload.stage.actions()


def test_the_plan_is_what_the_run_keeps(upload: Upload) -> None:
    trained(upload)
    plan = plan_of(upload.deliver(asked(stage=upload.stage), "execution-2"))

    run = upload.stage.runs.get("churn", plan["run_id"])
    assert run is not None
    assert json.loads(json.dumps(plan)) == run.plan
