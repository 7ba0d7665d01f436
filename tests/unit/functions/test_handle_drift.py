import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.handle_drift.acting import Acts
from functions.handle_drift.failing import FailedChecks
from functions.handle_drift.handle_drift import HandleDrift
from functions.handle_drift.judging import Judge
from functions.handle_drift.reports import Reports
from functions.handle_drift.training_data import Prospects
from sluice.aws.checks import Check, Checks
from sluice.aws.drift_metrics import DriftMetrics
from sluice.aws.drift_retrains import DriftRetrainRecords
from sluice.aws.event_bus import EventBus
from sluice.aws.model_monitor import ModelMonitor
from sluice.aws.production import Deployment, ProductionRecord
from sluice.aws.version_definitions import VersionDefinitions
from sluice.errors import TransientError
from sluice.events import CheckRequested, ObjectCreated, ProcessingJobStateChange, RetrainRequested
from sluice.naming import job_name, monitoring_schedule_name, new_check_id, schedule_name
from sluice.plan import Upload
from sluice.rollout import PackageRef
from tests.definitions import definition
from tests.drift_reports import drift_document, violations_document
from tests.events import load_event
from tests.fakes.schedules import FakeMonitors
from tests.unit.functions.conftest import BUCKET, StageUnderTest
from tests.unit.functions.production_under_test import NAME, FakeRegistry, arn

FIRST = datetime(2026, 11, 20, 21, tzinfo=UTC)
REPORTS = "models/churn/monitoring/reports"


class Registry(FakeRegistry):
    def status(self, package_arn: str) -> Any:
        return self.statuses.get(int(package_arn.rpartition("/")[2]))


@dataclass
class Bus:
    """EventBridge, which keeps what it is given."""

    events: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        if self.refuses:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow"}]}
        self.events += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


@dataclass
class Metrics:
    """CloudWatch, which keeps what it is given."""

    points: dict[tuple[str, ...], float] = field(default_factory=dict)

    def put_metric_data(self, Namespace: str, MetricData: list[dict[str, Any]]) -> None:
        for point in MetricData:
            dimensions = (f"{each['Name']}={each['Value']}" for each in point["Dimensions"])
            self.points[Namespace, point["MetricName"], *dimensions] = point["Value"]


