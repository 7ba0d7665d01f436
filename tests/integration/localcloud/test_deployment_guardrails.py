"""UpdateEndpoint's ways of shifting traffic, and weights and capacities, between real serving processes."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.localcloud.conftest import Running
from tests.integration.localcloud.hosting import INSTANCE, MAY_READ, QUICKLY, Hosting, alive
from tests.waiting import eventually

# As many threads ask: so many answers of before a change may still come after it.
UNDER_WAY = 2

Made = Callable[..., str]


@pytest.fixture(scope="module")
def hosting(cloud: Running) -> Hosting:
    return Hosting(cloud)


@pytest.fixture
def name() -> str:
    return f"guarded-{uuid.uuid4().hex[:6]}"


@pytest.fixture
def endpoint(hosting: Hosting, name: str) -> Iterator[Made]:
    """An endpoint on a config of its own name, and that name with -2: the config of another model."""

    def make(instances: int = 1) -> str:
        sizing = INSTANCE | {"InitialInstanceCount": instances}
        hosting.create(hosting.plain(name, **sizing))
        hosting.plain(f"{name}-2", **sizing)
        return name

    yield make
    hosting.delete(name)


@pytest.fixture
def alarm(cloud: Running, hosting: Hosting, name: str) -> str:
    """It has no data and ignores that, so that its state is the test's; the endpoints' role may look at it."""
    cloudwatch = cloud.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Tests",
        MetricName=name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    arn = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"]
    cloud.allow(hosting.role, MAY_READ, {"Action": "cloudwatch:DescribeAlarms", "Resource": arn})
    set_state(cloud, name, "OK")
    return name


def set_state(cloud: Running, alarm: str, state: str) -> None:
    cloud.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="a test")


def canary(wait: int, percent: int = 25, **more: Any) -> dict[str, Any]:
    size = {"Type": "CAPACITY_PERCENT", "Value": percent}
    routing = {"Type": "CANARY", "WaitIntervalInSeconds": wait, "CanarySize": size}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}, **more}


def watched_by(alarm: str) -> dict[str, Any]:
    return {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]}}


def baking(hosting: Hosting, endpoint: str) -> None:
    """Return when the new fleet has its canary's share."""

    def look() -> bool:
        pending = hosting.sagemaker.describe_endpoint(EndpointName=endpoint).get("PendingDeploymentSummary", {})
        return any(
            status["Status"] == "Baking"
            for variant in pending.get("ProductionVariants", [])
            for status in variant.get("VariantStatus", [])
        )

    eventually(look, f"{endpoint} bakes")


def test_a_canary_takes_its_share_and_then_everything_and_no_request_is_lost(hosting, endpoint):
    name = endpoint()
    with hosting.asking(name, UNDER_WAY) as answers:
        described = hosting.update(name, f"{name}-2", DeploymentConfig=canary(wait=100))
        end = len(answers)
        eventually(lambda: len(answers) > end + 20)
    assert described["EndpointConfigName"] == f"{name}-2"
    assert described["LastDeploymentConfig"] == canary(wait=100)
    assert "FailureReason" not in described
    names = [answer["name"] for answer in answers]
    assert names[0] == name
    assert names[end:].count(name) <= UNDER_WAY


def test_an_alarm_brings_everything_back_and_no_request_is_lost(hosting, endpoint, alarm, cloud):
    name = endpoint()
    with hosting.asking(name, UNDER_WAY) as answers:
        config = canary(wait=3600, **watched_by(alarm))
        hosting.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-2", DeploymentConfig=config)
        baking(hosting, name)
        begin = len(answers)
        eventually(lambda: len(answers) >= begin + 400)
        set_state(cloud, alarm, "ALARM")
        described = hosting.settled(name)
        end = len(answers)
        eventually(lambda: len(answers) > end + 20)
    assert described["EndpointConfigName"] == name
    assert f"alarm(s) {alarm} of AutoRollbackConfiguration" in described["FailureReason"]
    names = [answer["name"] for answer in answers]
    assert names[begin : begin + 400].count(f"{name}-2") / 400 == pytest.approx(0.25, abs=0.1)
    assert names[end:].count(f"{name}-2") <= UNDER_WAY
    new = next(answer["pid"] for answer in answers if answer["name"] == f"{name}-2")
    assert not alive(new)


