"""Production is watched: drift is found, named and acted on, by both engines and in both endpoint modes."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.local_stage import LocalStage
from tests.e2e.trained_model import Inbox, TrainedModel
from tests.e2e.watched_model import WATCHED, WatchedModel, customers, hour_of, moved_features
from tests.waiting import eventually

pytestmark = pytest.mark.slow

SERVERLESS: dict[str, Any] = {"mode": "serverless"}
REAL_TIME: dict[str, Any] = {
    "mode": "real-time",
    "rollout": {"strategy": "all-at-once", "bake_minutes": 0},
    "alarms": {"p99_latency_ms": None},
}
RETRAIN = {"action": "retrain", "cooldown_hours": 0}
NEW_CUSTOMERS = (0, 15)


def watched(model: TrainedModel, deployment: dict[str, Any], **monitoring: Any) -> WatchedModel:
    run = model.train(deployment=deployment, monitoring={**WATCHED, **monitoring})
    model.deploy(run["package_arn"])
    return WatchedModel(model)


def kinds_of(served: WatchedModel) -> set[str]:
    return {each["MonitoringType"] for each in served.monitoring_schedules()}


@pytest.fixture(scope="module")
def steady(stack: LocalStage, tmp_path_factory: pytest.TempPathFactory) -> WatchedModel:
    """A real-time endpoint whose checks only tell: tests look at hours of their own."""
    return watched(TrainedModel(stack, "m-steady", tmp_path_factory.mktemp("steady")), REAL_TIME)


@pytest.mark.parametrize("deployment", [SERVERLESS, REAL_TIME], ids=["serverless", "real-time"])
def test_drift_is_found_explained_and_answered_by_a_new_version(
    model: TrainedModel, inbox: Inbox, deployment: dict[str, Any]
) -> None:
    served = watched(model, deployment, response=RETRAIN)
    served.ask(customers(400, seed=1, tenure=NEW_CUSTOMERS))
    served.label()
    served.await_captures()

    check = served.check()

    assert (check["verdict"], check["response"]) == ("drift", "retrain"), check
    findings = served.findings(check)
    assert moved_features(findings) == {"tenure"}
    assert findings["records"]["rows"] == 400
    assert "tenure" in check["summary"]
    assert findings["dimensions"]["model-quality"]["coverage"] == pytest.approx(1)
    violations = json.loads(served.report(check, "constraint_violations.json"))["violations"]
    assert ("tenure", "baseline_drift_check") in {
        (v.get("feature_name"), v["constraint_check_type"]) for v in violations
    }
    assert b"tenure" in served.report(check, "drift.html")

    execution = model.ended(2)[-1]
    assert execution["status"] == "SUCCEEDED", execution
    output = json.loads(execution["output"])
    package = model.client("sagemaker").describe_model_package(ModelPackageName=output["package_arn"])
    assert package["ModelPackageVersion"] == 2
    assert check["check_id"] in json.dumps(package["CustomerMetadataProperties"])
    requested = model.await_actions("RETRAIN_REQUESTED")
    assert len(requested) == 1
    assert any("drift found" in notice["Subject"] for notice in inbox.about(model.name))


def test_model_monitor_finds_it_too_on_its_own_schedule(model: TrainedModel) -> None:
    served = watched(model, REAL_TIME, engine="model-monitor", response=RETRAIN)
    eventually(lambda: kinds_of(served) == {"DataQuality", "ModelQuality"}, "both schedules of Model Monitor")
    assert served.schedule() is None
    served.ask(customers(400, seed=2, tenure=NEW_CUSTOMERS), a_request=1)
    served.label(lambda row: "1" if row["churned"] == "Yes" else "0")
    served.await_captures()

    check = served.await_check(lambda one: "tenure" in one.get("violations", ""), seconds=240)

    assert (check["engine"], check["verdict"]) == ("model-monitor", "drift")
    quality = served.await_check(
        lambda one: f"-{model.name}-model-quality/" in one.get("report_prefix", ""), seconds=240
    )
    assert (quality["engine"], quality["check_status"]) == ("model-monitor", "ENDED"), quality
    statistics = json.loads(served.report(quality, "statistics.json"))
    assert statistics["dataset"]["item_count"] == 400
    assert 0.5 < statistics["binary_classification_metrics"]["auc"]["value"] < 1
    execution = model.ended(2)[-1]
    assert execution["status"] == "SUCCEEDED", execution
    assert "CHECK_FAILED" not in {entry["action"] for entry in model.audit()}


def test_where_model_monitor_is_refused_a_scheduled_job_takes_its_place(model: TrainedModel, inbox: Inbox) -> None:
    """A serverless endpoint captures nothing by itself."""
    served = watched(model, SERVERLESS, engine="model-monitor")
    (fell_back,) = model.await_actions("MONITORING_FELL_BACK")
    assert "serverless" in fell_back["why"]
    eventually(served.schedule, "the scheduled job")
    assert served.monitoring_schedules() == []
    eventually(
        lambda: any("monitoring fell back" in notice["Subject"] for notice in inbox.about(model.name)), "the notice"
    )
    served.ask(customers(200, seed=3))
    served.await_captures()
    assert served.check()["engine"] == "scheduled-job"


def test_an_account_without_model_monitor_is_watched_by_a_scheduled_job(model: TrainedModel) -> None:
    served = watched(model, REAL_TIME)
    arn = (model.endpoint_now() or {})["EndpointArn"]
    closed = [{"Key": "localcloud:model-monitor", "Value": "closed"}]
    model.client("sagemaker").add_tags(ResourceArn=arn, Tags=closed)

    run = model.train(deployment=REAL_TIME, monitoring={**WATCHED, "engine": "model-monitor"})
    model.deploy(run["package_arn"])

    model.await_actions("MONITORING_FELL_BACK")
    eventually(served.schedule, "the scheduled job")
    assert served.monitoring_schedules() == []


def test_nothing_is_found_where_nothing_has_moved(steady: WatchedModel) -> None:
    steady.ask(customers(300, seed=4))
    steady.await_captures()
    check = steady.check()
    assert check["verdict"] == "no-drift", check
    assert json.loads(steady.report(check, "constraint_violations.json")) == {"violations": []}
    quality = steady.findings(check)["dimensions"]["model-quality"]
    assert quality["status"] in ("not-measured", "not-enough-data"), "labels that never come are no good news"
    assert quality["reason"]


def test_a_clock_that_is_an_hour_off_is_told(steady: WatchedModel) -> None:
    """Its records lie in the hour's folder, and say that they are of the next one."""
    now = datetime.now(UTC)
    steady.capture(customers(40, seed=5), now + timedelta(hours=1), hour=hour_of(now))
    findings = steady.findings(steady.check())
    assert findings["records"]["outside_window"] == 40


