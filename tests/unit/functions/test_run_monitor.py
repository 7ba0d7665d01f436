"""RunMonitor on moto's S3 and DynamoDB, with SageMaker, CloudWatch and EventBridge Scheduler in memory."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from sluice.batch import BatchPlan
from sluice.monitoring.inputs import Stored, choose_inputs
from sluice.monitoring.window import Window
from sluice.naming import schedule_name
from tests.fakes.aws_clients import client_error
from tests.unit.functions.conftest import BUCKET, KilledError, StageUnderTest
from tests.unit.functions.monitoring_under_test import CAPTURES, ENDPOINT, HOUR, LIVE_SINCE, Monitored, arn

HOUR_11 = "2026/11/20/11"


@pytest.fixture
def monitored(stage: StageUnderTest) -> Monitored:
    """Asked at 12:05 for the hour before; the clock is there too."""
    stage.clock.at = datetime(2026, 11, 20, 12, 5, 30, tzinfo=UTC)
    found = Monitored(stage)
    found.go_live()
    return found


def test_a_firing_starts_a_job_over_the_whole_hour_before_it(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)
    monitored.capture("2026/11/20/12")

    answer = monitored.ask()

    assert answer["outcome"] == "started", answer
    plan = monitored.plan(answer["check_id"])
    assert plan["window"] == {"start": "2026-11-20T11:00:00+00:00", "end": "2026-11-20T12:00:00+00:00"}
    assert plan["not_before"] == LIVE_SINCE.isoformat()
    assert (plan["version"], plan["package_arn"], plan["source"]) == (6, arn(6), "captures")
    assert plan["report_prefix"] == f"models/churn/monitoring/reports/{ENDPOINT}/2026/11/20/12/{answer['check_id']}/"
    assert monitored.manifest(answer["check_id"], "captures") == [
        {"prefix": f"s3://{BUCKET}/{CAPTURES}/"},
        f"AllTraffic/{HOUR_11}/a.jsonl",
    ]
    check = monitored.check(answer["check_id"])
    assert (check.status, check.source, check.job_name) == ("RUNNING", ENDPOINT, f"{ENDPOINT}-{check.check_id}-check")


def test_the_job_reads_what_the_version_left_and_only_manifests_that_name_something(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)

    check_id = monitored.ask()["check_id"]

    (request,) = monitored.processing.jobs.values()
    inputs = {one["InputName"]: one["S3Input"] for one in request["ProcessingInputs"]}
    run = f"s3://{BUCKET}/models/churn/runs/r6"
    assert {name: one["S3Uri"] for name, one in inputs.items()} == {
        "code": f"s3://{BUCKET}/code/abc/processing/",
        "check": f"s3://{BUCKET}/models/churn/monitoring/checks/{check_id}/",
        "baseline": f"{run}/baseline/",
        "evaluation": f"{run}/evaluation/reference.json",
        "model": f"{run}/model/job/output/model.tar.gz",
        "captures": f"s3://{BUCKET}/models/churn/monitoring/checks/{check_id}/captures.manifest",
    }
    assert inputs["captures"]["S3DataType"] == "ManifestFile"
    definition = json.loads(monitored.stage.objects.read(f"models/churn/monitoring/checks/{check_id}/definition.json"))
    assert definition["monitoring"]["enabled"] is True


def test_a_firing_that_comes_twice_or_late_is_one_check(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)
    first = monitored.ask()
    monitored.stage.clock.forward(minutes=50)
    monitored.capture(HOUR_11, name="late")
    second = monitored.ask()

    assert (second["outcome"], second["check_id"]) == ("started", first["check_id"])
    assert len(monitored.processing.jobs) == 1
    monitored.end(first["check_id"])
    assert monitored.ask()["outcome"] == "duplicate"
    assert monitored.manifest(first["check_id"], "captures")[1:] == [f"AllTraffic/{HOUR_11}/a.jsonl"]


@pytest.mark.parametrize("calls", range(1, 8))
def test_a_delivery_that_dies_is_finished_by_the_next(monitored: Monitored, calls: int) -> None:
    monitored.capture(HOUR_11)
    with monitored.stage.dying_after(calls):
        monitored.ask()

    answer = monitored.ask()

    assert answer["outcome"] == "started"
    (job,) = monitored.processing.jobs
    assert monitored.check(answer["check_id"]).job_name == job


def test_dying_before_the_job_was_asked_for_leaves_a_check_that_gets_it(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)
    monitored.processing.refusal = KilledError()
    with pytest.raises(KilledError):
        monitored.ask()
    monitored.processing.refusal = None

    assert monitored.ask()["outcome"] == "started"
    assert len(monitored.processing.jobs) == 1


def test_an_hour_without_traffic_is_judged_at_once_and_costs_no_job(monitored: Monitored) -> None:
    answer = monitored.ask()

    check = monitored.check(answer["check_id"])
    assert (answer["outcome"], check.status, check.verdict) == ("not-enough-data", "ENDED", "not-enough-data")
    assert check.summary == (
        "Nothing to judge: no request was captured between 2026-11-20 11:00 UTC and 2026-11-20 12:00 UTC for version 6."
    )
    assert not monitored.processing.asked
    assert monitored.stage.actions() == []


def test_what_the_check_before_was_not_given_is_late_and_the_rest_is_known(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)
    before = monitored.ask()["check_id"]
    # An upload that had begun before it listed, and ended after: its time says that it was there.
    monitored.capture("2026/11/20/10", name="late")
    monitored.end(before, started_at=datetime.now(UTC) + HOUR)
    monitored.capture("2026/11/20/12")

    check_id = monitored.ask("2026-11-20T13:05:00Z")["check_id"]

    late = "AllTraffic/2026/11/20/10/late.jsonl"
    assert monitored.manifest(check_id, "captures")[1:] == [late, "AllTraffic/2026/11/20/12/a.jsonl"]
    assert monitored.manifest(check_id, "earlier")[1:] == [f"AllTraffic/{HOUR_11}/a.jsonl"]


def test_what_the_check_before_knew_only_from_its_own_one_before_is_known(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)
    monitored.end(monitored.ask()["check_id"])
    monitored.capture("2026/11/20/12")
    monitored.end(monitored.ask("2026-11-20T13:05:00Z")["check_id"])
    monitored.capture("2026/11/20/13")

    check_id = monitored.ask("2026-11-20T14:05:00Z")["check_id"]

    assert monitored.manifest(check_id, "captures")[1:] == ["AllTraffic/2026/11/20/13/a.jsonl"]
    assert len(monitored.manifest(check_id, "known")[1:]) == 2


def test_hours_before_are_read_again_for_labels_and_beside_what_counts_now(monitored: Monitored) -> None:
    """A request that two files hold counts once; the others would be a day's traffic for nothing."""
    for hour in (9, 10, 11):
        monitored.capture(f"2026/11/20/{hour:02}")
    monitored.end(monitored.ask()["check_id"])
    monitored.capture("2026/11/20/09", name="late")
    monitored.capture("2026/11/20/12")
    check_id = monitored.ask("2026-11-20T13:05:00Z")["check_id"]
    assert monitored.manifest(check_id, "captures")[1:] == [
        "AllTraffic/2026/11/20/09/late.jsonl",
        "AllTraffic/2026/11/20/12/a.jsonl",
    ]
    assert monitored.manifest(check_id, "earlier")[1:] == [
        "AllTraffic/2026/11/20/09/a.jsonl",
        f"AllTraffic/{HOUR_11}/a.jsonl",
    ]
    monitored.end(check_id)
    monitored.capture("2026/11/20/13")
    monitored.stage.put("models/churn/ground-truth/2026/11/20/12/l.jsonl", "{}\n")

    check_id = monitored.ask("2026-11-20T14:05:00Z")["check_id"]

    assert monitored.manifest(check_id, "captures")[1:] == ["AllTraffic/2026/11/20/13/a.jsonl"]
    assert len(monitored.manifest(check_id, "earlier")[1:]) == 5


