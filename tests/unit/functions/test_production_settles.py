"""Whatever comes in between, production settles: nothing waits for ever, and no good version is lost."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sluice.aws.endpoints import EndpointBusyError
from sluice.errors import BadInputError
from sluice.events import AlarmStateChange, EndpointReady, TrafficRequested, TrialConcluded
from sluice.smoke_test import SmokeTest
from tests.events import load_event
from tests.unit.functions.production_under_test import NAME, Production

REAL_TIME = f"{NAME}--real-time"
BUSY = EndpointBusyError("SageMaker is busy: Cannot update in-progress endpoint")


def real_time(production: Production, **settings: Any) -> None:
    for version in (1, 2, 3):
        production.define(version, mode="real-time", **settings)


def look(production: Production) -> dict[str, Any]:
    """What CleanUp asks for, every 15 minutes, of a model on which something arrives or waits."""
    event = load_event("endpoint_ready")
    return production.activate_endpoint().handle(EndpointReady.model_validate(event))


def test_a_cause_outside_the_models_rejects_one_version_and_no_more(production: Production) -> None:
    for version in (1, 2, 3):
        production.bring_live(version)
    fourth = production.decide(4, "Approved")["config"]
    production.golden.outcome = SmokeTest(False, "scores differ")
    production.endpoints.settle(fourth)
    production.endpoint_event()
    back = production.deploy_model().handle(production.event(4, "Rejected"))
    production.endpoints.settle(back["config"])

    assert production.endpoint_event()["outcome"] == "deployed"

    assert production.live == 3
    assert [version for version, status in production.registry.statuses.items() if status == "Rejected"] == [4]
    assert production.stage.actions()[-1] == "HELP_NEEDED"


def test_a_version_that_fails_its_smoke_test_makes_way_for_the_one_that_waits(production: Production) -> None:
    production.bring_live(1)
    second = production.decide(2, "Approved")["config"]
    assert production.decide(3, "Approved")["outcome"] == "queued"
    production.golden.outcome = SmokeTest(False, "nonsense")
    production.endpoints.settle(second)

    production.endpoint_event()

    assert production.started_from_queue == ["churn"]
    assert production.registry.statuses[2] == "Rejected"
    assert production.deploy_model().handle(production.event(2, "Rejected"))["outcome"] == "ignored"


def test_what_waits_for_a_deletion_comes_once_the_endpoint_is_gone(production: Production) -> None:
    production.bring_live(1)
    production.endpoints.endpoints[NAME] = replace(production.endpoints.endpoints[NAME], status="Deleting")
    production.stage.production.put(production.stage.production.get("churn").without_live())
    asked = production.ask(TrafficRequested, "traffic_requested", weights={"1": 100}, steps=[])
    assert asked["outcome"] == "queued"
    del production.endpoints.endpoints[NAME]

    assert look(production)["outcome"] == "queue started"


def test_a_refused_deployment_takes_only_itself_away(production: Production) -> None:
    production.bring_live(1)
    second = production.decide(2, "Approved")["config"]
    production.endpoints.settle(second)  # ActivateEndpoint has not looked yet
    assert production.decide(3, "Approved")["outcome"] == "queued"
    production.endpoint_event()
    production.endpoints.model_refusal = BadInputError("SageMaker refused: ResourceLimitExceeded")

    assert production.deploy_model().rollouts.start_queued("churn")["outcome"] == "refused"

    record = production.stage.production.get("churn")
    assert (record.queued, record.arriving, production.live) == (None, None, 2)


def test_a_conclusion_that_comes_late_throws_no_newer_version_out(production: Production) -> None:
    real_time(production)
    production.define(2, mode="real-time", rollout={"strategy": "ab-test"})
    production.bring_live(1, REAL_TIME)
    trial = production.bring_live(2, REAL_TIME)
    third = production.decide(3, "Approved")

    for decision in ("promote", "roll-back"):
        answer = production.ask(TrialConcluded, "trial_concluded", config_name=trial, decision=decision)
        assert "takes the trial's place" in answer["reason"]

    production.endpoints.settle(third["config"], name=REAL_TIME)
    production.endpoint_event(REAL_TIME)
    record = production.stage.production.get("churn")
    assert (production.live, record.arriving, record.queued) == (3, None, None)


def test_an_asynchronous_endpoint_that_sleeps_gets_an_instance_with_its_new_version(production: Production) -> None:
    name = f"{NAME}--async"
    for version in (1, 2):
        production.define(version, mode="asynchronous")
    production.bring_live(1, name)

    production.decide(2, "Approved")

    ((_, keeps_instances),) = production.endpoints.updates
    assert not keeps_instances


def test_autoscaling_that_comes_first_is_waited_for_and_is_no_rollback(production: Production) -> None:
    real_time(production, autoscaling={})
    first = production.bring_live(1, REAL_TIME)
    production.endpoints.refusal = BUSY

    assert production.decide(2, "Approved")["outcome"] == "queued"

    production.endpoints.refusal = None
    production.endpoints.settle(first, name=REAL_TIME)
    assert production.endpoint_event(REAL_TIME)["outcome"] == "queue started"
    assert production.registry.statuses[2] == "Approved"
    config = production.deploy_model().rollouts.start_queued("churn")["config"]
    production.endpoints.settle(config, name=REAL_TIME)
    assert production.endpoint_event(REAL_TIME)["outcome"] == "deployed"


def test_an_endpoint_that_something_else_changes_is_not_taken_for_a_deployment_under_way(
    production: Production,
) -> None:
    real_time(production)
    first = production.bring_live(1, REAL_TIME)
    production.registry.statuses[2] = "Approved"
    event = production.event(2, "Approved")
    production.endpoints.refusal = ConnectionError("the function died here")
    with pytest.raises(ConnectionError):
        production.deploy_model().handle(event)
    production.endpoints.refusal = None
    scaling = replace(production.endpoints.endpoints[REAL_TIME], status="Updating", pending_config=None)
    production.endpoints.endpoints[REAL_TIME] = scaling

    assert production.deploy_model().handle(event)["outcome"] == "queued"

    production.endpoints.settle(first, name=REAL_TIME)
    assert production.endpoint_event(REAL_TIME)["outcome"] == "queue started"
    assert production.registry.statuses[2] == "Approved"


def test_an_update_that_nobody_wrote_down_is_judged_when_it_is_overdue(production: Production) -> None:
    first = production.bring_live(1)
    production.registry.statuses[2] = "Approved"
    production.endpoints.refusal = ConnectionError("the function died here")
    with pytest.raises(ConnectionError):
        production.deploy_model().handle(production.event(2, "Approved"))
    production.endpoints.settle(first)

    assert look(production)["outcome"] == "ignored"
    production.stage.clock.forward(minutes=31)
    assert look(production)["outcome"] == "failed"

    assert production.stage.production.get("churn").arriving is None


def test_a_version_that_is_not_judged_yet_is_not_replaced(production: Production) -> None:
    """SageMaker could roll the newer one back onto it."""
    production.bring_live(1)
    second = production.decide(2, "Approved")["config"]
    production.endpoints.settle(second)

    assert production.decide(3, "Approved")["outcome"] == "queued"
    assert production.roll_back()["outcome"] == "ignored"  # version 3 waited, and does not come
    assert production.stage.production.get("churn").queued is None
    assert "-v1-" in production.roll_back()["config"]  # but a way back waits for no judgement


def test_a_way_back_that_sagemaker_rolls_back_says_what_serves_and_leaves_a_way_out(production: Production) -> None:
    production.bring_live(1)
    second = production.decide(2, "Approved")["config"]
    production.golden.outcome = SmokeTest(False, "nonsense")
    production.endpoints.settle(second)
    production.endpoint_event()
    production.deploy_model().handle(production.event(2, "Rejected"))
    production.endpoints.settle(second, reason="no capacity")

    production.endpoint_event()

    (help_needed,) = [each.why for each in production.stage.log.entries("churn") if each.action == "HELP_NEEDED"]
    assert second in help_needed
    assert "--set v1=100" in help_needed
    answer = production.ask(TrafficRequested, "traffic_requested", weights={"1": 100}, steps=[])
    assert answer["outcome"] == "deploying"


@pytest.mark.parametrize(("variant", "outcome"), [("v2", "deploying"), ("v1", "help needed")])
def test_alarms_of_a_trial_without_steps_are_heeded(production: Production, variant: str, outcome: str) -> None:
    real_time(production)
    production.bring_live(1, REAL_TIME)
    production.registry.statuses[2] = "Approved"
    asked = production.ask(TrafficRequested, "traffic_requested", weights={"1": 10, "2": 90}, steps=[])
    production.endpoints.settle(asked["config"], name=REAL_TIME)
    production.endpoint_event(REAL_TIME)
    assert {request["AlarmName"].split("/")[1] for request in production.alarms.requests[-6:]} == {"v1", "v2"}

    name = f"{REAL_TIME}/{variant}/server-errors"
    at = production.stage.clock() + timedelta(minutes=5)
    state = {"value": "ALARM", "reason": "errors", "timestamp": at.isoformat()}
    answer = production.ask(AlarmStateChange, "alarm_state_change", at=at, alarmName=name, state=state)

    assert answer["outcome"] == outcome
    assert production.registry.statuses[1] == "Approved"


def test_a_live_version_that_was_rejected_meanwhile_leaves_when_its_successor_fails(production: Production) -> None:
    production.bring_live(1)
    second = production.bring_live(2)
    production.decide(3, "Approved")
    assert "leaves anyway" in production.decide(2, "Rejected")["reason"]
    production.endpoints.settle(second)

    production.endpoint_event()

    (kind, detail) = production.bus.events[-1]
    assert (kind, detail["version"]) == ("Rollback Requested", 2)
    assert "-v1-" in production.roll_back(**detail)["config"]


def test_a_rollback_to_what_is_not_approved_leaves_what_arrives_alone(production: Production) -> None:
    production.bring_live(1)
    second = production.decide(2, "Approved")["config"]

    assert production.roll_back(to_version=99)["outcome"] == "help needed"

    production.endpoints.settle(second)
    production.endpoint_event()
    assert production.live == 2
    assert production.aliases.aliases["churn"].version == 2


def test_rejecting_what_waits_lets_what_arrives_come(production: Production) -> None:
    first = production.decide(1, "Approved")["config"]
    production.decide(2, "Approved")

    assert "while it waited" in production.decide(2, "Rejected")["reason"]

    production.endpoints.settle(first)
    production.endpoint_event()
    assert (production.live, production.started_from_queue) == (1, [])


def test_a_rollback_during_a_canary_makes_sagemaker_go_back_by_an_alarm(production: Production) -> None:
    real_time(production, rollout={"strategy": "canary"})
    first = production.bring_live(1, REAL_TIME)
    production.decide(2, "Approved")

    assert production.roll_back()["outcome"] == "queued"

    assert production.alarms.rung == {f"{REAL_TIME}/AllTraffic/recall": True}
    assert "told to go back" in production.stage.log.entries("churn")[-1].why
    production.endpoints.settle(first, reason="an alarm fired", name=REAL_TIME)
    production.endpoint_event(REAL_TIME)
    assert production.deploy_model().rollouts.start_queued("churn")["config"] == first
    assert production.alarms.rung == {f"{REAL_TIME}/AllTraffic/recall": False}
    assert look(production)["outcome"] == "deployed"
    assert (production.live, production.registry.statuses[2]) == (1, "Rejected")


def test_a_rollback_while_a_trial_comes_waits_for_it_because_no_alarm_ends_that(production: Production) -> None:
    real_time(production, rollout={"strategy": "ab-test", "steps": [{"share_percent": 10, "hold_minutes": 60}]})
    production.bring_live(1, REAL_TIME)
    production.decide(2, "Approved")

    assert production.roll_back()["outcome"] == "queued"

    assert not any(production.alarms.rung.values())
    assert "told to go back" not in production.stage.log.entries("churn")[-1].why


def test_a_rollback_during_a_serverless_update_rings_nothing(production: Production) -> None:
    production.bring_live(1)
    production.decide(2, "Approved")

    assert production.roll_back()["outcome"] == "queued"
    assert production.alarms.rung == {}


def test_an_endpoint_that_somebody_deleted_comes_back_with_the_next_yes(production: Production) -> None:
    production.bring_live(1)
    assert production.decide(1, "Approved")["outcome"] == "ignored"
    del production.endpoints.endpoints[NAME]

    answer = production.decide(1, "Approved")

    assert production.endpoints.changes[-1] == f"create {answer['config']}"
    production.endpoints.settle(answer["config"])
    assert production.endpoint_event()["outcome"] == "deployed"


def test_a_rollback_knows_every_version_that_served(production: Production) -> None:
    for version in (1, 2, 3):
        production.bring_live(version)
    for leaving, comes in ((3, 2), (2, 1)):
        back = production.roll_back(version=leaving)
        production.endpoints.settle(back["config"])
        production.endpoint_event()
        assert production.live == comes


def test_a_version_whose_definition_is_not_valid_any_more_is_refused_with_the_field(production: Production) -> None:
    production.bring_live(1)
    document = json.loads(production.stage.objects.read("definitions/2.json"))
    document["deployment"]["memory_mb"] = 1000
    production.stage.put("definitions/2.json", json.dumps(document))

    answer = production.decide(2, "Approved")

    assert answer["outcome"] == "refused"
    assert "memory_mb" in answer["reason"]
    assert production.live == 1
