"""Every event class, its canonical event and every EventPattern of the template agree."""

import copy
import json
from typing import Any

import pytest
from ministack.services import eventbridge
from pydantic import ValidationError

from sluice.events import (
    AlarmStateChange,
    CheckRequested,
    EndpointReady,
    EndpointStateChange,
    Envelope,
    ExecutionStatusChange,
    ModelPackageStateChange,
    ObjectCreated,
    PendingUpload,
    ProcessingJobStateChange,
    QueuedDeployment,
    RetrainRequested,
    RollbackRequested,
    TrafficRequested,
    TrialConcluded,
)
from sluice.naming import validation_name
from tests.events import load_event
from tests.template import resolved, resources_of

CLASSES: dict[str, type[Envelope]] = {
    "object_created": ObjectCreated,
    "model_package_state_change": ModelPackageStateChange,
    "endpoint_state_change": EndpointStateChange,
    "execution_status_change": ExecutionStatusChange,
    "validation_status_change": ExecutionStatusChange,
    "rollout_status_change": ExecutionStatusChange,
    "batch_object_created": ObjectCreated,
    "batch_status_change": ExecutionStatusChange,
    "pending_upload": PendingUpload,
    "queued_deployment": QueuedDeployment,
    "rollback_requested": RollbackRequested,
    "traffic_requested": TrafficRequested,
    "trial_concluded": TrialConcluded,
    "endpoint_ready": EndpointReady,
    "alarm_state_change": AlarmStateChange,
    "violations_object_created": ObjectCreated,
    "processing_job_state_change": ProcessingJobStateChange,
    "monitoring_job_state_change": ProcessingJobStateChange,
    "retrain_requested": RetrainRequested,
    "check_requested": CheckRequested,
}

RULES: dict[tuple[str, str], str | tuple[str, ...]] = {
    ("RetrainStateMachine", "Upload"): "object_created",
    ("RetrainStateMachine", "DriftFound"): "retrain_requested",
    ("HandleDrift", "Reported"): "violations_object_created",
    ("HandleDrift", "JobFailed"): "processing_job_state_change",
    ("HandleDrift", "MonitoringJobFailed"): "monitoring_job_state_change",
    ("DeployModel", "Approval"): "model_package_state_change",
    ("DeployModel", "Requested"): ("rollback_requested", "traffic_requested", "trial_concluded"),
    ("DeployModel", "Alarm"): "alarm_state_change",
    ("ActivateEndpoint", "EndpointChanged"): "endpoint_state_change",
    ("ActivateEndpoint", "EndpointReady"): "endpoint_ready",
    ("FinishRun", "ExecutionEnded"): "execution_status_change",
    ("ValidateStateMachine", "Stopped"): "validation_status_change",
    ("RolloutStateMachine", "Stopped"): "rollout_status_change",
    ("WriteModelCard", "Approved"): "model_package_state_change",
    ("BatchStateMachine", "Upload"): "batch_object_created",
    ("BatchStateMachine", "Stopped"): "batch_status_change",
    ("RunMonitor", "Requested"): "check_requested",
}

SCHEDULES = {("CleanUp", "EveryQuarterHour"): "clean_up", ("ReapEndpoints", "EveryHour"): "reap_endpoints"}


def rules(kind: str = "EventBridgeRule") -> dict[tuple[str, str], dict[str, Any]]:
    owners = resources_of("AWS::Serverless::Function") | resources_of("AWS::Serverless::StateMachine")
    return {
        (owner, event): resolved(declared["Properties"])
        for owner, body in owners.items()
        for event, declared in body["Properties"].get("Events", {}).items()
        if declared["Type"] == kind
    }


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    return bool(eventbridge._matches_pattern(json.dumps(pattern), {**_as_entry(event)}))


def _as_entry(event: dict[str, Any]) -> dict[str, Any]:
    """The shape in which MiniStack's matcher holds an event."""
    return {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Account": event["account"],
        "Region": event["region"],
        "Resources": event["resources"],
        "Time": event["time"],
        "EventId": event["id"],
    }


@pytest.mark.parametrize(("name", "event_class"), CLASSES.items())
def test_a_canonical_event_is_read_by_its_class_and_by_no_other(name: str, event_class: type[Envelope]) -> None:
    event = load_event(name)

    assert event_class.model_validate(event).detail_type == event["detail-type"]
    for other in set(CLASSES.values()) - {event_class}:
        with pytest.raises(ValidationError):
            other.model_validate(event)


def test_every_rule_of_the_template_has_a_canonical_event() -> None:
    assert set(rules()) == set(RULES)


@pytest.mark.parametrize(("rule", "name"), RULES.items())
def test_a_rule_matches_its_event_and_no_other(rule: tuple[str, str], name: str | tuple[str, ...]) -> None:
    pattern = rules()[rule]["Pattern"]

    heard = [name] if isinstance(name, str) else list(name)
    assert [other for other in CLASSES if matches(pattern, load_event(other))] == heard