@dataclass
class Drift:
    """HandleDrift around one model whose version 6 serves, and the checks that a test lets end."""

    stage: StageUnderTest
    registry: Registry = field(default_factory=lambda: Registry({6: "Approved"}))
    bus: Bus = field(default_factory=Bus)
    metrics: Metrics = field(default_factory=Metrics)
    monitors: FakeMonitors = field(default_factory=FakeMonitors)
    registry_account: str | None = None

    @property
    def checks(self) -> Checks:
        return Checks(self.stage.table, self.stage.clock)

    def serve(self, version: int = 6, **response: Any) -> None:
        document = definition(monitoring={"enabled": True, "response": response}).model_dump(mode="json")
        self.stage.put(f"definitions/{version}.json", json.dumps(document))
        self.registry.statuses[version] = "Approved"
        live = Deployment(
            PackageRef(arn(version), version), f"{NAME}-v{version}", "approved", "", "alice", FIRST, NAME, "serverless"
        )
        record = self.stage.production.get("churn")
        assert self.stage.production.put(ProductionRecord("churn", record.revision, live=live))

    def handler(self) -> HandleDrift:
        stage, registry, client = self.stage, self.registry, self.metrics
        definitions = VersionDefinitions(stage.objects, registry)  # type: ignore[arg-type]
        prospects = Prospects(
            stage.objects,
            stage.leases,
            stage.runs,
            registry,  # type: ignore[arg-type]
            "dev",
            self.registry_account,
        )
        retrains = DriftRetrainRecords(stage.table)
        return HandleDrift(
            "dev",
            Reports(stage.objects),
            self.checks,
            stage.production,
            ModelMonitor(self.monitors, "dev"),  # type: ignore[arg-type]
            Judge(stage.production, definitions, self.checks, retrains, prospects, stage.clock),
            Acts("dev", stage.objects, EventBus(self.bus), stage.journal),  # type: ignore[arg-type]
            FailedChecks("dev", self.checks, stage.journal),
            DriftMetrics(client, "dev"),  # type: ignore[arg-type]
            stage.clock,
        )

    def begin(self, hour: int = 0, source: str = NAME, version: int = 6) -> Check:
        """RunMonitor asks for the check of the hour before FIRST + `hour`."""
        end = FIRST + timedelta(hours=hour)
        check_id = new_check_id(end, "churn", source)
        job = job_name("dev", "churn", check_id, "check")
        check = Check(
            "churn",
            check_id,
            source,
            "scheduled-job",
            end,
            end - timedelta(hours=1),
            end,
            version=version,
            package_arn=arn(version),
            job_name=job,
        )
        self.checks.start(check)
        return check

    def end(self, check: Check, *features: str, labelled: int = 640) -> dict[str, Any]:
        """Its job writes that these features have drifted; the rule delivers that."""
        prefix = self.prefix(check)
        document = drift_document(*features, check_id=check.check_id) | {"labelled_rows": labelled}
        self.stage.put(f"{prefix}drift.json", json.dumps(document))
        if labelled:
            self.stage.put(f"{prefix}labelled.csv", "age,left\n40,Yes\n")
        self.stage.put(f"{prefix}constraint_violations.json", json.dumps(violations_document(*features)))
        return self.deliver(f"{prefix}constraint_violations.json")

    def hour(self, hour: int, *features: str, **more: Any) -> dict[str, Any]:
        self.stage.clock.at = FIRST + timedelta(hours=hour, minutes=9)
        return self.end(self.begin(hour), *features, **more)

    def prefix(self, check: Check) -> str:
        return f"{REPORTS}/{check.source}/{check.window_start:%Y/%m/%d/%H}/{check.check_id}/"

    def deliver(self, key: str) -> dict[str, Any]:
        event = copy.deepcopy(load_event("violations_object_created"))
        event["detail"]["object"]["key"] = key
        return self.handler().handle(ObjectCreated.model_validate(event))

    def fail(self, check: Check, **detail: Any) -> dict[str, Any]:
        event = copy.deepcopy(load_event("processing_job_state_change"))
        event["detail"] |= {"ProcessingJobName": check.job_name, **detail}
        return self.handler().handle(ProcessingJobStateChange.model_validate(event))

    def found(self, check_id: str) -> Check:
        check = self.checks.find("churn", check_id)
        assert check is not None
        return check

    def requested(self) -> list[Mapping[str, Any]]:
        return [json.loads(each["Detail"]) for each in self.bus.events]


@pytest.fixture
def drift(stage: StageUnderTest) -> Drift:
    drift = Drift(stage)
    drift.serve()
    return drift


@pytest.fixture
def retraining(stage: StageUnderTest) -> Drift:
    drift = Drift(stage)
    drift.serve(action="retrain")
    stage.put("models/churn/raw/churn.csv", "id\n1\n")
    return drift


def test_drift_is_told_with_a_link_to_its_report(drift: Drift) -> None:
    answer = drift.hour(0, "age")

    assert answer["outcome"] == "notify"
    assert drift.stage.notices() == ["[sluice] churn: drift found"]
    entry = drift.stage.log.entries("churn")[0]
    assert entry.why == "age moved: drift in age (data-quality)"
    assert entry.details["package"] == arn(6)
    assert "https" not in str(entry)


def test_what_a_check_found_is_written_down(drift: Drift) -> None:
    answer = drift.hour(0, "age")

    check = drift.found(answer["check_id"])
    assert (check.status, check.verdict, check.response) == ("ENDED", "drift", "notify")
    assert check.violations[0]["feature_name"] == "age"
    assert check.violations[0]["dimension"] == "data-quality"
    assert check.figures["features"] == {"age": {"distance": 0.31}}
    assert check.figures["metric"] == {"name": "auc", "value": 0.81}


def test_the_same_drift_is_told_when_it_begins_and_when_it_ends(drift: Drift) -> None:
    for hour, features in enumerate([["age"], ["age"], ["age"], [], []]):
        drift.hour(hour, *features)

    assert drift.stage.actions() == ["DRIFT_FOUND", "DRIFT_ENDED"]
    assert len(drift.stage.notices()) == 2


def test_a_report_that_is_announced_twice_is_judged_and_told_once(retraining: Drift) -> None:
    check = retraining.begin()
    first = retraining.end(check, "age")
    retraining.stage.clock.forward(hours=1)

    assert retraining.deliver(f"{retraining.prefix(check)}constraint_violations.json") == first
    assert retraining.stage.actions() == ["DRIFT_FOUND", "RETRAIN_REQUESTED"]
    assert len(retraining.stage.notices()) == 1
    assert len({each["check_id"] for each in retraining.requested()}) == 1


