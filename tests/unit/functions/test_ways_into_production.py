"""Modes, trials, smoke tests and ways back, against a SageMaker that a test steers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from sluice.errors import BadInputError
from sluice.events import AlarmStateChange, TrafficRequested, TrialConcluded
from sluice.smoke_test import SmokeTest
from tests.unit.functions.production_under_test import NAME, CrashError, Production, arn

REAL_TIME = f"{NAME}--real-time"
ALARM = f"{REAL_TIME}/AllTraffic/server-errors"


def two_real_time_versions(production: Production, **settings: Any) -> None:
    for version in (1, 2, 3):
        production.define(version, mode="real-time", **settings)


def test_a_version_that_fails_its_smoke_test_is_rejected_and_the_last_one_comes_back_with_its_config(
    production: Production,
) -> None:
    first = production.bring_live(1)
    second = production.decide(2, "Approved")["config"]
    production.golden.outcome = SmokeTest(False, "it answered golden record 1 with 0.9 where 0.1 was evaluated")
    production.endpoints.settle(second)

    assert production.endpoint_event()["outcome"] == "failed"

    assert production.registry.statuses[2] == "Rejected"
    assert production.live == 1
    assert "0.9 where 0.1" in production.stage.log.entries("churn")[-1].why
    back = production.deploy_model().handle(production.event(2, "Rejected"))
    assert back["config"] == first
    production.golden.outcome = SmokeTest(True, "as evaluated")
    production.endpoints.settle(first)
    assert production.endpoint_event()["outcome"] == "deployed"
    assert production.aliases.aliases["churn"].version == 1


def test_a_first_version_that_fails_its_smoke_test_asks_for_help_and_never_counts(production: Production) -> None:
    config = production.decide(1, "Approved")["config"]
    production.golden.outcome = SmokeTest(False, "nonsense")
    production.endpoints.settle(config)
    production.endpoint_event()

    assert production.deploy_model().handle(production.event(1, "Rejected"))["outcome"] == "help needed"

    assert production.live is None
    assert "churn" not in production.aliases.aliases
    assert production.stage.production.get("churn").arriving is None


def test_a_real_time_version_gets_alarms_scaling_and_an_alias(production: Production) -> None:
    production.define(1, mode="real-time", autoscaling={})

    production.bring_live(1, REAL_TIME)

    assert production.scaling.scaled == [f"{REAL_TIME}/AllTraffic"]
    assert [request["AlarmName"] for request in production.alarms.requests] == [
        f"{REAL_TIME}/AllTraffic/{kind}" for kind in ("server-errors", "model-errors", "latency")
    ]
    alias = production.aliases.aliases["churn"]
    assert (alias.endpoint_name, alias.version, dict(alias.variants)) == (REAL_TIME, 1, {"AllTraffic": 1})
    assert alias.api_captures_percent == 0


def test_a_canary_heeds_the_alarms_and_keeps_what_autoscaling_made(production: Production) -> None:
    two_real_time_versions(production, autoscaling={}, rollout={"strategy": "canary", "share_percent": 20})
    production.bring_live(1, REAL_TIME)

    production.decide(2, "Approved")

    ((config, keeps),) = production.endpoints.updates
    routing = config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert (routing["Type"], routing["CanarySize"]["Value"]) == ("CANARY", 20)
    assert {alarm["AlarmName"] for alarm in config["AutoRollbackConfiguration"]["Alarms"]} >= {ALARM}
    assert keeps


def test_another_mode_is_another_endpoint_and_the_alias_moves_once_it_answers(production: Production) -> None:
    production.bring_live(1)
    production.define(2, mode="real-time")
    config = production.decide(2, "Approved")["config"]
    assert production.aliases.aliases["churn"].endpoint_name == NAME

    production.endpoints.settle(config, name=REAL_TIME)
    production.endpoint_event(REAL_TIME)

    assert production.aliases.aliases["churn"].endpoint_name == REAL_TIME
    record = production.stage.production.get("churn")
    assert [each.endpoint_name for each in record.retiring] == [NAME]
    assert not [change for change in production.endpoints.changes if change.startswith("delete")]

    back = production.roll_back()
    assert "-v1-" in back["config"]
    assert production.ready_event()["outcome"] == "deployed"
    assert production.aliases.aliases["churn"].endpoint_name == NAME
    assert [each.endpoint_name for each in production.stage.production.get("churn").retiring] == [REAL_TIME]


def test_a_rollback_rejects_what_leaves_and_a_second_one_goes_further_or_asks(production: Production) -> None:
    configs = {version: production.bring_live(version) for version in (1, 2)}

    answer = production.roll_back(reason="refunds", requested_by="arn:bob")

    assert answer["config"] == configs[1]
    assert production.registry.statuses[2] == "Rejected"
    (entry,) = [each for each in production.stage.log.entries("churn") if each.action == "ROLLBACK_REQUESTED"]
    assert (entry.who, "refunds" in entry.why) == ("arn:bob", True)
    production.endpoints.settle(configs[1])
    production.endpoint_event()
    assert production.live == 1
    assert production.roll_back(version=2)["outcome"] == "ignored"  # it has left already
    assert production.roll_back()["outcome"] == "help needed"
    assert production.live == 1
    assert production.registry.statuses[1] == "Approved"


def test_a_rollback_to_a_version_goes_there_and_being_there_is_no_rollback(production: Production) -> None:
    for version in (1, 2, 3):
        production.bring_live(version)

    assert production.roll_back(to_version=3)["outcome"] == "ignored"
    assert production.roll_back(to_version=4)["outcome"] == "help needed"
    assert "-v1-" in production.roll_back(to_version=1)["config"]


def alarm(production: Production, name: str = ALARM, at: datetime | None = None) -> dict[str, Any]:
    at = at or production.stage.clock()
    state = {"value": "ALARM", "reason": "Threshold Crossed", "timestamp": at.isoformat()}
    # EventBridge tells the second.
    at = at.replace(microsecond=0)
    return production.ask(AlarmStateChange, "alarm_state_change", at=at, alarmName=name, state=state)


def test_an_alarm_of_the_live_version_takes_the_same_way_back_and_a_second_one_asks(production: Production) -> None:
    two_real_time_versions(production)
    configs = {version: production.bring_live(version, REAL_TIME) for version in (1, 2)}

    assert alarm(production)["config"] == configs[1]

    assert production.registry.statuses[2] == "Rejected"
    assert production.endpoints.updates[-1][0]["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] == 0
    assert "AutoRollbackConfiguration" not in production.endpoints.updates[-1][0]
    assert alarm(production)["reason"] == "already under way"
    production.endpoints.settle(configs[1], name=REAL_TIME)
    production.endpoint_event(REAL_TIME)
    assert alarm(production)["outcome"] == "help needed"
    assert production.registry.statuses[1] == "Approved"


@pytest.mark.parametrize(
    "name",
    [
        f"{REAL_TIME}/v2/server-errors",
        f"{REAL_TIME}/AllTraffic/backlog-without-capacity",
        f"{NAME}/AllTraffic/latency",
        "sluice-dev-event-dead-letters",
    ],
)
def test_an_alarm_of_something_else_changes_nothing(production: Production, name: str) -> None:
    two_real_time_versions(production)
    production.bring_live(1, REAL_TIME)

    assert alarm(production, name)["outcome"] == "ignored"


@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
@pytest.mark.parametrize("calls", range(1, 9))
def test_several_alarms_of_one_version_are_one_way_back(production: Production, calls: int, late: bool) -> None:
    """Also where the handling of the first one dies after any call to DynamoDB, and the second one is all there is."""
    two_real_time_versions(production)
    configs = {version: production.bring_live(version, REAL_TIME) for version in (1, 2)}

    def settle() -> None:
        if production.endpoints.endpoints[REAL_TIME].is_busy:
            production.endpoints.settle(configs[1], name=REAL_TIME)
            production.endpoint_event(REAL_TIME)

    fired = production.stage.clock()
    with production.stage.dying_after(calls):
        alarm(production, at=fired)
    if late:
        settle()
    alarm(production, f"{REAL_TIME}/AllTraffic/model-errors", at=fired)
    settle()

    assert (production.live, production.registry.statuses[2]) == (1, "Rejected")
    assert production.stage.actions().count("ROLLBACK_REQUESTED") == 1
    assert "HELP_NEEDED" not in production.stage.actions()


def test_an_alarm_that_was_about_a_deployment_that_failed_takes_nothing_back(production: Production) -> None:
    """SageMaker has rolled the canary back already; the alarm's event may come after that."""
    two_real_time_versions(production)
    first = production.bring_live(1, REAL_TIME)
    production.decide(2, "Approved")
    production.endpoints.settle(first, reason="alarm", name=REAL_TIME)
    production.endpoint_event(REAL_TIME)

    assert (
        "before the last deployment had settled"
        in alarm(production, at=production.stage.clock() - timedelta(minutes=1))["reason"]
    )
    assert production.registry.statuses[1] == "Approved"