def test_a_check_within_an_hour_counts_nothing_twice_that_the_hours_check_has_counted(monitored: Monitored) -> None:
    monitored.capture("2026/11/20/09")
    monitored.end(monitored.ask("2026-11-20T10:05:00Z")["check_id"])
    monitored.capture("2026/11/20/10")

    check_id = monitored.ask("2026-11-20T10:59:00Z", now=True)["check_id"]

    assert monitored.manifest(check_id, "captures")[1:] == ["AllTraffic/2026/11/20/10/a.jsonl"]
    assert monitored.manifest(check_id, "earlier")[1:] == ["AllTraffic/2026/11/20/09/a.jsonl"]


def test_batches_hide_no_check_of_the_endpoint(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)
    first = monitored.ask()["check_id"]
    monitored.end(first, figures={"features": {}})
    batch = replace(monitored.check(first), source="batch")
    at = batch.window_end
    for number in range(200):
        came = at + timedelta(seconds=number)
        monitored.checks.put(replace(batch, check_id=f"261120-{number:010}", window_start=came, window_end=came))
    monitored.capture("2026/11/20/12")

    check_id = monitored.ask("2026-11-20T13:05:00Z")["check_id"]

    assert monitored.manifest(check_id, "captures")[1:] == ["AllTraffic/2026/11/20/12/a.jsonl"]
    assert [each["check_id"] for each in monitored.plan(check_id)["history"]] == [first]


