"""ActivateEndpoint sees to it that what serves is watched as its definition asks."""

from typing import Any

import pytest

from sluice.aws.golden_requests import SMOKE_TEST_ID
from sluice.errors import TransientError
from sluice.naming import endpoint_name
from tests.fakes.aws_clients import client_error
from tests.unit.functions.production_under_test import NAME, Production

SCHEDULE = "sluice-dev-churn-monitor"
MONITORS = {"sluice-dev-churn-data-quality", "sluice-dev-churn-model-quality"}
REAL_TIME = endpoint_name("dev", "churn", "real-time")
WITH_MODEL_MONITOR = {"enabled": True, "engine": "model-monitor"}


def actions(production: Production) -> list[str]:
    return [action for action in production.stage.actions() if action.startswith("MONITORING")]


def serve(production: Production, version: int, **monitoring: Any) -> None:
    production.registry.with_baseline = True
    production.define(version, {"enabled": True, **monitoring}, mode="real-time")
    production.bring_live(version, REAL_TIME)


def test_one_schedule_follows_whatever_version_serves(production: Production) -> None:
    production.define(1, {"enabled": True}, mode="serverless")
    production.define(2, {"enabled": True, "every_hours": 6}, mode="serverless")

    production.bring_live(1)
    first = dict(production.scheduler.schedules)
    production.bring_live(2)

    assert list(first) == list(production.scheduler.schedules) == [SCHEDULE]
    assert first[SCHEDULE]["ScheduleExpression"] == "cron(5 * * * ? *)"
    assert production.scheduler.schedules[SCHEDULE]["ScheduleExpression"] == "cron(5 0/6 * * ? *)"
    assert production.scheduler.schedules[SCHEDULE]["GroupName"] == "sluice-dev"
    watched = production.watched.get("churn")
    assert watched is not None
    assert (watched.version, watched.engine, watched.endpoint_name) == (2, "scheduled-job", NAME)
    assert actions(production) == ["MONITORING_STARTED", "MONITORING_STARTED"]


def test_a_version_that_is_not_to_be_watched_ends_it(production: Production) -> None:
    production.define(1, {"enabled": True}, mode="serverless")
    production.bring_live(1)

    production.bring_live(2)

    assert not production.scheduler.schedules
    assert actions(production) == ["MONITORING_STARTED", "MONITORING_STOPPED"]


def test_a_scheduler_that_fails_keeps_no_deployment_from_counting_and_is_asked_again(production: Production) -> None:
    production.define(1, {"enabled": True}, mode="serverless")
    production.scheduler.refusal = client_error("InternalServerException", "try again", "CreateSchedule")
    config = production.decide(1, "Approved")["config"]
    production.endpoints.settle(config)

    with pytest.raises(Exception, match="try again"):
        production.endpoint_event()

    assert production.live == 1
    production.scheduler.refusal = None
    assert production.endpoint_event()["outcome"] == "watched"
    assert list(production.scheduler.schedules) == [SCHEDULE]
    assert production.endpoint_event()["outcome"] == "ignored"
    assert actions(production) == ["MONITORING_STARTED"]


def test_model_monitor_gets_a_definition_a_version_and_the_schedules_move_on(production: Production) -> None:
    serve(production, 1, engine="model-monitor")
    assert set(production.monitors.schedules) == MONITORS
    serve(production, 2, engine="model-monitor")

    assert not production.scheduler.schedules
    assert {production.monitors.definition_of(name) for name in MONITORS} == set(production.monitors.definitions)
    assert set(production.monitors.definitions) == {f"{name}-v2" for name in MONITORS}
    assert {production.monitors.endpoint_of(name) for name in MONITORS} == {REAL_TIME}


def test_model_quality_is_measured_at_the_versions_own_threshold(production: Production) -> None:
    serve(production, 1, engine="model-monitor")

    asked = production.monitors.definitions["sluice-dev-churn-model-quality-v1"]["ModelQualityJobInput"]
    assert asked["EndpointInput"]["ProbabilityThresholdAttribute"] == 0.37


def test_a_version_whose_threshold_nobody_kept_falls_back(production: Production) -> None:
    production.registry.threshold = None

    serve(production, 1, engine="model-monitor")

    watched = production.watched.get("churn")
    assert watched is not None
    assert watched.engine == "scheduled-job"
    assert watched.reason == "version 1 was registered before its threshold was kept with it"
    assert not production.monitors.schedules


