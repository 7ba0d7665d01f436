"""Every way of a rollout on a real-time endpoint, while requests come in without a pause."""

import json
from typing import Any

import pytest

from tests.e2e.load import Load, asked_now, under_load
from tests.e2e.trained_model import Inbox, TrainedModel
from tests.e2e.versions import Artifact, hand_made, register
from tests.waiting import eventually

pytestmark = pytest.mark.slow

NEXT_UPDATE = "localcloud:next-update"
ALL_AT_ONCE = {"strategy": "all-at-once", "bake_minutes": 1}
CANARY = {"strategy": "canary", "share_percent": 50, "wait_minutes": 1, "bake_minutes": 0}
LINEAR = {"strategy": "linear", "step_percent": 50, "wait_minutes": 1, "bake_minutes": 0}
ROLLING = {"strategy": "rolling", "batch_percent": 50, "wait_minutes": 1}
EASY = {"minimum_invocations": 20, "maximum_latency_increase": 100_000.0}
AB_TEST = {"strategy": "ab-test", "steps": [{"share_percent": 40, "hold_minutes": 5}], **EASY}
SHADOW = {"strategy": "shadow", "hold_minutes": 5, "minimum_agreement_percent": 0, **EASY}
WATCHED_FOR_LONG = {**CANARY, "wait_minutes": 15}


def real_time(rollout: dict[str, Any], instances: int = 1) -> dict[str, Any]:
    return {
        "mode": "real-time",
        "initial_instances": instances,
        "rollout": rollout,
        # How quick a crowded machine answers is no matter of these tests.
        "alarms": {"p99_latency_ms": None},
    }


def tag(model: TrainedModel, value: str) -> None:
    endpoint = model.endpoint_now()
    assert endpoint is not None
    model.client("sagemaker").add_tags(ResourceArn=endpoint["EndpointArn"], Tags=[{"Key": NEXT_UPDATE, "Value": value}])


@pytest.mark.parametrize(
    ("rollout", "instances"),
    [(ALL_AT_ONCE, 1), (CANARY, 1), (LINEAR, 1), (ROLLING, 2)],
    ids=["all-at-once", "canary", "linear", "rolling"],
)
def test_a_rollout_loses_no_request_and_only_its_two_versions_answer(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact], rollout: dict[str, Any], instances: int
) -> None:
    old, new = artifacts
    model.deploy(register(model, old, real_time(rollout, instances)))
    version = register(model, new, real_time(rollout, instances))
    assert asked_now(model, old) == {old.score}

    with under_load(model, old.probe) as load:
        model.deploy(version)

    assert load.lost == []
    assert {(answer.score, answer.version) for answer in load.all} == {(old.score, 1), (new.score, 2)}
    assert {answers[0].score for answers in load.answers} == {old.score}
    if rollout is ALL_AT_ONCE:
        assert load.turned_back(old) == 0
    else:
        assert load.turned_back(old) > 0
    assert asked_now(model, new) == {new.score}
    assert (model.alias() or {})["version"] == 2


def test_a_canary_that_answers_5xx_goes_back_by_itself(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact], inbox: Inbox
) -> None:
    old, _ = artifacts
    endpoint = model.deploy(register(model, old, real_time(ALL_AT_ONCE)))
    broken = hand_made(model, 0.5, first='raise RuntimeError("the model is broken")')
    version = register(model, broken, real_time(WATCHED_FOR_LONG))

    with under_load(model, old.probe) as load:
        model.decide(version, "Approved")
        (failed,) = model.await_actions("DEPLOYMENT_FAILED")

    assert f"{model.endpoint}/AllTraffic/" in failed["why"], failed["why"]
    assert load.scores - {None} == {old.score}
    assert load.lost
    assert {("ModelError" in error or "500" in error) for error in load.lost} == {True}, load.lost[0]
    eventually(lambda: model.approval_of(version) == "Rejected", "the version is rejected")
    now = model.endpoint_now()
    assert now is not None
    assert (now["EndpointStatus"], now["EndpointConfigName"]) == ("InService", endpoint["EndpointConfigName"])
    assert asked_now(model, old) == {old.score}
    assert (model.alias() or {})["version"] == 1
    assert model.actions().count("DEPLOYED") == 1
    assert any("deployment failed" in notice["Subject"] for notice in inbox.about(model.name))