@pytest.mark.parametrize(
    ("name", "rule", "path", "value"),
    [
        ("object_created", ("RetrainStateMachine", "Upload"), ("object", "key"), "models/churn/model.yaml"),
        ("object_created", ("RetrainStateMachine", "Upload"), ("object", "key"), "models/churn/runs/1/train/train.csv"),
        ("object_created", ("RetrainStateMachine", "Upload"), ("bucket", "name"), "another-bucket"),
        ("model_package_state_change", ("DeployModel", "Approval"), ("ModelPackageGroupName",), "sluice-prod-churn"),
        ("model_package_state_change", ("DeployModel", "Approval"), ("ModelApprovalStatus",), "PendingManualApproval"),
        ("rollback_requested", ("DeployModel", "Requested"), ("stage",), "prod"),
        ("check_requested", ("RunMonitor", "Requested"), ("stage",), "prod"),
        ("endpoint_ready", ("ActivateEndpoint", "EndpointReady"), ("stage",), "prod"),
        ("alarm_state_change", ("DeployModel", "Alarm"), ("alarmName",), "sluice-prod-churn--real-time/AllTraffic/x"),
        ("alarm_state_change", ("DeployModel", "Alarm"), ("state", "value"), "OK"),
        ("endpoint_state_change", ("ActivateEndpoint", "EndpointChanged"), ("EndpointName",), "somebody-elses"),
        # A validation's temporary endpoint is no model's.
        (
            "endpoint_state_change",
            ("ActivateEndpoint", "EndpointChanged"),
            ("EndpointName",),
            validation_name("dev", "261120202448-3fa2"),
        ),
        ("execution_status_change", ("FinishRun", "ExecutionEnded"), ("status",), "SUCCEEDED"),
        ("validation_status_change", ("ValidateStateMachine", "Stopped"), ("status",), "SUCCEEDED"),
        ("rollout_status_change", ("RolloutStateMachine", "Stopped"), ("status",), "SUCCEEDED"),
        ("batch_object_created", ("BatchStateMachine", "Upload"), ("object", "key"), "models/churn/batch/out/a.csv"),
        (
            "batch_object_created",
            ("BatchStateMachine", "Upload"),
            ("object", "key"),
            "models/churn/batch/jobs/1/in/a.csv",
        ),
        ("batch_object_created", ("BatchStateMachine", "Upload"), ("bucket", "name"), "another-bucket"),
        ("batch_status_change", ("BatchStateMachine", "Stopped"), ("status",), "SUCCEEDED"),
        ("model_package_state_change", ("WriteModelCard", "Approved"), ("ModelPackageGroupName",), "sluice-prod-churn"),
        ("retrain_requested", ("RetrainStateMachine", "DriftFound"), ("stage",), "prod"),
        ("violations_object_created", ("HandleDrift", "Reported"), ("bucket", "name"), "another-bucket"),
        (
            "violations_object_created",
            ("HandleDrift", "Reported"),
            ("object", "key"),
            "models/churn/monitoring/reports/sluice-dev-churn/2026/11/20/20/261120210000-3f2a/drift.json",
        ),
        ("processing_job_state_change", ("HandleDrift", "JobFailed"), ("ProcessingJobStatus",), "Completed"),
        (
            "processing_job_state_change",
            ("HandleDrift", "JobFailed"),
            ("ProcessingJobName",),
            "sluice-dev-churn-261120202448-3fa2-prep",
        ),
        ("monitoring_job_state_change", ("HandleDrift", "MonitoringJobFailed"), ("ProcessingJobStatus",), "Completed"),
        (
            "monitoring_job_state_change",
            ("HandleDrift", "MonitoringJobFailed"),
            ("MonitoringScheduleArn",),
            "arn:aws:sagemaker:us-east-1:000000000000:monitoring-schedule/sluice-prod-churn-data-quality",
        ),
        ("model_package_state_change", ("WriteModelCard", "Approved"), ("ModelApprovalStatus",), "Rejected"),
    ],
)
def test_a_rule_leaves_alone_what_is_not_its_business(
    name: str, rule: tuple[str, str], path: tuple[str, ...], value: str
) -> None:
    event = copy.deepcopy(load_event(name))
    inner = event["detail"]
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value

    assert not matches(rules()[rule]["Pattern"], event)


@pytest.mark.parametrize("rule", [*RULES, *SCHEDULES])
def test_every_rule_retries_and_then_dead_letters(rule: tuple[str, str]) -> None:
    properties = (rules() | rules("Schedule"))[rule]

    assert properties["DeadLetterConfig"]["Arn"] == "<EventDeadLetters.Arn>"
    assert properties["RetryPolicy"]["MaximumRetryAttempts"] > 0
    assert (properties.get("RuleName") or properties["Name"]).startswith("sluice-dev-")


def test_every_schedule_has_a_canonical_event_and_its_rules_name() -> None:
    found = rules("Schedule")

    assert set(found) == set(SCHEDULES)
    for schedule, name in SCHEDULES.items():
        event = load_event(name)
        assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
        assert event["resources"][0].endswith(f":rule/{found[schedule]['Name']}")


@pytest.mark.parametrize(("hours", "state"), [("0", "DISABLED"), ("12", "ENABLED")])
def test_endpoints_are_reaped_only_where_the_stage_asks_for_it(hours: str, state: str) -> None:
    schedule = resources_of("AWS::Serverless::Function")["ReapEndpoints"]["Properties"]["Events"]["EveryHour"]

    assert resolved(schedule["Properties"], ReapIdleHours=hours)["State"] == state


def test_every_function_that_a_rule_starts_has_a_dead_letter_queue() -> None:
    functions = resources_of("AWS::Serverless::Function")
    started = {owner for owner, _ in (*RULES, *SCHEDULES) if owner in functions}

    assert started == {name for name, body in functions.items() if "DeadLetterQueue" in body["Properties"]}