@pytest.mark.parametrize("calls", range(1, 12))
def test_a_function_that_dies_anywhere_is_made_good_by_the_next_delivery(retraining: Drift, calls: int) -> None:
    check = retraining.begin()
    with retraining.stage.dying_after(calls):
        retraining.end(check, "age")

    answer = retraining.deliver(f"{retraining.prefix(check)}constraint_violations.json")

    assert answer["outcome"] == "retrain"
    assert sorted(retraining.stage.actions()) == ["DRIFT_FOUND", "RETRAIN_REQUESTED"]
    assert retraining.requested()[-1]["check_id"] == check.check_id


def test_a_report_whose_other_parts_are_not_there_yet_is_tried_again(drift: Drift) -> None:
    check = drift.begin()
    key = f"{drift.prefix(check)}constraint_violations.json"
    drift.stage.put(key, '{"violations": []}')

    with pytest.raises(TransientError, match="not complete yet"):
        drift.deliver(key)


def test_a_report_that_cannot_be_read_is_a_failed_check(drift: Drift) -> None:
    check = drift.begin()
    drift.stage.put(f"{drift.prefix(check)}drift.json", "{}")
    drift.stage.put(f"{drift.prefix(check)}constraint_violations.json", '{"violations": []}')

    answer = drift.deliver(f"{drift.prefix(check)}constraint_violations.json")

    assert answer["outcome"] == "failed"
    assert "drift.json: format_version" in answer["reason"]
    assert drift.found(check.check_id).status == "FAILED"
    assert drift.stage.actions() == ["CHECK_FAILED"]


@pytest.mark.parametrize("key", ["models/churn/raw/constraint_violations.json", f"{REPORTS}/x/a.json"])
def test_what_is_no_report_changes_nothing(drift: Drift, key: str) -> None:
    assert drift.deliver(key)["outcome"] == "nothing"


def test_a_report_of_a_check_that_nobody_asked_for_changes_nothing(drift: Drift) -> None:
    key = f"{REPORTS}/{NAME}/2026/11/20/20/261120210000-ffff/constraint_violations.json"

    assert drift.deliver(key) == {"outcome": "nothing", "reason": "no check 261120210000-ffff was asked for"}


def test_a_check_of_a_version_that_has_left_is_recorded_only(drift: Drift) -> None:
    check = drift.begin()
    drift.serve(7)

    answer = drift.end(check, "age")

    assert answer["outcome"] == "ignore"
    assert answer["reason"] == "version 6 is not in production any more: version 7 is"
    assert drift.found(check.check_id).verdict == "drift"
    assert drift.stage.actions() == []


def test_a_batch_and_an_endpoint_have_their_own_stories(drift: Drift) -> None:
    drift.hour(0, "age")
    drift.end(drift.begin(1, source="batch"))
    drift.hour(2, "age")

    assert drift.stage.actions() == ["DRIFT_FOUND"]


def test_a_retrain_is_asked_for_on_the_newest_upload_and_the_labelled_rows(retraining: Drift) -> None:
    answer = retraining.hour(0, "age")

    check = retraining.found(answer["check_id"])
    (event,) = retraining.bus.events
    assert (event["Source"], event["DetailType"]) == ("sluice", "Retrain Requested")
    detail = retraining.requested()[0]
    assert detail["labelled_key"] == f"{retraining.prefix(check)}labelled.csv"
    assert (detail["stage"], detail["labelled_rows"]) == ("dev", 640)
    envelope = load_event("retrain_requested") | {"detail": detail}
    assert RetrainRequested.model_validate(envelope).detail.check_id == check.check_id
    assert retraining.stage.actions() == ["DRIFT_FOUND", "RETRAIN_REQUESTED"]
    assert len(retraining.stage.notices()) == 1


def test_few_labelled_rows_are_left_out(retraining: Drift) -> None:
    retraining.hour(0, "age", labelled=99)

    assert "labelled_key" not in retraining.requested()[0]


def test_a_bus_that_refuses_the_event_is_asked_again(retraining: Drift) -> None:
    retraining.bus.refuses = True
    check = retraining.begin()
    with pytest.raises(TransientError, match="ThrottlingException"):
        retraining.end(check, "age")
    retraining.bus.refuses = False

    retraining.deliver(f"{retraining.prefix(check)}constraint_violations.json")

    assert len(retraining.requested()) == 1


