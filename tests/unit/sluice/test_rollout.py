import pytest

from sluice.rollout import (
    AskForHelp,
    Deploy,
    Ignore,
    PackageRef,
    Production,
    Settled,
    on_alarm,
    on_approval_change,
    on_endpoint_change,
    on_rollback_request,
    on_trial_end,
)

V1, V2, V3 = (PackageRef(f"arn:aws:sagemaker:us-east-1:0:model-package/g/{n}", n) for n in (1, 2, 3))


def test_an_approved_version_is_deployed() -> None:
    action = on_approval_change(V1, "Approved", Production(), [V1])

    assert isinstance(action, Deploy)
    assert action.package == V1


@pytest.mark.parametrize("production", [Production(live=V1), Production(arriving=V1), Production(live=V2, arriving=V1)])
def test_an_approved_version_that_serves_or_arrives_changes_nothing(production: Production) -> None:
    assert isinstance(on_approval_change(V1, "Approved", production, [V1]), Ignore)


def test_an_older_version_that_is_approved_again_is_deployed() -> None:
    action = on_approval_change(V1, "Approved", Production(live=V2, previous=V1), [V1, V2])

    assert isinstance(action, Deploy)


def test_rejecting_what_does_not_serve_changes_nothing() -> None:
    assert isinstance(on_approval_change(V3, "Rejected", Production(live=V2), [V2]), Ignore)


@pytest.mark.parametrize(
    ("production", "approved", "expected"),
    [
        (Production(live=V3, previous=V1), [V1, V2], V1),
        (Production(live=V3, previous=V1, served=(V3, V1, V2)), [V2], V2),
        (Production(live=V3, served=(V3, V1, V2)), [V1, V2], V1),
        (Production(live=V2, arriving=V3), [V1, V2], V2),
    ],
)
def test_rejecting_the_live_version_goes_back_to_the_last_good_one(
    production: Production, approved: list[PackageRef], expected: PackageRef
) -> None:
    action = on_approval_change(V3, "Rejected", production, approved)

    assert isinstance(action, Deploy)
    assert action.package == expected


def test_rejecting_the_only_version_asks_a_person() -> None:
    assert isinstance(on_approval_change(V1, "Rejected", Production(live=V1), []), AskForHelp)


def test_in_service_on_the_wanted_config_is_deployed() -> None:
    verdict = on_endpoint_change("InService", "c-v2", "c-v2", None)

    assert isinstance(verdict, Settled)
    assert verdict.outcome == "deployed"


def test_in_service_on_another_config_is_a_failed_deployment() -> None:
    verdict = on_endpoint_change("InService", "c-v1", "c-v2", "alarm went off")

    assert isinstance(verdict, Settled)
    assert verdict.outcome == "failed"
    assert verdict.reason == "the endpoint is back on c-v1 instead of c-v2: alarm went off"


@pytest.mark.parametrize("status", ["Creating", "Updating", "RollingBack", "SystemUpdating", "Deleting"])
def test_an_endpoint_on_its_way_is_not_judged(status: str) -> None:
    assert isinstance(on_endpoint_change(status, "c-v1", "c-v2", None), Ignore)


def test_a_failed_endpoint_is_a_failed_deployment_with_its_reason() -> None:
    verdict = on_endpoint_change("Failed", "c-v2", "c-v2", "no space left")

    assert isinstance(verdict, Settled)
    assert "no space left" in verdict.reason


def test_rejecting_a_challenger_brings_the_champion_back_and_rejecting_the_champion_promotes_nobody() -> None:
    tried = Production(live=V1, trial=V2)

    back = on_approval_change(V2, "Rejected", tried, [V1])
    asked = on_approval_change(V1, "Rejected", tried, [V2])

    assert isinstance(back, Deploy)
    assert (back.package, back.way_back) == (V1, True)
    assert isinstance(asked, AskForHelp)


@pytest.mark.parametrize(
    ("version", "wanted", "production", "leaves", "goes_to"),
    [
        (None, None, Production(live=V2, previous=V1), V2, V1),
        (None, 3, Production(live=V2, previous=V1), V2, V3),
        (2, None, Production(live=V1, trial=V2), V2, V1),
        (3, None, Production(live=V1, arriving=V3), V3, V1),
        (1, None, Production(live=V2, previous=V1), None, None),
        (None, 2, Production(live=V2, previous=V1), None, None),
        (None, None, Production(), None, None),
    ],
)
def test_a_rollback_leaves_what_serves_for_what_is_good(
    version: int | None,
    wanted: int | None,
    production: Production,
    leaves: PackageRef | None,
    goes_to: PackageRef | None,
) -> None:
    leaving, action = on_rollback_request(version, wanted, "was rolled back", production, [V1, V2, V3])

    assert leaving == leaves
    assert (action.package if isinstance(action, Deploy) else None) == goes_to
    assert isinstance(action, Deploy | Ignore)


def test_a_rollback_with_nothing_good_left_asks_a_person() -> None:
    leaving, action = on_rollback_request(None, None, "was rolled back", Production(live=V2), [V2])

    assert leaving == V2
    assert isinstance(action, AskForHelp)


def test_a_rollback_goes_to_no_version_that_never_served() -> None:
    tried = Production(live=V1, trial=V3, served=(V1, V2))

    _, action = on_rollback_request(1, None, "was rolled back", tried, [V1, V2, V3])
    _, nowhere = on_rollback_request(1, None, "was rolled back", tried, [V1, V3])

    assert isinstance(action, Deploy)
    assert action.package == V2
    assert isinstance(nowhere, AskForHelp)


def test_a_trial_ends_with_one_version_or_goes_on() -> None:
    tried = Production(live=V1, trial=V2)

    promoted, back = on_trial_end("promote", "better", tried), on_trial_end("roll-back", "worse", tried)

    assert isinstance(promoted, Deploy)
    assert isinstance(back, Deploy)
    assert (promoted.package, promoted.way_back) == (V2, False)
    assert (back.package, back.way_back) == (V1, True)
    assert isinstance(on_trial_end("keep", "too few", tried), Ignore)
    assert isinstance(on_trial_end("promote", "better", Production(live=V1)), Ignore)


def test_an_alarm_takes_a_version_back_once_and_only_where_it_may() -> None:
    live = Production(live=V2, previous=V1)

    assert on_alarm(V2, came_back=False, roll_back=True, production=live) is None
    assert isinstance(on_alarm(V2, came_back=True, roll_back=True, production=live), AskForHelp)
    for production, may in ((live, False), (Production(), True), (Production(live=V1, arriving=V2), True)):
        assert isinstance(on_alarm(V2, came_back=False, roll_back=may, production=production), Ignore)


def test_an_alarm_ends_a_trial_by_the_challenger_and_asks_about_the_champion() -> None:
    tried = Production(live=V1, trial=V2)

    assert on_alarm(V2, came_back=False, roll_back=False, production=tried) is None
    assert isinstance(on_alarm(V1, came_back=False, roll_back=True, production=tried), AskForHelp)