def test_what_cannot_be_read_is_shown_and_what_comes_twice_counts_once(steady: WatchedModel) -> None:
    now = datetime.now(UTC)
    before = steady.findings(steady.check())["records"]
    key = steady.capture(customers(30, seed=6), now)
    text = steady.model.read(f"s3://{steady.stage.bucket}/{key}").decode()
    steady.put_captures([*text.splitlines(), "{not json"], now)
    records = steady.findings(steady.check())["records"]
    assert records["rows"] - before["rows"] == 30
    assert records["duplicates"] - before["duplicates"] == 30
    (example,) = records["unreadable"]["examples"]
    assert (records["unreadable"]["count"], example["line"]) == (1, 31)


def test_a_concept_shift_is_invisible_until_the_labels_arrive(model: TrainedModel) -> None:
    """The same customers ask; those of one plan now do the opposite of what they did."""
    served = watched(model, REAL_TIME)
    served.ask(customers(600, seed=7))
    served.await_captures()
    unlabelled = served.check()
    assert unlabelled["verdict"] == "no-drift", unlabelled

    def flipped(row: dict[str, str]) -> str:
        if row["plan"] == "basic":
            return row["churned"]
        return "No" if row["churned"] == "Yes" else "Yes"

    served.label(flipped)
    served.label(flipped)  # labels that come twice count once

    check = served.check()

    assert check["verdict"] == "drift", check
    dimensions = served.findings(check)["dimensions"]
    assert dimensions["data-quality"]["status"] == "no-drift"
    quality = dimensions["model-quality"]
    assert (quality["status"], quality["labelled_rows"]) == ("drift", 600)
    assert {violation["dimension"] for violation in json.loads(check["violations"])} <= {"model-quality", "bias"}


def test_an_hour_without_requests_says_so_and_costs_no_job(model: TrainedModel) -> None:
    served = watched(model, SERVERLESS)
    jobs = model.jobs()
    check = served.check()
    assert check["verdict"] == "not-enough-data"
    assert "no request was captured" in check["summary"]
    assert model.jobs() == jobs


def test_one_schedule_follows_whatever_serves_and_goes_with_the_endpoint(model: TrainedModel) -> None:
    served = watched(model, SERVERLESS)
    first = eventually(served.schedule, "the model's schedule")
    detail = json.loads(first["Target"]["Input"])["detail"]
    assert detail["model"] == model.name
    run = model.train(deployment=REAL_TIME, monitoring={**WATCHED, "every_hours": 6})
    model.deploy(run["package_arn"])
    eventually(lambda: (served.schedule() or {}).get("ScheduleExpression") != first["ScheduleExpression"], "it moves")
    names = [one["Name"] for one in model.client("scheduler").list_schedules()["Schedules"]]
    assert names.count(f"sluice-dev-{model.name}-monitor") == 1

    model.client("sagemaker").delete_endpoint(EndpointName=model.endpoint)
    eventually(lambda: model.endpoint_now() is None, "the endpoint is gone")
    model.ask_for("Check Requested")  # as the schedule that outlived it does

    model.await_actions("MONITORING_STOPPED")
    assert served.schedule() is None


def test_a_batch_is_checked_by_its_rows_and_answers(model: TrainedModel, tmp_path: Path) -> None:
    served = watched(model, SERVERLESS)
    rows = customers(400, seed=8, tenure=NEW_CUSTOMERS)
    body = "tenure,plan,monthly\n" + "".join(f"{row['tenure']},{row['plan']},{row['monthly']}\n" for row in rows)
    model.client("s3").put_object(
        Bucket=model.stage.bucket, Key=f"models/{model.name}/batch/in/week.csv", Body=body.encode()
    )
    check = served.await_check(lambda one: one["source"] == "batch")
    assert check["verdict"] == "drift", check
    findings = served.findings(check)
    assert moved_features(findings) == {"tenure"}
    assert findings["records"]["rows"] == 400