def test_a_second_retrain_keeps_the_cooldown(retraining: Drift) -> None:
    for hour in (0, 1, 23, 24, 25):
        retraining.hour(hour, "age")

    assert len(retraining.requested()) == 2
    assert retraining.stage.actions().count("RETRAIN_REQUESTED") == 2


def _start_run(drift: Drift, run_id: str, data_version: str) -> None:
    drift.stage.runs.start({"model": "churn", "run_id": run_id, "data_version": data_version}, f"execution-{run_id}")


def _finish_run(drift: Drift, run_id: str, status: Any, version: int | None = None) -> None:
    run = drift.stage.runs.get("churn", run_id)
    assert run is not None
    drift.stage.runs.finish(run, status, None, arn(version) if version else None, None)


def _newest_upload(drift: Drift) -> str:
    newest = drift.stage.objects.newest("models/churn/raw/")
    assert newest is not None
    return f"s3://{BUCKET}/{newest.key}@{newest.version_id}"


def test_no_retrain_while_a_run_is_under_way(retraining: Drift) -> None:
    assert retraining.stage.leases.acquire("churn", "execution-1", "1") is not None
    _start_run(retraining, "1", "s3://b/churn.csv@1")

    answer = retraining.hour(0, "age")

    assert answer["outcome"] == "notify"
    assert "No retrain follows: run 1 is under way on s3://b/churn.csv@1" in answer["reason"]
    assert not retraining.requested()


def test_no_retrain_while_a_newer_upload_waits(retraining: Drift) -> None:
    """Behind a run whose lease ends in a moment."""
    _start_run(retraining, "1", "s3://b/churn.csv@1")
    _finish_run(retraining, "1", "FAILED")
    retraining.stage.clock.at = FIRST
    assert retraining.stage.leases.acquire("churn", "execution-1", "1") is not None
    retraining.stage.leases.offer("churn", Upload(BUCKET, "models/churn/raw/new.csv", "2", "etag", 3, "2026"))

    assert "new.csv@2 waits to be trained on" in retraining.hour(0, "age")["reason"]


def test_what_waits_for_nothing_is_no_obstacle(retraining: Drift) -> None:
    """A run that could not be planned leaves its upload waiting, and no lease whose end would start it."""
    retraining.stage.leases.offer("churn", Upload(BUCKET, "models/churn/raw/new.csv", "2", "etag", 3, "2026"))

    assert retraining.hour(0, "age")["outcome"] == "retrain"


def test_the_lease_of_a_run_that_died_long_ago_is_no_obstacle(retraining: Drift) -> None:
    retraining.stage.clock.at = FIRST
    assert retraining.stage.leases.acquire("churn", "execution-1", "1") is not None
    _start_run(retraining, "1", "s3://b/churn.csv@1")

    assert "run 1 is under way" in retraining.hour(23, "age")["reason"]
    assert retraining.hour(25, "age")["outcome"] == "retrain"


def test_no_retrain_while_a_version_waits_for_a_yes(retraining: Drift) -> None:
    _start_run(retraining, "1", "s3://b/churn.csv@1")
    run = retraining.stage.runs.get("churn", "1")
    assert run is not None
    retraining.stage.runs.finish(run, "SUCCEEDED", "pass", arn(7), None)
    retraining.registry.statuses[7] = "PendingManualApproval"

    assert "`sluice approve churn v7 --stage dev`" in retraining.hour(0, "age")["reason"]

    retraining.registry.statuses[7] = "Rejected"
    assert retraining.hour(1, "age")["outcome"] == "retrain"


def test_nothing_new_to_train_on_is_said_as_it_is(retraining: Drift) -> None:
    _start_run(retraining, "1", _newest_upload(retraining))
    run = retraining.stage.runs.get("churn", "1")
    assert run is not None
    retraining.stage.runs.finish(run, "SUCCEEDED", "pass", arn(6), None)

    answer = retraining.hour(0, "age", labelled=12)

    assert answer["outcome"] == "notify"
    assert "there is nothing new to train on" in answer["reason"]
    assert "the truth is known of 12 rows" in answer["reason"]
    assert retraining.hour(1, "age", labelled=640)["outcome"] == "retrain"