@pytest.mark.parametrize(("hours", "known"), [(1, True), (-1, False)])
def test_a_check_before_that_was_given_nothing_is_gone_by_when_it_looked(
    monitored: Monitored, hours: int, known: bool
) -> None:
    # moto writes objects at the machine's time.
    monitored.end(monitored.ask()["check_id"], started_at=datetime.now(UTC) + hours * HOUR)
    monitored.capture(HOUR_11)
    monitored.capture("2026/11/20/12")

    check_id = monitored.ask("2026-11-20T13:05:00Z")["check_id"]

    assert (len(monitored.manifest(check_id, "captures")[1:]) == 1) is known


def test_hours_of_a_check_that_failed_are_the_next_ones(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)
    failed = monitored.ask()["check_id"]
    monitored.end(failed, status="FAILED", verdict=None)
    monitored.capture("2026/11/20/12")

    check_id = monitored.ask("2026-11-20T13:05:00Z")["check_id"]

    assert len(monitored.manifest(check_id, "captures")[1:]) == 2


def test_while_another_version_is_on_trial_the_champions_variant_is_checked(monitored: Monitored) -> None:
    monitored.capture(HOUR_11, "v6")
    monitored.capture(HOUR_11, "v7")
    monitored.capture(HOUR_11, "AllTraffic")

    check_id = monitored.ask()["check_id"]

    assert monitored.manifest(check_id, "captures")[1:] == [
        f"AllTraffic/{HOUR_11}/a.jsonl",
        f"v6/{HOUR_11}/a.jsonl",
    ]


def test_labels_of_the_hours_are_handed_on_with_whether_some_are_new(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)
    monitored.stage.put("models/churn/ground-truth/2026/11/20/12/l.jsonl", "{}\n")
    monitored.stage.put("models/churn/ground-truth/2026/11/18/12/old.jsonl", "{}\n")

    check_id = monitored.ask()["check_id"]

    assert monitored.manifest(check_id, "ground-truth")[1:] == ["2026/11/20/12/l.jsonl"]
    plan = monitored.plan(check_id)
    assert (plan["new_labels"], plan["ground_truth"]) == (True, ["2026/11/20/12/l.jsonl"])


def test_labels_are_read_in_the_order_of_their_arrival() -> None:
    window = Window(datetime(2026, 11, 20, 11, tzinfo=UTC), datetime(2026, 11, 20, 12, tzinfo=UTC))
    first, later = Stored("g/labels.csv", window.start), Stored("g/corrections.csv", window.end)

    chosen = choose_inputs(window, [], [later, first], None)

    assert chosen.ground_truth == (first.key, later.key)


def test_labels_that_come_in_a_quiet_hour_are_worth_a_job(monitored: Monitored) -> None:
    """They tell how good the answers of the hours before were."""
    monitored.capture(HOUR_11)
    before = monitored.ask()["check_id"]
    listed = monitored.stage.s3.head_object(Bucket=BUCKET, Key=f"{CAPTURES}/AllTraffic/{HOUR_11}/a.jsonl")
    at = listed["LastModified"]
    monitored.end(before, started_at=at.replace(year=at.year + 1))
    assert monitored.ask("2026-11-20T13:05:00Z")["outcome"] == "not-enough-data", "no label has come"
    quiet = monitored.checks.newest("churn")[0]
    monitored.end(quiet.check_id, started_at=at.replace(year=at.year - 1))
    monitored.end(before, started_at=at.replace(year=at.year + 1))
    monitored.stage.put("models/churn/ground-truth/2026/11/20/13/l.jsonl", "{}\n")

    answer = monitored.ask("2026-11-20T14:05:00Z")

    assert answer["outcome"] == "started"