def test_what_sagemaker_refuses_is_told_and_nothing_stays_under_way(production: Production) -> None:
    production.bring_live(1)
    production.endpoints.refusal = BadInputError("SageMaker refused: the account-level service limit is 0 instances")

    assert production.decide(2, "Approved")["outcome"] == "refused"

    record = production.stage.production.get("churn")
    assert (record.arriving, production.live, production.registry.statuses[2]) == (None, 1, "Rejected")
    assert "service limit" in production.stage.log.entries("churn")[-1].why


def test_an_alarm_that_is_to_tell_only_takes_nothing_back(production: Production) -> None:
    two_real_time_versions(production, alarms={"roll_back": False})
    for version in (1, 2):
        production.bring_live(version, REAL_TIME)

    assert "roll_back is false" in alarm(production)["reason"]


AB_TEST = {
    "strategy": "ab-test",
    "steps": [{"share_percent": 10, "hold_minutes": 5}, {"share_percent": 50, "hold_minutes": 5}],
}


def on_trial(production: Production, rollout: dict[str, Any]) -> str:
    """Version 1 live, version 2 on trial beside it; answers the trial's config."""
    two_real_time_versions(production, rollout=rollout)
    production.bring_live(1, REAL_TIME)
    config: str = production.decide(2, "Approved")["config"]
    production.endpoints.settle(config, name=REAL_TIME)
    assert production.endpoint_event(REAL_TIME)["outcome"] == "deployed"
    return config