def test_a_rolling_deployment_never_runs_both_fleets_in_full(hosting, endpoint):
    name = endpoint(instances=2)
    policy = {"MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1}, "WaitIntervalInSeconds": 10}
    with hosting.asking(name, UNDER_WAY) as answers:
        described = hosting.update(name, f"{name}-2", DeploymentConfig={"RollingUpdatePolicy": policy})
        end = len(answers)
        eventually(lambda: len(answers) > end + 20)
    assert described["EndpointConfigName"] == f"{name}-2"
    (variant,) = described["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (2, 2)
    pids = {answer["pid"]: answer["name"] for answer in answers}
    assert Counter(pids.values()) == {name: 2, f"{name}-2": 2}
    eventually(lambda: sorted(pids[pid] for pid in pids if alive(pid)) == [f"{name}-2"] * 2)


def test_alarms_take_the_execution_roles_and_the_callers_right(hosting, endpoint, alarm, cloud):
    name = endpoint()
    update = {
        "EndpointName": name,
        "EndpointConfigName": f"{name}-2",
        "DeploymentConfig": watched_by(alarm),
    }
    deploying = {"Action": ["sagemaker:UpdateEndpoint"], "Resource": "*"}
    looking = {
        "Action": "cloudwatch:DescribeAlarms",
        "Resource": f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{alarm}",
    }
    deployer = cloud.role({"AWS": "arn:aws:iam::000000000000:root"}, deploying)
    with pytest.raises(ClientError, match=f"cloudwatch:DescribeAlarms on resource: .*:alarm:{alarm}"):
        cloud.as_role(deployer, "sagemaker").update_endpoint(**update)
    cloud.allow(deployer, deploying, looking)
    cloud.allow(hosting.role, MAY_READ)
    with pytest.raises(ClientError, match=f"The execution role {hosting.role} is not authorized to perform"):
        cloud.as_role(deployer, "sagemaker").update_endpoint(**update)
    cloud.allow(hosting.role, MAY_READ, looking)
    cloud.as_role(deployer, "sagemaker").update_endpoint(**update)
    assert hosting.settled(name)["EndpointConfigName"] == f"{name}-2"


def test_instances_come_and_go_and_no_request_is_lost(hosting, endpoint):
    name = endpoint()
    with hosting.asking(name, UNDER_WAY) as answers:
        for count in (3, 1):
            hosting.sagemaker.update_endpoint_weights_and_capacities(
                EndpointName=name,
                DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": count}],
            )
            (variant,) = hosting.settled(name)["ProductionVariants"]
            assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (count, count)
            eventually(lambda count=count: len({answer["pid"] for answer in answers[-12:]}) == count)
    assert sum(alive(pid) for pid in {answer["pid"] for answer in answers}) == 1


def test_traffic_follows_the_weights(hosting, name):
    hosting.plain(name)
    hosting.plain(f"{name}-2")
    variants = [{"VariantName": each, "ModelName": each, **INSTANCE} for each in (name, f"{name}-2")]
    config = f"{name}-both"
    hosting.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=variants)
    hosting.create(config)
    hosting.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=config,
        DesiredWeightsAndCapacities=[{"VariantName": name, "DesiredWeight": 0}],
    )
    hosting.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=config, WaiterConfig=QUICKLY)
    assert {hosting.ask(config)["name"] for _ in range(40)} == {f"{name}-2"}
    assert hosting.ask(config, TargetVariant=name)["name"] == name
    hosting.delete(config)


def test_an_update_hangs_until_its_tag_is_removed(hosting, endpoint, name):
    endpoint()
    arn = hosting.sagemaker.describe_endpoint(EndpointName=name)["EndpointArn"]
    tag = {"Key": "localcloud:next-update", "Value": "hang"}
    hosting.sagemaker.add_tags(ResourceArn=arn, Tags=[tag])
    hosting.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-2")
    assert hosting.ask(name)["name"] == name
    hosting.sagemaker.delete_tags(ResourceArn=arn, TagKeys=[tag["Key"]])
    assert hosting.settled(name)["EndpointConfigName"] == f"{name}-2"