def test_labelled_rows_that_the_last_retrain_had_are_nothing_new(retraining: Drift) -> None:
    """Neither a day nor a gate that refused its version makes them so: 100 more do, or later requests."""
    _start_run(retraining, "1", _newest_upload(retraining))
    _finish_run(retraining, "1", "SUCCEEDED", 6)
    retraining.serve(action="retrain", cooldown_hours=1)
    assert retraining.hour(0, "age", labelled=640)["outcome"] == "retrain"

    same = retraining.hour(24, "age", labelled=739)

    assert same["outcome"] == "notify"
    assert "the truth is known of 739 rows that were checked, the last retrain for drift had 640" in same["reason"]
    assert retraining.hour(25, "age", labelled=640)["outcome"] == "retrain"
    assert retraining.hour(49, "age", labelled=740)["outcome"] == "retrain"


def test_a_stage_that_deploys_anothers_versions_trains_none(retraining: Drift) -> None:
    retraining.registry_account = "111122223333"

    assert "versions are trained in account 111122223333" in retraining.hour(0, "age")["reason"]


def test_figures_go_to_cloudwatch_under_model_monitors_names(drift: Drift) -> None:
    drift.hour(0, "age")

    where = (f"Endpoint={NAME}", f"MonitoringSchedule={schedule_name('dev', 'churn')}")
    data, model = "aws/sagemaker/Endpoints/data-metrics", "aws/sagemaker/Endpoints/model-metrics"
    assert drift.metrics.points == {
        (data, "feature_baseline_drift_age", *where): 0.31,
        (data, "feature_completeness_age", *where): 0.98,
        (data, "feature_non_null_age", *where): 1176,
        (data, "prediction_drift_score", *where): 0.01,
        (model, "auc", *where): 0.81,
        ("Sluice", "constraint_violations", "Stage=dev"): 1,
        ("Sluice", "constraint_violations", "Stage=dev", "Model=churn"): 1,
    }


def test_a_check_that_judged_nothing_leaves_the_alarm_as_it_is(drift: Drift) -> None:
    drift.hour(0, "age")
    check = drift.begin(1)
    prefix = drift.prefix(check)
    found = drift_document(check_id=check.check_id)
    too_few = {name: {"status": "not-enough-data"} for name in found["dimensions"]}
    document = found | {"verdict": "not-enough-data", "labelled_rows": 0, "dimensions": too_few}
    drift.stage.put(f"{prefix}drift.json", json.dumps(document))
    drift.stage.put(f"{prefix}constraint_violations.json", json.dumps(violations_document()))

    drift.deliver(f"{prefix}constraint_violations.json")

    assert drift.found(check.check_id).verdict == "not-enough-data"
    assert drift.metrics.points["Sluice", "constraint_violations", "Stage=dev", "Model=churn"] == 1


def model_monitors(drift: Drift, hour: int, kind: str, *violations: Mapping[str, str]) -> dict[str, Any]:
    at = FIRST + timedelta(hours=hour)
    drift.stage.clock.at = at + timedelta(minutes=9)
    prefix = f"{REPORTS}/{NAME}/{monitoring_schedule_name('dev', 'churn', kind)}/{at:%Y/%m/%d/%H}/"
    drift.stage.put(f"{prefix}constraint_violations.json", json.dumps({"violations": violations}))
    return drift.deliver(f"{prefix}constraint_violations.json")


AGE = {"feature_name": "age", "constraint_check_type": "baseline_drift_check", "description": "far"}
AUC = {"metric_name": "auc", "constraint_check_type": "LessThanThreshold", "description": "low"}


def test_what_model_monitor_finds_goes_the_same_way(drift: Drift) -> None:
    answer = model_monitors(drift, 0, "data-quality", AGE)

    check = drift.found(answer["check_id"])
    assert (check.engine, check.verdict, check.version) == ("model-monitor", "drift", 6)
    assert (check.window_start, check.window_end) == (FIRST - timedelta(hours=1), FIRST)
    assert drift.stage.actions() == ["DRIFT_FOUND"]
    assert set(drift.metrics.points) == {
        ("Sluice", "constraint_violations", "Stage=dev"),
        ("Sluice", "constraint_violations", "Stage=dev", "Model=churn"),
    }