def test_a_check_that_should_have_ended_long_ago_has_looked_at_nothing(monitored: Monitored) -> None:
    """Its job was never accepted, and the event is with the dead letters by now."""
    monitored.capture(HOUR_11)
    lost = monitored.ask()["check_id"]
    monitored.end(lost, status="RUNNING", verdict=None, started_at=datetime(2026, 11, 20, 12, 5, tzinfo=UTC))
    monitored.capture("2026/11/20/12")

    check_id = monitored.ask("2026-11-20T13:05:00Z")["check_id"]

    assert len(monitored.manifest(check_id, "captures")[1:]) == 2


def test_a_check_that_may_still_run_has_its_hour(monitored: Monitored) -> None:
    monitored.go_live(max_run_seconds=3600)
    monitored.capture(HOUR_11)
    running = monitored.ask()["check_id"]
    monitored.end(running, status="RUNNING", verdict=None, started_at=datetime(2026, 11, 20, 12, 5, tzinfo=UTC))
    monitored.capture("2026/11/20/12")

    check_id = monitored.ask("2026-11-20T13:05:00Z")["check_id"]

    assert monitored.manifest(check_id, "captures")[1:] == ["AllTraffic/2026/11/20/12/a.jsonl"]


def test_now_is_a_check_of_its_own_up_to_the_moment(monitored: Monitored) -> None:
    monitored.capture("2026/11/20/12")

    answer = monitored.ask("2026-11-20T12:05:00Z", now=True, requested_by="ada")

    plan = monitored.plan(answer["check_id"])
    assert plan["window"] == {"start": "2026-11-20T11:05:01+00:00", "end": "2026-11-20T12:05:01+00:00"}
    assert plan["requested_by"] == "ada"
    assert monitored.ask("2026-11-20T12:05:00Z", now=True)["check_id"] == answer["check_id"]


def test_hours_up_to_a_moment_are_the_same_check_whoever_asks_and_when(monitored: Monitored) -> None:
    monitored.capture("2026/11/20/12")
    until = "2026-11-20T12:31:12.500000+00:00"

    first = monitored.ask("2026-11-20T12:40:00Z", until=until)

    assert monitored.plan(first["check_id"])["window"] == {"start": "2026-11-20T11:31:12.500000+00:00", "end": until}
    again = monitored.ask("2026-11-20T12:55:00Z", until=until, requested_by="ada")
    assert again["check_id"] == first["check_id"]


def test_whole_hours_up_to_a_moment_are_the_schedules_check(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)

    asked = monitored.ask("2026-11-20T12:20:00Z", until="2026-11-20T12:00:00Z")

    assert asked["check_id"] == monitored.ask()["check_id"]


@pytest.mark.parametrize("more", [{"until": "2026-11-20T12:06:00Z"}, {"until": "2026-11-20T12:00:00Z", "now": True}])
def test_hours_that_have_no_end_yet_or_two_are_refused(monitored: Monitored, more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="until"):
        monitored.event("2026-11-20T12:05:00Z", **more)


def test_what_model_monitor_looked_at_is_counted_by_our_own_check_of_it(monitored: Monitored) -> None:
    """Its window reached from one hour into the next."""
    key = monitored.capture("2026/11/20/11")
    theirs = monitored.ask()["check_id"]
    at = datetime(2026, 11, 20, 12, 0, 20, tzinfo=UTC)
    check = replace(monitored.check(theirs), check_id="261120120020-aaaa", engine="model-monitor", status="ENDED")
    monitored.checks.put(replace(monitored.check(theirs), status="FAILED"))
    after_every_upload = datetime(2100, 1, 1, tzinfo=UTC)
    monitored.checks.put(replace(check, window_start=at - HOUR, window_end=at, started_at=after_every_upload))

    ours = monitored.ask("2026-11-20T12:10:00Z", until=(at + timedelta(seconds=2)).isoformat())

    assert monitored.manifest(ours["check_id"], "captures")[1:] == [key.removeprefix(f"{CAPTURES}/")]


