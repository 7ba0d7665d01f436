"""A version leaves production: a person asks for it, its alarm fires, or it is rejected on its way."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.load import Load, asked_now, under_load
from tests.e2e.trained_model import Inbox, TrainedModel
from tests.e2e.versions import Artifact, hand_made, register
from tests.waiting import eventually

pytestmark = pytest.mark.slow

AT_ONCE = {"strategy": "all-at-once", "bake_minutes": 0}
BREAKS = 'if "poison" in str(body): raise RuntimeError("what is this")'
# How quick a crowded machine answers is no matter of these tests.
REAL_TIME = {"mode": "real-time", "rollout": AT_ONCE, "alarms": {"p99_latency_ms": None}}


@pytest.mark.parametrize("deployment", [{"mode": "serverless"}, REAL_TIME], ids=["serverless", "real-time"])
def test_a_rollback_goes_to_the_config_that_served_before_and_loses_no_request(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact], deployment: dict[str, Any]
) -> None:
    old, new = artifacts
    config = model.deploy(register(model, old, deployment))["EndpointConfigName"]
    version = register(model, new, deployment)
    model.deploy(version)

    with under_load(model, old.probe) as load:
        model.ask_for("Rollback Requested", reason="refunds doubled since Monday")
        model.await_deployed(3)

    assert (load.lost, load.scores) == ([], {old.score, new.score})
    assert asked_now(model, old) == {old.score}
    assert (model.endpoint_now() or {})["EndpointConfigName"] == config
    eventually(lambda: model.approval_of(version) == "Rejected", "the version that left is rejected")
    (asked,) = model.await_actions("ROLLBACK_REQUESTED")
    assert (asked["who"], "refunds doubled since Monday" in asked["why"]) == ("the test", True)


def test_a_rollback_of_the_only_version_asks_a_person_and_keeps_serving(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact], inbox: Inbox
) -> None:
    only, _ = artifacts
    model.deploy(register(model, only, REAL_TIME))

    model.ask_for("Rollback Requested")

    model.await_actions("HELP_NEEDED")
    assert any("help needed" in notice["Subject"] for notice in inbox.about(model.name))
    assert asked_now(model, only) == {only.score}


def test_a_live_version_whose_alarm_fires_leaves_by_itself(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact]
) -> None:
    old, _ = artifacts
    model.deploy(register(model, old, REAL_TIME))
    poisoned = {**old.probe, text_of(old.probe): "poison"}
    load = Load(model, model.endpoint, poisoned)
    load.ask(3)
    (score_of_old,) = load.scores
    version = register(model, hand_made(model, 0.5, first=BREAKS), REAL_TIME)
    model.deploy(version)

    with under_load(model, poisoned) as load:
        model.await_deployed(3)
        eventually(lambda: score_of_old in load.scores, "answers of the last good version")

    assert load.scores == {None, score_of_old}
    (asked,) = model.await_actions("ROLLBACK_REQUESTED")
    assert f"alarm {model.endpoint}/AllTraffic/" in asked["why"]
    eventually(lambda: model.approval_of(version) == "Rejected", "the version that left is rejected")
    assert asked_now(model, old) == {old.score}
    assert (model.alias() or {})["version"] == 1
    assert "HELP_NEEDED" not in model.actions()


def text_of(record: Mapping[str, Any]) -> str:
    """A feature of words: a level that training never saw is scored, too."""
    return next(name for name, value in record.items() if isinstance(value, str) and value.isalpha())


def test_a_version_rejected_on_its_way_ends_behind_the_one_before(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact]
) -> None:
    old, new = artifacts
    # An hour, 72 seconds here: SageMaker is not waited for, but told to go back.
    canary = {"strategy": "canary", "share_percent": 50, "wait_minutes": 60, "bake_minutes": 0}
    config = model.deploy(register(model, old, REAL_TIME))["EndpointConfigName"]
    version = register(model, new, {**REAL_TIME, "rollout": canary})

    with under_load(model, old.probe) as load:
        model.decide(version, "Approved")
        eventually(lambda: new.score in load.scores, "the canary answers")
        model.decide(version, "Rejected", "on second thoughts")
        model.await_actions("DEPLOYMENT_QUEUED")
        eventually(lambda: settled_on(model, config), "the way back")

    assert load.lost == []
    assert load.scores == {old.score, new.score}
    assert asked_now(model, old) == {old.score}
    assert (model.alias() or {})["version"] == 1
    assert all("version 1 " in entry["why"] for entry in model.await_actions("DEPLOYED"))


def settled_on(model: TrainedModel, config: str) -> bool:
    endpoint = model.endpoint_now()
    assert endpoint is not None
    on_it = (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", config)
    return on_it and model.is_settled()


def test_a_first_version_that_breaks_under_its_requests_is_told_of_once_a_person_must_act(
    model: TrainedModel, inbox: Inbox
) -> None:
    """Nothing is there to go back to: it serves on."""
    broken = hand_made(model, 0.5, first=BREAKS)
    model.deploy(register(model, broken, REAL_TIME))

    load = Load(model, model.endpoint, {"plan": "poison"})
    load.ask(60)

    (asked,) = model.await_actions("HELP_NEEDED")
    assert "no version that served before is approved" in asked["why"]
    assert any("help needed" in notice["Subject"] for notice in inbox.about(model.name))