def test_an_ab_test_serves_both_versions_and_its_steps_are_walked_once(production: Production) -> None:
    config = on_trial(production, AB_TEST)

    variants = production.endpoints.configs[config]["ProductionVariants"]
    assert [(each["VariantName"], each["InitialVariantWeight"]) for each in variants] == [("v1", 90), ("v2", 10)]
    assert production.golden.asked[-1]["TargetVariant"] == "v2"
    started = production.states.started[config]
    assert started["steps"] == [
        {"share_percent": 10, "hold_seconds": 300},
        {"share_percent": 50, "hold_seconds": 300},
    ]
    assert started["alarms"][0] == f"{REAL_TIME}/v2/server-errors"
    assert production.live == 1
    assert dict(production.aliases.aliases["churn"].variants) == {"v1": 1, "v2": 2}
    assert production.stage.actions()[-1] == "TRIAL_STARTED"


def test_a_shadow_gets_copies_and_answers_nobody(production: Production) -> None:
    config = on_trial(production, {"strategy": "shadow", "share_percent": 50})

    request = production.endpoints.configs[config]
    assert [each["VariantName"] for each in request["ProductionVariants"]] == ["v1"]
    (shadow,) = request["ShadowProductionVariants"]
    assert (shadow["VariantName"], shadow["InitialVariantWeight"]) == ("v2", 0.5)
    assert dict(production.aliases.aliases["churn"].variants) == {"v1": 1}


@pytest.mark.parametrize(
    ("decision", "config_of", "live"), [("promote", 2, 2), ("roll-back", 1, 1)], ids=["promoted", "rolled back"]
)
def test_a_trial_that_ended_leaves_one_version(
    production: Production, decision: str, config_of: int, live: int
) -> None:
    config = on_trial(production, AB_TEST)

    answer = production.ask(
        TrialConcluded, "trial_concluded", config_name=config, decision=decision, reason="by the figures"
    )

    assert f"-v{config_of}-" in answer["config"]
    # From two variants to another one SageMaker heeds no alarms: it refuses to.
    policy = production.endpoints.updates[-1][0]
    assert policy == {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
            "TerminationWaitInSeconds": 0,
        }
    }
    production.endpoints.settle(answer["config"], name=REAL_TIME)
    production.endpoint_event(REAL_TIME)
    record = production.stage.production.get("churn")
    assert (production.live, record.trial) == (live, None)
    assert production.registry.statuses[2] == ("Approved" if decision == "promote" else "Rejected")
    assert dict(production.aliases.aliases["churn"].variants) == {"AllTraffic": live}


def test_a_decision_to_keep_and_one_on_an_older_trial_change_nothing(production: Production) -> None:
    config = on_trial(production, AB_TEST)
    changes = list(production.endpoints.changes)

    production.ask(TrialConcluded, "trial_concluded", config_name=config, decision="keep", reason="too few requests")
    stale = production.ask(TrialConcluded, "trial_concluded", config_name="sluice-dev-churn-v9-000000")

    assert production.endpoints.changes == changes
    assert "not under way any more" in stale["reason"]


def test_rejecting_the_challenger_ends_its_trial(production: Production) -> None:
    on_trial(production, AB_TEST)

    assert "-v1-" in production.decide(2, "Rejected")["config"]