def model_monitor_fails(drift: Drift, hour: int, job: str) -> dict[str, Any]:
    """The named kind of job, of the schedule that starts it."""
    event = copy.deepcopy(load_event("monitoring_job_state_change"))
    at = FIRST + timedelta(hours=hour, minutes=8)
    kind = "data-quality" if job.startswith("data-quality") else "model-quality"
    schedule = monitoring_schedule_name("dev", "churn", kind)
    event["time"] = at.isoformat()
    event["detail"] |= {
        "ProcessingJobName": f"{job}-{at:%Y%m%d%H}00-4c1d8a",
        "MonitoringScheduleArn": f"arn:aws:sagemaker:us-east-1:000000000000:monitoring-schedule/{schedule}",
    }
    drift.stage.clock.at = at
    return drift.handler().handle(ProcessingJobStateChange.model_validate(event))


@pytest.mark.parametrize("job", ["model-quality-monitoring", "groundtruth-merge"])
def test_one_of_its_schedules_that_fails_on_is_told_once_while_the_other_comes_through(drift: Drift, job: str) -> None:
    for hour in range(8):
        model_monitors(drift, hour, "data-quality")
        assert model_monitor_fails(drift, hour, job)["outcome"] == "failed"

    assert drift.stage.actions() == ["CHECK_FAILED"] * 8
    assert drift.stage.notices() == ["[sluice] churn: check failed"]


def test_each_of_its_schedules_tells_its_own_failures(drift: Drift) -> None:
    model_monitor_fails(drift, 0, "data-quality-monitoring")
    model_monitor_fails(drift, 0, "model-quality-monitoring")
    assert len(drift.stage.notices()) == 2

    model_monitors(drift, 1, "model-quality")
    model_monitor_fails(drift, 2, "data-quality-monitoring")
    assert drift.stage.notices() == []


def test_its_reports_that_cannot_be_read_are_told_once_too(drift: Drift) -> None:
    for hour in range(3):
        model_monitors(drift, hour, "data-quality")
        at = FIRST + timedelta(hours=hour)
        prefix = f"{REPORTS}/{NAME}/{monitoring_schedule_name('dev', 'churn', 'model-quality')}/{at:%Y/%m/%d/%H}/"
        drift.stage.put(f"{prefix}constraint_violations.json", "[]")
        assert drift.deliver(f"{prefix}constraint_violations.json")["outcome"] == "failed"

    assert len(drift.stage.notices()) == 1


def test_our_own_job_and_model_monitor_do_not_end_each_others_failures(drift: Drift) -> None:
    for hour in range(8):
        drift.fail(drift.begin(hour))
        model_monitors(drift, hour, "data-quality")

    assert len(drift.stage.notices()) == 1


def test_its_two_schedules_do_not_end_each_others_drift(drift: Drift) -> None:
    for hour in range(3):
        model_monitors(drift, hour, "data-quality", AGE)
        model_monitors(drift, hour, "model-quality")
    model_monitors(drift, 3, "model-quality", AUC)
    model_monitors(drift, 4, "data-quality")
    model_monitors(drift, 4, "model-quality")

    assert drift.stage.actions() == ["DRIFT_FOUND", "DRIFT_FOUND", "DRIFT_ENDED"]


def test_a_job_that_fails_is_told_with_its_reason_once(drift: Drift) -> None:
    check = drift.begin()

    answers = [drift.fail(check) for _ in range(2)]

    assert answers[0] == answers[1]
    assert f"{check.job_name} ended as Failed: captures/1.jsonl holds no requests of version 6" in answers[0]["reason"]
    assert drift.found(check.check_id).status == "FAILED"
    assert drift.stage.notices() == ["[sluice] churn: check failed"]


def test_checks_that_fail_on_are_told_again_only_after_one_came_through(drift: Drift) -> None:
    for hour in range(3):
        drift.fail(drift.begin(hour))
    assert len(drift.stage.notices()) == 1
    assert drift.stage.actions() == ["CHECK_FAILED"] * 3

    drift.hour(3)
    drift.fail(drift.begin(4))
    assert len(drift.stage.notices()) == 1


def test_a_failed_check_ends_no_drift(drift: Drift) -> None:
    drift.hour(0, "age")
    drift.fail(drift.begin(1))
    drift.hour(2, "age")

    assert drift.stage.actions() == ["DRIFT_FOUND", "CHECK_FAILED"]


