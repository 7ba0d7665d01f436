"""DeployModel and ActivateEndpoint against a SageMaker that a test steers."""

import pytest

from sluice.aws.endpoints import Endpoint
from sluice.events import (
    QueuedDeployment,
)
from tests.events import load_event
from tests.unit.functions.production_under_test import NAME, CrashError, Production


def test_an_approval_creates_the_endpoint_and_counts_once_it_serves(production: Production) -> None:
    answer = production.decide(1, "Approved")
    assert production.endpoints.changes == [f"{what} {answer['config']}" for what in ("model", "config", "create")]
    assert production.endpoint_event()["outcome"] == "ignored"

    production.endpoints.settle(answer["config"])

    assert production.endpoint_event()["outcome"] == "deployed"
    assert production.stage.actions() == ["MODEL_APPROVED", "DEPLOYMENT_STARTED", "DEPLOYED"]
    assert [entry.who for entry in production.stage.log.entries("churn")] == ["arn:alice", "arn:alice", "sluice"]


def test_what_the_gate_or_the_policy_decided_is_sluices_own_act(production: Production) -> None:
    production.registry.changed_by = (
        "arn:aws:sts::1:assumed-role/sluice-dev-RegisterModelRole-X/sluice-dev-register-model"
    )

    production.decide(1, "Rejected")

    assert [(entry.action, entry.who) for entry in production.stage.log.entries("churn")] == [
        ("MODEL_REJECTED", "sluice")
    ]


def test_the_same_approval_three_times_changes_nothing_more(production: Production) -> None:
    production.registry.statuses[1] = "Approved"
    event = production.event(1, "Approved")

    answers = [production.deploy_model().handle(event) for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert len(production.endpoints.changes) == 3


def test_a_metadata_update_of_an_approved_version_is_ignored(production: Production) -> None:
    production.registry.statuses[1] = "Approved"

    answer = production.deploy_model().handle(production.event(1, "Approved", ("CustomerMetadataProperties",)))

    assert answer == {"outcome": "ignored", "reason": "only CustomerMetadataProperties changed"}
    assert production.endpoints.changes == []


def test_an_event_that_was_overtaken_is_ignored(production: Production) -> None:
    production.registry.statuses[1] = "Rejected"

    assert production.deploy_model().handle(production.event(1, "Approved"))["outcome"] == "ignored"
    assert production.endpoints.changes == []


def test_the_endpoint_event_of_an_older_deployment_does_not_judge_the_new_one(production: Production) -> None:
    first = production.bring_live(1)
    production.endpoints.crash_at = 5  # the config is made, the update is not
    production.registry.statuses[2] = "Approved"
    event = production.event(2, "Approved")
    with pytest.raises(CrashError):
        production.deploy_model().handle(event)
    before = production.stage.log.entries("churn")[0].at
    production.endpoints.endpoints[NAME] = Endpoint(NAME, "InService", first, None, before)

    assert production.endpoint_event()["outcome"] == "ignored"


@pytest.mark.parametrize("crash_at", [1, 2, 3])
@pytest.mark.parametrize("live_first", [False, True])
def test_a_redelivery_after_a_crash_ends_in_the_same_state(
    production: Production, crash_at: int, live_first: bool
) -> None:
    if live_first:
        production.bring_live(1)
    production.endpoints.crash_at = len(production.endpoints.changes) + crash_at
    production.registry.statuses[2] = "Approved"
    event = production.event(2, "Approved")
    with pytest.raises(CrashError):
        production.deploy_model().handle(event)

    answer = production.deploy_model().handle(event)

    production.endpoints.settle(answer["config"])
    production.endpoint_event()
    live = production.stage.production.get("churn").live
    assert live is not None
    assert live.package.version == 2
    assert sorted(change.split()[0] for change in production.endpoints.changes if answer["config"] in change) == sorted(
        ["model", "config", "update" if live_first else "create"]
    )
    assert production.stage.actions().count("DEPLOYED") == (2 if live_first else 1)


def test_rejecting_the_live_version_goes_back_and_rejecting_it_again_does_nothing(production: Production) -> None:
    production.bring_live(1)
    production.bring_live(2)

    answer = production.decide(2, "Rejected")
    assert answer["outcome"] == "deploying"
    assert "-v1-" in answer["config"]
    production.endpoints.settle(answer["config"])
    production.endpoint_event()

    assert production.decide(2, "Rejected")["outcome"] == "ignored"
    live = production.stage.production.get("churn").live
    assert live is not None
    assert live.package.version == 1


def test_rejecting_the_only_version_asks_for_help(production: Production) -> None:
    production.bring_live(1)

    assert production.decide(1, "Rejected")["outcome"] == "help needed"
    assert production.stage.actions()[-1] == "HELP_NEEDED"


def test_a_silent_rollback_is_reported_as_a_failure_and_the_old_version_stays_live(production: Production) -> None:
    first = production.bring_live(1)
    production.decide(2, "Approved")

    production.endpoints.settle(first, reason="alarm went off")

    assert production.endpoint_event()["outcome"] == "failed"
    assert production.stage.actions()[-1] == "DEPLOYMENT_FAILED"
    live = production.stage.production.get("churn").live
    assert live is not None
    assert live.package.version == 1
    assert production.endpoint_event()["outcome"] == "ignored"


def test_an_approval_while_another_deployment_is_under_way_waits_its_turn(production: Production) -> None:
    first = production.decide(1, "Approved")["config"]
    assert production.decide(2, "Approved")["outcome"] == "queued"

    production.endpoints.settle(first)
    production.endpoint_event()

    assert production.started_from_queue == ["churn"]
    queued = QueuedDeployment.model_validate(load_event("queued_deployment"))
    second = production.deploy_model().handle(queued)
    production.endpoints.settle(second["config"])
    assert production.endpoint_event()["outcome"] == "deployed"
    assert production.deploy_model().handle(queued)["outcome"] == "ignored"


def test_an_endpoint_that_never_came_up_is_made_anew(production: Production) -> None:
    failed = production.decide(1, "Approved")["config"]
    production.endpoints.settle(failed, status="Failed", reason="no capacity")
    assert production.endpoint_event()["outcome"] == "failed"

    answer = production.decide(2, "Approved")

    assert production.endpoints.changes[-2:] == [f"delete {NAME}", f"create {answer['config']}"]


def test_two_writers_of_the_production_record_do_not_overwrite_each_other(production: Production) -> None:
    record = production.stage.production.get("churn")
    assert production.stage.production.put(record)
    assert not production.stage.production.put(record)
