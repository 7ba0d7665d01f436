"""Autoscaling that acts: alarms go off by what was measured, and processes come and go."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.localcloud.conftest import Running
from tests.integration.localcloud.test_endpoints import Hosting
from tests.waiting import eventually

DIMENSION = "sagemaker:variant:DesiredInstanceCount"


class Scaled:
    """An endpoint with one instance, and the metric that it is scaled by."""

    def __init__(self, cloud: Running) -> None:
        self.cloud = cloud
        self.hosting = Hosting(cloud)
        self.scaling = cloud.client("application-autoscaling")
        self.endpoint = self.hosting.create(self.hosting.plain(f"scaled-{uuid.uuid4().hex[:6]}"))
        self.target = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{self.endpoint}/variant/AllTraffic",
            "ScalableDimension": DIMENSION,
        }
        self.scaling.register_scalable_target(**self.target, MinCapacity=1, MaxCapacity=3)
        self.metric = {
            "Namespace": "Test",
            "MetricName": "Backlog",
            "Dimensions": [{"Name": "EndpointName", "Value": self.endpoint}],
        }

    def measure(self, value: float) -> None:
        datum = {name: self.metric[name] for name in ("MetricName", "Dimensions")} | {"Value": value}
        self.cloud.client("cloudwatch").put_metric_data(Namespace="Test", MetricData=[datum])

    def measured_until(self, value: float, count: int) -> None:
        """Goes on measuring `value` until there are `count` instances."""

        def look() -> bool:
            self.measure(value)
            return self.counts() == (count, count)

        eventually(look, f"{count} instances of {self.endpoint}", seconds=120)

    def counts(self) -> tuple[int, int]:
        described = self.hosting.sagemaker.describe_endpoint(EndpointName=self.endpoint)
        [variant] = described["ProductionVariants"]
        return variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]

    def pids(self) -> set[int]:
        return {self.hosting.ask(self.endpoint)["pid"] for _ in range(9)}

    def activities(self) -> list[dict[str, Any]]:
        found = self.scaling.describe_scaling_activities(
            ServiceNamespace="sagemaker", ResourceId=self.target["ResourceId"]
        )
        return list(found["ScalingActivities"])

    def alarms(self) -> list[str]:
        found = self.cloud.client("cloudwatch").describe_alarms(
            AlarmNamePrefix=f"TargetTracking-{self.target['ResourceId']}"
        )
        return [alarm["AlarmName"] for alarm in found["MetricAlarms"]]


@pytest.fixture
def scaled(cloud: Running) -> Iterator[Scaled]:
    made = Scaled(cloud)
    yield made
    names = [one["EndpointName"] for one in made.hosting.sagemaker.list_endpoints()["Endpoints"]]
    if made.endpoint in names:
        made.hosting.delete(made.endpoint)


@pytest.mark.slow
def test_target_tracking_brings_processes_and_takes_them_away(scaled: Scaled) -> None:
    scaled.scaling.put_scaling_policy(
        **scaled.target,
        PolicyName="backlog",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 10.0,
            "CustomizedMetricSpecification": {**scaled.metric, "Statistic": "Average"},
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 60,
        },
    )
    assert len(scaled.alarms()) == 2

    scaled.measured_until(30.0, 3)
    assert len(scaled.pids()) == 3
    assert "AlarmHigh" in scaled.activities()[0]["Cause"]

    scaled.measured_until(1.0, 1)
    assert len(scaled.pids()) == 1
    assert "AlarmLow" in scaled.activities()[0]["Cause"]
    eventually(lambda: scaled.activities()[0]["StatusCode"] == "Successful", "the scale-in is concluded")

    # Whatever scales an endpoint goes with it.
    scaled.hosting.delete(scaled.endpoint)
    eventually(lambda: not scaled.alarms(), "the alarms are gone")


def test_a_step_policy_acts_on_its_alarm(scaled: Scaled) -> None:
    policy = scaled.scaling.put_scaling_policy(
        **scaled.target,
        PolicyName="more",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        },
    )["PolicyARN"]
    scaled.cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=scaled.endpoint,
        **scaled.metric,
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="missing",
        AlarmActions=[policy],
    )

    scaled.measured_until(6.0, 2)

    [activity] = scaled.activities()
    assert activity["Cause"] == f"monitor alarm {scaled.endpoint} in state ALARM triggered policy more"
    [described] = scaled.scaling.describe_scaling_policies(
        ServiceNamespace="sagemaker", ResourceId=scaled.target["ResourceId"]
    )["ScalingPolicies"]
    assert [alarm["AlarmName"] for alarm in described["Alarms"]] == [scaled.endpoint]
