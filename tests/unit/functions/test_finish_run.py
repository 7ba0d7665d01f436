import json

from functions.finish_run.request import finish_request
from tests.events import load_event
from tests.unit.functions.conftest import StageUnderTest
from tests.unit.functions.test_start_run import GOOD, Upload, upload

__all__ = ["upload"]  # the fixture


def test_a_finished_run_frees_the_lease_and_is_recorded_once(upload: Upload) -> None:
    answer = upload.deliver(upload.event(), "execution-1")
    assert answer.plan is not None

    upload.finish("execution-1")
    upload.finish("execution-1")

    run = upload.stage.runs.get("churn", answer.plan["run_id"])
    assert run is not None
    assert run.status == "SUCCEEDED"
    assert upload.stage.leases.current("churn") is None
    assert upload.stage.actions() == ["RUN_STARTED", "RUN_FINISHED"]


def test_a_failed_run_tells_why_and_the_next_upload_works(upload: Upload) -> None:
    upload.deliver(upload.event(), "execution-1")

    upload.finish("execution-1", outcome="failed")

    assert upload.stage.notices() == ["[sluice] churn: run failed"]
    assert upload.deliver(upload.event(GOOD + "3,1,basic,no\n"), "execution-2").outcome == "run"


def test_the_end_of_an_execution_that_has_no_lease_changes_nothing(upload: Upload) -> None:
    event = upload.event()
    upload.deliver(event, "execution-1")
    upload.deliver(event, "execution-2")

    answer = upload.finish("execution-2", outcome="failed")

    assert answer == {"outcome": "nothing", "reason": "it broke"}
    assert upload.stage.leases.current("churn") is not None


def test_the_end_of_an_execution_that_waited_leaves_the_active_runs_lease(upload: Upload) -> None:
    upload.deliver(upload.event(), "execution-1")
    upload.deliver(upload.event(GOOD + "3,1,basic,no\n"), "execution-2")

    upload.finish("execution-2", outcome="failed")

    lease = upload.stage.leases.current("churn")
    assert lease is not None
    assert lease.execution_arn == "execution-1"


def test_a_run_that_could_not_be_planned_keeps_its_upload_and_does_not_try_forever(upload: Upload) -> None:
    event = upload.event()
    upload.stage.leases.offer("churn", _upload_of(upload, event))
    assert upload.stage.leases.acquire("churn", "execution-1", "run-1") is not None

    answer = upload.finish("execution-1", outcome="failed")

    assert answer == {"outcome": "nothing", "reason": "it broke"}
    assert upload.stage.leases.current("churn") is None
    assert upload.stage.leases.waiting("churn") is not None
    assert upload.stage.notices() == ["[sluice] churn: run failed"]


def test_what_waited_is_started_once(upload: Upload) -> None:
    upload.deliver(upload.event(), "execution-1")
    upload.deliver(upload.event(GOOD + "3,1,basic,no\n"), "execution-2")

    first = upload.finish("execution-1")["started"]

    assert first is not None
    assert upload.finish("execution-1")["started"] == first


def test_intermediate_data_is_tagged_for_the_lifecycle_rule(upload: Upload, stage: StageUnderTest) -> None:
    answer = upload.deliver(upload.event(), "execution-1")
    assert answer.plan is not None
    run = f"models/churn/runs/{answer.plan['run_id']}/"
    stage.put(f"{run}model/model.tar.gz", b"m")

    upload.finish("execution-1")

    def tags(key: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = stage.s3.get_object_tagging(Bucket=stage.objects.bucket, Key=key)["TagSet"]
        return found

    assert tags(f"{run}input/churn.csv") == [{"Key": "sluice:kind", "Value": "intermediate"}]
    assert tags(f"{run}model/model.tar.gz") == []


def test_three_ways_to_the_end_of_a_run_are_one_request() -> None:
    succeeded = finish_request(load_event("finish_run"))
    failed = finish_request(load_event("failed_step"))
    aborted = finish_request(load_event("execution_status_change"))

    assert (succeeded.outcome, failed.outcome, aborted.outcome) == ("succeeded", "failed", "failed")
    assert "ValueError: no rows" in failed.reason
    assert aborted.reason == "the execution ended as ABORTED: Operator: stopped by hand"
    assert succeeded.execution_arn == failed.execution_arn == aborted.execution_arn


def _upload_of(upload: Upload, event: dict[str, object]) -> object:
    from sluice.arrival import upload_of
    from sluice.events import ObjectCreated

    return upload_of(ObjectCreated.model_validate(json.loads(json.dumps(event))))