@pytest.mark.parametrize("way", ["rollback", "fail"])
def test_a_rollback_of_sagemakers_own_is_a_failed_deployment_and_loses_no_request(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact], inbox: Inbox, way: str
) -> None:
    old, new = artifacts
    endpoint = model.deploy(register(model, old, real_time(ALL_AT_ONCE)))
    version = register(model, new, real_time(ALL_AT_ONCE))
    tag(model, way)

    with under_load(model, old.probe) as load:
        model.decide(version, "Approved")
        (failed,) = model.await_actions("DEPLOYMENT_FAILED")
        eventually(lambda: model.approval_of(version) == "Rejected", "the version is rejected")
        eventually(load.goes_on, "requests")

    assert f"back on {endpoint['EndpointConfigName']}" in failed["why"]
    assert (load.lost, load.scores) == ([], {old.score})
    assert (model.alias() or {})["version"] == 1
    assert model.actions().count("DEPLOYED") == 1
    assert any("deployment failed" in notice["Subject"] for notice in inbox.about(model.name))


def test_a_version_approved_while_an_update_hangs_follows_it(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact]
) -> None:
    old, new = artifacts
    first = model.deploy(register(model, old, real_time(ALL_AT_ONCE)))
    second, third = (register(model, each, real_time(ALL_AT_ONCE)) for each in (new, old))
    tag(model, "hang")

    with under_load(model, old.probe) as load:
        model.decide(second, "Approved")
        eventually(lambda: (model.endpoint_now() or {})["EndpointStatus"] == "Updating", "the update begins")
        model.decide(third, "Approved")
        model.await_actions("DEPLOYMENT_QUEUED")
        eventually(load.goes_on, "requests")
        assert load.scores == {old.score}
        model.client("sagemaker").delete_tags(ResourceArn=first["EndpointArn"], TagKeys=[NEXT_UPDATE])
        model.await_deployed(3)

    assert (load.lost, load.scores) == ([], {old.score, new.score})
    assert (model.alias() or {})["version"] == 3


def test_traffic_is_shared_by_the_weights_that_were_asked_for(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact]
) -> None:
    old, new = artifacts
    for each in (old, new):
        model.deploy(register(model, each, real_time({**ALL_AT_ONCE, "bake_minutes": 0})))

    with under_load(model, old.probe) as during:
        model.ask_for("Traffic Requested", weights={"1": 30, "2": 70})
        model.await_actions("TRIAL_STARTED")
        eventually(during.goes_on, "requests")
    load = Load(model, model.endpoint, old.probe)
    load.ask(5000)

    assert (during.lost, load.lost) == ([], [])
    assert during.scores == {old.score, new.score}
    assert {(answer.variant, answer.score) for answer in load.all} == {("v1", old.score), ("v2", new.score)}
    assert load.by_score()[old.score] / 5000 == pytest.approx(0.30, abs=0.03)

    with under_load(model, old.probe) as back_to_one:
        model.ask_for("Traffic Requested", weights={"1": 100})
        model.await_deployed(3)

    assert (back_to_one.lost, back_to_one.scores) == ([], {old.score, new.score})
    assert asked_now(model, old) == {old.score}
    assert (model.alias() or {})["variants"] == {"AllTraffic": 1}


@pytest.mark.parametrize("rollout", [AB_TEST, SHADOW], ids=["ab-test", "shadow"])
def test_a_trial_that_is_won_ends_with_all_traffic_and_no_request_lost(
    model: TrainedModel, artifacts: tuple[Artifact, Artifact], rollout: dict[str, Any]
) -> None:
    old, new = artifacts
    model.deploy(register(model, old, real_time(ALL_AT_ONCE)))
    version = register(model, new, real_time(rollout))

    with under_load(model, old.probe) as load:
        model.decide(version, "Approved")
        model.await_deployed(2, seconds=120)

    assert load.lost == []
    beside = {(answer.variant, answer.score) for answer in load.all if answer.variant != "AllTraffic"}
    assert beside == {("v1", old.score), *([("v2", new.score)] if rollout is AB_TEST else [])}
    (ended,) = model.await_actions("TRIAL_CONCLUDED")
    assert json.loads(ended["details"])["decision"] == "promote", ended["why"]
    assert asked_now(model, new) == {new.score}
    assert (model.alias() or {})["variants"] == {"AllTraffic": 2}