def test_another_engine_takes_the_place_and_none_is_doubled(production: Production) -> None:
    serve(production, 1, engine="model-monitor")
    serve(production, 2)

    assert list(production.scheduler.schedules) == [SCHEDULE]
    assert not production.monitors.schedules
    assert not production.monitors.definitions
    production.roll_back()
    production.endpoints.settle(production.endpoints.changes[-1].removeprefix("update "), name=REAL_TIME)
    assert production.endpoint_event(REAL_TIME)["outcome"] == "deployed"
    assert set(production.monitors.schedules) == MONITORS
    assert not production.scheduler.schedules


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        ("create_data_quality_job_definition", "AccessDeniedException", "is not available to new customers"),
        ("create_model_quality_job_definition", "ValidationException", "not open to this account"),
        ("create_monitoring_schedule", "ResourceLimitExceeded", "the limit is 0"),
        (
            "create_monitoring_schedule",
            "AccessDeniedException",
            "is not authorized to perform: x with an explicit deny in a service control policy",
        ),
    ],
)
def test_what_refuses_model_monitor_is_told_once_and_a_scheduled_job_takes_its_place(
    production: Production, operation: str, code: str, message: str
) -> None:
    production.monitors.refusals = {operation: client_error(code, message, "Create")}

    serve(production, 1, engine="model-monitor")
    production.endpoint_event(REAL_TIME)

    assert list(production.scheduler.schedules) == [SCHEDULE]
    assert not production.monitors.schedules
    assert not production.monitors.definitions
    watched = production.watched.get("churn")
    assert watched is not None
    assert (watched.wanted, watched.engine) == ("model-monitor", "scheduled-job")
    assert message in watched.reason
    assert actions(production) == ["MONITORING_FELL_BACK", "MONITORING_STARTED"]
    assert "[sluice] churn: monitoring fell back" in production.stage.notices()


def test_a_serverless_endpoint_falls_back_without_asking(production: Production) -> None:
    production.define(1, WITH_MODEL_MONITOR, mode="serverless")
    production.monitors.refusals = {"create_data_quality_job_definition": AssertionError("it was asked")}  # type: ignore[dict-item]

    production.bring_live(1)

    watched = production.watched.get("churn")
    assert watched is not None
    assert "serverless" in watched.reason
    assert list(production.scheduler.schedules) == [SCHEDULE]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "User: x is not authorized to perform: sagemaker:CreateMonitoringSchedule"),
        ("ThrottlingException", "Rate exceeded"),
    ],
)
def test_our_own_mistakes_and_what_passes_are_no_refusal(production: Production, code: str, message: str) -> None:
    production.monitors.refusals = {"create_monitoring_schedule": client_error(code, message, "Create")}

    with pytest.raises(Exception, match=message.split(":")[0]):
        serve(production, 1, engine="model-monitor")

    assert production.live == 1
    production.monitors.refusals = {}
    assert production.endpoint_event(REAL_TIME)["outcome"] == "watched"
    assert set(production.monitors.schedules) == MONITORS
    assert actions(production) == ["MONITORING_STARTED"]


def test_a_schedule_that_is_still_being_made_is_waited_for(production: Production) -> None:
    serve(production, 1, engine="model-monitor")
    production.monitors.pending = set(MONITORS)

    with pytest.raises(TransientError):
        serve(production, 2, engine="model-monitor")

    production.monitors.pending = set()
    assert production.endpoint_event(REAL_TIME)["outcome"] == "watched"
    assert set(production.monitors.definitions) == {f"{name}-v2" for name in MONITORS}


def test_a_refusal_of_one_of_the_two_settles(production: Production) -> None:
    """The other's schedule takes a moment after each change, and cannot be removed meanwhile."""
    monitors = production.monitors
    monitors.refusals = {
        "create_model_quality_job_definition": client_error("ValidationException", "not open to this account", "Create")
    }
    monitors.takes_time = True
    with pytest.raises(TransientError):
        serve(production, 1, engine="model-monitor")
    monitors.pending.clear()

    assert production.endpoint_event(REAL_TIME)["outcome"] == "watched"

    assert not monitors.schedules
    assert list(production.scheduler.schedules) == [SCHEDULE]


def test_golden_requests_are_told_apart_from_callers() -> None:
    assert SMOKE_TEST_ID == "sluice-smoke-test"