def test_earlier_figures_of_the_same_version_are_the_trend(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)
    first = monitored.ask()["check_id"]
    violation = {"feature_name": "age", "dimension": "data-quality", "description": "it moved"}
    figures = {"features": {"age": {"distance": 0.3}}, "score": {"distance": 0.1}}
    monitored.end(first, verdict="drift", violations=(violation,), figures=figures)
    monitored.capture("2026/11/20/12")

    (entry,) = monitored.plan(monitored.ask("2026-11-20T13:05:00Z")["check_id"])["history"]

    assert entry == {
        "check_id": first,
        "end": "2026-11-20T12:00:00+00:00",
        "verdict": "drift",
        "violations": [{"dimension": "data-quality", "feature_name": "age"}],
        **figures,
    }
    monitored.go_live(version=7, since=datetime(2026, 11, 20, 13, 30, tzinfo=UTC))
    monitored.capture("2026/11/20/13")
    plan = monitored.plan(monitored.ask("2026-11-20T14:05:00Z")["check_id"])
    assert (plan["version"], plan["history"], plan["not_before"]) == (7, [], "2026-11-20T13:30:00+00:00")


def test_what_cloudwatch_counted_goes_with_the_plan(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)
    latencies = {("ModelLatency", name): 2000.0 for name in ("Average", "p50", "p99", "Maximum")}
    monitored.metrics.values = {
        ("Invocations", "Sum"): 40.0,
        ("Invocation4XXErrors", "Sum"): 3.0,
        ("ModelSetupTime", "SampleCount"): 2.0,
        ("ModelLatency", "SampleCount"): 40.0,
        **latencies,
    }

    operations = monitored.plan(monitored.ask()["check_id"])["operations"]

    assert operations == {
        "status": "reported",
        "invocations": 40,
        "errors_4xx": 3,
        "errors_5xx": 0,
        "model_latency_ms": {"average": 2.0, "p50": 2.0, "p99": 2.0, "maximum": 2.0},
        "overhead_latency_ms": None,
        "cold_starts": 2,
    }


def test_a_version_of_the_time_before_monitoring_is_told_of_once(monitored: Monitored) -> None:
    monitored.registry.without_reference.add(6)
    monitored.capture(HOUR_11)

    outcomes = [monitored.ask(f"2026-11-20T{hour}:05:00Z")["outcome"] for hour in (12, 13, 14)]

    assert outcomes == ["failed"] * 3
    assert monitored.stage.actions() == ["CHECK_FAILED"]
    assert monitored.stage.notices() == ["[sluice] churn: check failed"]
    assert not monitored.processing.asked
    assert monitored.checks.newest("churn") == []


def test_whoever_asks_now_is_answered_each_time(monitored: Monitored) -> None:
    monitored.registry.without_reference.add(6)

    monitored.ask("2026-11-20T12:05:00Z", now=True)
    monitored.ask("2026-11-20T12:06:00Z", now=True)

    checks = monitored.checks.newest("churn")
    assert [(check.status, "has no reference" in (check.summary or "")) for check in checks] == [("FAILED", True)] * 2
    assert monitored.stage.actions() == ["CHECK_FAILED"]


def test_a_job_that_the_account_may_not_have_is_told_of_once_until_one_runs(monitored: Monitored) -> None:
    limit = client_error("ResourceLimitExceeded", "The account-level service limit is 0.", "CreateProcessingJob")
    monitored.capture(HOUR_11)
    monitored.capture("2026/11/20/12")
    monitored.processing.refusal = limit

    first, second = monitored.ask(), monitored.ask("2026-11-20T13:05:00Z")

    assert (first["outcome"], second["outcome"]) == ("failed", "failed")
    assert monitored.check(first["check_id"]).status == "FAILED"
    assert monitored.stage.actions() == ["CHECK_FAILED"]
    monitored.processing.refusal = None
    monitored.end(monitored.ask("2026-11-20T14:05:00Z")["check_id"])
    monitored.processing.refusal = limit
    monitored.capture("2026/11/20/14")
    monitored.ask("2026-11-20T15:05:00Z")
    assert monitored.stage.actions() == ["CHECK_FAILED", "CHECK_FAILED"]


def test_throttling_is_left_to_the_next_delivery(monitored: Monitored) -> None:
    monitored.capture(HOUR_11)
    monitored.processing.refusal = client_error("ThrottlingException", "Rate exceeded", "CreateProcessingJob")

    with pytest.raises(Exception, match="Rate exceeded"):
        monitored.ask()

    monitored.processing.refusal = None
    assert monitored.ask()["outcome"] == "started"
    assert monitored.stage.actions() == []


