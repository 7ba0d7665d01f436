from datetime import UTC, datetime

from cli.arrival import arrival_of
from sluice.audit import Action, AuditEntry
from sluice.aws.production import Deployment, ProductionRecord
from sluice.rollout import PackageRef

V1, V2 = PackageRef("arn:g/1", 1), PackageRef("arn:g/2", 2)
AT = datetime(2026, 11, 20, tzinfo=UTC)


def deployment(package: PackageRef) -> Deployment:
    return Deployment(package, f"config-{package.version}", "cause", "approved", "alice", AT, "endpoint", "real-time")


def entry(action: Action, package: PackageRef, why: str = "") -> AuditEntry:
    return AuditEntry("churn", action, AT, "sluice", why, {"package": package.arn})


def test_a_version_that_serves_has_arrived() -> None:
    arrival = arrival_of(V1.arn, ProductionRecord("churn", live=deployment(V1)), [])

    assert arrival is not None
    assert arrival.arrived


def test_a_version_that_the_functions_have_not_heard_of_yet_is_on_its_way() -> None:
    assert arrival_of(V2.arn, ProductionRecord("churn", live=deployment(V1)), [entry("DEPLOYED", V1)]) is None


def test_a_live_version_that_is_being_replaced_has_not_arrived() -> None:
    record = ProductionRecord("churn", live=deployment(V1), arriving=deployment(V2))

    assert arrival_of(V1.arn, record, []) is None


def test_a_version_whose_rollout_begins_with_a_trial_has_arrived_with_it() -> None:
    coming = ProductionRecord("churn", live=deployment(V1), arriving=deployment(V2))
    tried = ProductionRecord("churn", live=deployment(V1), trial=deployment(V2))

    assert arrival_of(V2.arn, coming, []) is None
    arrival = arrival_of(V2.arn, tried, [])
    assert arrival is not None
    assert (arrival.arrived, arrival.why) == (True, "version 2 is on trial beside the live one")


def test_a_failed_deployment_says_why() -> None:
    history = [entry("MODEL_APPROVED", V2), entry("DEPLOYMENT_FAILED", V2, "rolled back")]

    arrival = arrival_of(V2.arn, ProductionRecord("churn", live=deployment(V1)), history)

    assert arrival is not None
    assert (arrival.arrived, arrival.why) == (False, "rolled back")


def test_a_second_approval_is_a_new_attempt() -> None:
    history = [entry("MODEL_APPROVED", V2), entry("DEPLOYMENT_FAILED", V2, "rolled back"), entry("MODEL_APPROVED", V2)]

    assert arrival_of(V2.arn, ProductionRecord("churn", live=deployment(V1)), history) is None
