"""Autoscaling that acts: alarms go off by what was measured, and processes come and go."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.integration.localcloud.conftest import Running
from tests.integration.localcloud.hosting import BUCKET, INSTANCE, Hosting
from tests.waiting import eventually

DIMENSION = "sagemaker:variant:DesiredInstanceCount"


class Scaled:
    """An endpoint with one instance, and the metric that it is scaled by."""

    def __init__(self, cloud: Running, asynchronous: Mapping[str, Any] | None = None) -> None:
        self.cloud = cloud
        self.hosting = Hosting(cloud)
        self.scaling = cloud.client("application-autoscaling")
        name = self.hosting.plain(f"scaled-{uuid.uuid4().hex[:6]}")
        if asynchronous:
            variant = {"VariantName": "AllTraffic", "ModelName": name, **INSTANCE}
            self.hosting.sagemaker.delete_endpoint_config(EndpointConfigName=name)
            self.hosting.sagemaker.create_endpoint_config(
                EndpointConfigName=name, ProductionVariants=[variant], AsyncInferenceConfig=asynchronous
            )
        self.endpoint = self.hosting.create(name)
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

    def delete(self) -> None:
        """Unless the test has."""
        names = [one["EndpointName"] for one in self.hosting.sagemaker.list_endpoints()["Endpoints"]]
        if self.endpoint in names:
            self.hosting.settled(self.endpoint)
            self.hosting.delete(self.endpoint)

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
    made.delete()


@pytest.fixture
def idle_able(cloud: Running) -> Iterator[Scaled]:
    """An asynchronous endpoint, whose answers lie in the bucket of the hosting tests."""
    made = Scaled(cloud, {"OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/answers"}})
    cloud.allow(
        made.hosting.role, {"Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "logs:*"], "Resource": "*"}
    )
    yield made
    made.delete()


@pytest.mark.slow
def test_target_tracking_brings_processes_and_takes_them_away(scaled: Scaled) -> None:
    scaled.scaling.put_scaling_policy(
        **scaled.target,
        PolicyName="requests",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 10.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 60,
        },
    )
    assert len(scaled.alarms()) == 2

    def served_by_three() -> bool:
        scaled.pids()
        return scaled.counts() == (3, 3)

    eventually(served_by_three, "three instances", seconds=120)
    assert len(scaled.pids()) == 3
    assert "AlarmHigh" in scaled.activities()[0]["Cause"]

    # Without a request its metric is zero.
    eventually(lambda: scaled.counts() == (1, 1), "one instance is left", seconds=120)
    assert len(scaled.pids()) == 1
    assert "AlarmLow" in scaled.activities()[0]["Cause"]
    eventually(lambda: scaled.activities()[0]["StatusCode"] == "Successful", "the scale-in is concluded")

    # Whatever scales an endpoint goes with it.
    scaled.delete()
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


@pytest.mark.slow
def test_an_asynchronous_endpoint_goes_to_zero_and_comes_back_for_a_request(idle_able: Scaled) -> None:
    endpoint, scaling, target = idle_able.endpoint, idle_able.scaling, idle_able.target
    metric = {"Namespace": "AWS/SageMaker", "Dimensions": [{"Name": "EndpointName", "Value": endpoint}]}
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=2)
    scaling.put_scaling_policy(
        **target,
        PolicyName="backlog",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 5.0,
            "CustomizedMetricSpecification": {
                **metric,
                "MetricName": "ApproximateBacklogSizePerInstance",
                "Statistic": "Average",
            },
        },
    )
    policy = scaling.put_scaling_policy(
        **target,
        PolicyName="from-zero",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "MetricAggregationType": "Average",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        },
    )["PolicyARN"]
    idle_able.cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=endpoint,
        **metric,
        MetricName="HasBacklogWithoutCapacity",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=2,
        DatapointsToAlarm=1,
        Threshold=0.5,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="missing",
        AlarmActions=[policy],
    )
    eventually(lambda: idle_able.counts() == (0, 0), "no instance is left", seconds=120)

    s3 = idle_able.cloud.client("s3")
    s3.put_object(Bucket=BUCKET, Key=f"{endpoint}/request", Body=b"hello")
    asked = idle_able.hosting.runtime.invoke_endpoint_async(
        EndpointName=endpoint,
        InputLocation=f"s3://{BUCKET}/{endpoint}/request",
        ContentType="application/json",
        Accept="application/json",
    )

    key = asked["OutputLocation"].partition(f"{BUCKET}/")[2]
    eventually(lambda: "Contents" in s3.list_objects_v2(Bucket=BUCKET, Prefix=key), "the answer", seconds=120)
    # Newest first; it may have gone to zero again by now.
    assert [one["Cause"].rsplit(" ", 1)[-1] for one in idle_able.activities()][-2:] == ["from-zero", "backlog"]