def test_a_person_splits_the_traffic_and_gives_all_of_it(production: Production) -> None:
    two_real_time_versions(production)
    production.bring_live(1, REAL_TIME)
    production.registry.statuses[2] = "Approved"

    split = production.ask(TrafficRequested, "traffic_requested", weights={"2": 30, "1": 70}, steps=[])

    production.endpoints.settle(split["config"], name=REAL_TIME)
    production.endpoint_event(REAL_TIME)
    assert production.states.started == {}  # no steps: it stays so until somebody changes it
    variants = production.endpoints.configs[split["config"]]["ProductionVariants"]
    assert [each["InitialVariantWeight"] for each in variants] == [70, 30]
    everything = production.ask(TrafficRequested, "traffic_requested", weights={"2": 100}, steps=[])
    production.endpoints.settle(everything["config"], name=REAL_TIME)
    production.endpoint_event(REAL_TIME)
    assert production.live == 2
    assert production.scaling.stopped == [f"{REAL_TIME}/AllTraffic", f"{REAL_TIME}/v1", f"{REAL_TIME}/v2"]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"2": 30, "1": 60}, "add up to 100"),
        ({"3": 10, "1": 90}, "version 3 of churn is not approved"),
        ({"2": 100.5, "1": -0.5}, "above 0"),
    ],
)
def test_shares_that_cannot_be_are_refused_with_what_to_do(
    production: Production, weights: dict[str, float], said: str
) -> None:
    two_real_time_versions(production)
    production.bring_live(1, REAL_TIME)
    production.registry.statuses |= {2: "Approved", 3: "Rejected"}

    answer = production.ask(TrafficRequested, "traffic_requested", weights=weights, steps=[])

    assert answer["outcome"] == "refused"
    assert said in answer["reason"]
    assert production.stage.actions()[-1] == "DEPLOYMENT_FAILED"


def test_traffic_of_a_serverless_endpoint_cannot_be_split(production: Production) -> None:
    production.bring_live(1)
    production.registry.statuses[2] = "Approved"

    answer = production.ask(TrafficRequested, "traffic_requested", weights={"2": 10, "1": 90}, steps=[])

    assert "on a real-time endpoint" in answer["reason"]


def test_models_of_one_group_share_an_endpoint_and_a_new_version_is_an_artifact_more(production: Production) -> None:
    shared = "sluice-dev--multi-small"
    for version in (1, 2):
        production.define(version, mode="multi-model", group="small")
        production.stage.put(f"models/{version}.tar.gz", b"artifact")
    first = production.decide(1, "Approved")["config"]
    production.endpoints.settle(first, name=shared)

    assert production.endpoint_event(shared)["models"][0]["outcome"] == "deployed"
    second = production.decide(2, "Approved")["config"]

    assert second == first
    assert production.ready_event()["outcome"] == "deployed"
    alias = production.aliases.aliases["churn"]
    assert (alias.endpoint_name, alias.target_model) == (shared, "churn-v2.tar.gz")
    assert production.golden.asked[-1]["TargetModel"] == "churn-v2.tar.gz"
    assert production.endpoints.models[first]["Mode"] == "MultiModel"
    assert production.stage.production.get("churn").retiring == ()
    assert production.endpoint_event(shared)["models"] == []


def test_a_version_that_no_run_registered_is_refused_with_the_reason(production: Production) -> None:
    production.registry.without_definition = True

    answer = production.decide(1, "Approved")

    assert answer["outcome"] == "refused"
    assert "only versions that a run registered" in answer["reason"]
    last = production.stage.log.entries("churn")[-1]
    # Whoever waits for it (sluice wait) hears of it by the version.
    assert (last.action, last.details["package"]) == ("DEPLOYMENT_FAILED", arn(1))


def test_a_failed_deployment_rejects_its_version_so_that_nothing_goes_back_to_it(production: Production) -> None:
    first = production.bring_live(1)
    production.decide(2, "Approved")
    production.endpoints.settle(first, reason="alarm went off")

    production.endpoint_event()

    assert production.registry.statuses[2] == "Rejected"
    assert production.decide(2, "Rejected")["outcome"] == "ignored"


@pytest.mark.parametrize("crash_at", range(1, 5))
def test_a_rollback_that_died_after_any_call_ends_in_the_same_state(production: Production, crash_at: int) -> None:
    """Of the calls that the fakes see; the real ones are walked in tests/e2e."""
    two_real_time_versions(production)
    configs = {version: production.bring_live(version, REAL_TIME) for version in (1, 2)}
    production.endpoints.crash_at = len(production.endpoints.changes) + crash_at
    events = production.events
    try:
        production.roll_back(version=2)
    except CrashError:
        production.events = events  # the same event once more
        production.roll_back(version=2)

    assert production.stage.production.get("churn").arriving is not None
    production.endpoints.settle(configs[1], name=REAL_TIME)
    production.endpoint_event(REAL_TIME)
    assert (production.live, production.registry.statuses[2]) == (1, "Rejected")
    assert production.stage.production.get("churn").live is not None
    assert arn(1).endswith("/1")
