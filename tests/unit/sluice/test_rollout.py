import pytest

from sluice.rollout import (
    AskForHelp,
    Deploy,
    Ignore,
    PackageRef,
    Production,
    Settled,
    on_approval_change,
    on_endpoint_change,
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
        (Production(live=V3, previous=V1), [V2], V2),
        (Production(live=V3), [V1, V2], V2),
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