@pytest.mark.parametrize(
    "detail",
    [
        {"ProcessingJobStatus": "Completed"},
        {"ProcessingJobName": "sluice-dev-churn-261120202448-3fa2-prep"},
        {"ProcessingJobName": "sluice-dev-churn-261120210000-ffff-check"},
        {"ProcessingJobName": "x", "MonitoringScheduleArn": "arn:aws:sagemaker:::monitoring-schedule/somebody-elses"},
    ],
)
def test_other_jobs_change_nothing(drift: Drift, detail: dict[str, str]) -> None:
    assert drift.fail(drift.begin(), **detail)["outcome"] == "nothing"


def test_a_job_that_fails_after_its_report_was_judged_changes_nothing(drift: Drift) -> None:
    check = drift.begin()
    drift.end(check)

    assert drift.fail(check)["outcome"] == "nothing"
    assert drift.found(check.check_id).status == "ENDED"


def test_a_job_of_model_monitors_that_fails_is_told(drift: Drift) -> None:
    event = ProcessingJobStateChange.model_validate(load_event("monitoring_job_state_change"))

    answers = [drift.handler().handle(event) for _ in range(2)]

    assert answers[0] == answers[1]
    assert drift.found(answers[0]["check_id"]).engine == "model-monitor"
    assert drift.stage.notices() == ["[sluice] churn: check failed"]


def test_before_a_retrain_our_own_job_looks_at_what_model_monitor_found(retraining: Drift) -> None:
    theirs = model_monitors(retraining, 0, "data-quality", AGE)

    (asked,) = retraining.bus.events
    assert asked["DetailType"] == "Check Requested"
    detail = json.loads(asked["Detail"])
    assert detail["requested_by"] == f"model-monitor check {theirs['check_id']}"
    request = CheckRequested.model_validate(load_event("check_requested") | {"detail": detail})
    assert request.detail.until == retraining.found(theirs["check_id"]).window_end == FIRST, "the same hours"
    assert retraining.stage.actions() == []

    retraining.hour(1, "age")
    assert [each["DetailType"] for each in retraining.bus.events] == ["Check Requested", "Retrain Requested"]
    assert retraining.stage.actions() == ["DRIFT_FOUND", "RETRAIN_REQUESTED"]
    assert len(retraining.stage.notices()) == 1


def test_a_schedule_that_fires_within_the_hour_has_its_own_window_looked_at(retraining: Drift) -> None:
    """Its report says the hour only; the local cloud's clock of such schedules runs faster."""
    schedule = monitoring_schedule_name("dev", "churn", "data-quality")
    retraining.monitors.schedules[schedule] = {"MonitoringScheduleConfig": {"MonitoringJobDefinitionName": "one"}}
    retraining.monitors.definitions["one"] = {"DataQualityJobInput": {"EndpointInput": {"EndpointName": NAME}}}
    fired = retraining.monitors.fired[schedule] = FIRST + timedelta(minutes=31, seconds=12)

    theirs = model_monitors(retraining, 0, "data-quality", AGE)

    check = retraining.found(theirs["check_id"])
    assert (check.window_start, check.window_end) == (fired - timedelta(hours=1), fired)
    (asked,) = retraining.requested()
    assert datetime.fromisoformat(asked["until"]) == fired

    retraining.monitors.fired[schedule] = FIRST + timedelta(hours=2)
    later = model_monitors(retraining, 1, "data-quality", AGE)
    assert retraining.found(later["check_id"]).window_end == FIRST + timedelta(hours=1), "that was another firing"


@pytest.mark.parametrize("late", ["drift.json", "labelled.csv"])
def test_a_report_is_judged_once_all_of_it_is_there(drift: Drift, late: str) -> None:
    """A job uploads its files in no order that anybody tells: a retrain without its labels would be for nothing."""
    check = drift.begin()
    prefix = drift.prefix(check)
    files = {
        "drift.json": json.dumps(drift_document("age", check_id=check.check_id)),
        "labelled.csv": "age,left\n40,Yes\n",
        "constraint_violations.json": json.dumps(violations_document("age")),
    }
    for name, text in files.items():
        if name != late:
            drift.stage.put(f"{prefix}{name}", text)

    with pytest.raises(TransientError, match=late):
        drift.deliver(f"{prefix}constraint_violations.json")
    assert drift.found(check.check_id).status == "RUNNING"

    drift.stage.put(f"{prefix}{late}", files[late])
    assert drift.deliver(f"{prefix}constraint_violations.json")["outcome"] == "notify"