def _endpoint_gone(monitored: Monitored) -> None:
    monitored.endpoints.gone.add(ENDPOINT)


def _switched_off(monitored: Monitored) -> None:
    monitored.go_live(version=7, enabled=False)


@pytest.mark.parametrize("happens", [_endpoint_gone, _switched_off])
def test_a_schedule_that_outlived_its_model_is_deleted_and_nothing_else(monitored: Monitored, happens: Any) -> None:
    name = schedule_name("dev", "churn")
    monitored.scheduler.schedules[name] = {"Name": name}
    monitored.capture(HOUR_11)
    happens(monitored)

    assert [monitored.ask()["outcome"], monitored.ask()["outcome"]] == ["stopped", "stopped"]

    assert not monitored.scheduler.schedules
    assert monitored.stage.actions() == ["MONITORING_STOPPED"]
    assert monitored.checks.newest("churn") == []
    watched = monitored.watched.get("churn")
    assert watched is not None
    assert (watched.config_name, watched.engine) == ("", "none")


@pytest.mark.parametrize("model", ["nobody", "../churn", "Not A Name"])
def test_a_model_that_is_not_there_is_nobodys_check(monitored: Monitored, model: str) -> None:
    assert monitored.ask(model=model)["outcome"] in ("ignored", "stopped")
    assert monitored.stage.actions() == []


def test_what_model_monitor_made_is_left_to_clean_up(monitored: Monitored) -> None:
    """Which removes it where the record names what is live, and no engine."""
    watched = monitored.watched.get("churn")
    assert watched is not None
    monitored.watched.put(replace(watched, engine="model-monitor", wanted="model-monitor"))
    monitored.endpoints.gone.add(ENDPOINT)

    outcomes = [monitored.ask(now=True)["outcome"] for _ in range(2)]

    assert outcomes == ["stopped", "stopped"]
    stopped = monitored.watched.get("churn")
    assert stopped is not None
    assert (stopped.config_name, stopped.engine, stopped.wanted) == (watched.config_name, "none", "model-monitor")
    assert monitored.stage.actions() == ["MONITORING_STOPPED"]


def test_another_stages_request_is_ignored(monitored: Monitored) -> None:
    assert monitored.ask(stage="prod")["outcome"] == "ignored"


BATCH_ID = "261120113000-0123456789ab"


def put_batch(monitored: Monitored) -> str:
    """A scored file; answers with the result's key."""
    fields: dict[str, Any] = dict.fromkeys(BatchPlan.__dataclass_fields__, 0)
    plan = fields | {"model": "churn", "batch_id": BATCH_ID, "version": 6, "package_arn": arn(6)}
    plan["key"] = "models/churn/batch/in/a.csv"
    monitored.stage.put(f"models/churn/batch/jobs/{BATCH_ID}/plan.json", json.dumps(plan))
    monitored.stage.put("models/churn/batch/out/a.csv", "id,age,plan,score\n")
    return "models/churn/batch/out/a.csv"


def test_a_batch_is_checked_by_its_result_and_the_version_that_scored_it(monitored: Monitored) -> None:
    key = put_batch(monitored)
    monitored.go_live(version=7)

    answer = monitored.ask(batch_id=BATCH_ID, result_key=key)

    check_id = answer["check_id"]
    plan = monitored.plan(check_id)
    assert (plan["source"], plan["version"], plan["operations"]) == ("batch", 6, None)
    assert plan["window"]["end"] == "2026-11-20T11:30:00+00:00"
    assert plan["report_prefix"].startswith("models/churn/monitoring/reports/batch/2026/11/20/11/")
    assert monitored.manifest(check_id, "captures") == [{"prefix": f"s3://{BUCKET}/models/churn/batch/out/"}, "a.csv"]
    assert monitored.ask("2026-11-20T17:05:00Z", batch_id=BATCH_ID, result_key=key)["check_id"] == check_id
    assert len(monitored.processing.jobs) == 1


def test_a_batch_without_a_result_is_not_checked(monitored: Monitored) -> None:
    put_batch(monitored)

    assert monitored.ask(batch_id="261120113000-ba9876543210")["outcome"] == "ignored"
    assert monitored.ask(batch_id=BATCH_ID, result_key="models/other/raw/secret.csv")["outcome"] == "ignored"
