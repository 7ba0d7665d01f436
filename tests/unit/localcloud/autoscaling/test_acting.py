"""From an alarm that fires to another number of instances."""

from pathlib import Path
from typing import Any

import pytest

from localcloud.alarms.engine import Fired
from localcloud.api import JsonService
from localcloud.autoscaling import ApplicationAutoScaling
from tests.fakes.cloud import FakeCloud
from tests.fakes.scaling import FakePolicyAlarms, FakeVariants

VARIANT = ("churn", "AllTraffic")
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/churn/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
REQUESTS = {"PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}}
FROM_ZERO = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    "Cooldown": 60,
}


class Stage:
    """Time stands still but for what the test adds to `now`; a second of AWS lasts one here."""

    def __init__(self, directory: Path) -> None:
        self.cloud = FakeCloud(directory, time_scale=1.0)
        self.variants = FakeVariants({VARIANT: 1})
        self.alarms = FakePolicyAlarms()
        self.now = 1000.0
        self.scaling = ApplicationAutoScaling(self.cloud, self.variants, self.alarms, lambda: self.now)
        self._service = JsonService("application-autoscaling", self.scaling.operations(), lambda _: self.cloud.caller)
        self.arns: dict[str, str] = {}

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        return self._service.call(operation, {**TARGET, **request}, self.cloud.caller)

    def track(self, goal: float = 100.0, name: str = "requests", **settings: Any) -> None:
        configuration = {**REQUESTS, "TargetValue": goal, **settings}
        answer = self(
            "PutScalingPolicy",
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=configuration,
        )
        self.arns[name] = answer["PolicyARN"]

    def step(self, name: str = "from-zero") -> None:
        answer = self("PutScalingPolicy", PolicyName=name, StepScalingPolicyConfiguration=FROM_ZERO)
        self.arns[name] = answer["PolicyARN"]

    def fire(self, side: str, *values: float, name: str = "requests", threshold: float = 100.0) -> None:
        """What the alarms' thread would tell; then the thread of autoscaling looks."""
        arn = self.arns[name]
        alarm = next((a for a, _ in self.alarms.with_action(arn) if f"Alarm{side}" in a), side)
        self.alarms.alarming.add(alarm)
        self.scaling.acting.act(Fired(alarm, arn, values, threshold, above=side != "Low"))
        self.scaling.acting.look()

    @property
    def count(self) -> int:
        return self.variants.counts[VARIANT]

    @property
    def activities(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self("DescribeScalingActivities")["ScalingActivities"]
        return found


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    made("RegisterScalableTarget", MinCapacity=1, MaxCapacity=4)
    return made


def test_above_the_target_it_grows_in_proportion_and_says_so(stage: Stage) -> None:
    stage.track()

    stage.fire("High", 110, 120, 250)

    assert stage.count == 3
    [activity] = stage.activities
    assert activity["StatusCode"] == "Successful"
    assert activity["Description"] == "Setting desired instance count to 3."
    assert "AlarmHigh" in activity["Cause"]
    assert activity["Cause"].endswith("triggered policy requests")
    assert activity["EndTime"] >= activity["StartTime"]


def test_an_alarm_that_goes_on_does_not_add_twice_within_the_cooldown(stage: Stage) -> None:
    stage.track()
    stage.fire("High", 150)
    assert stage.count == 2

    stage.fire("High", 150)
    assert stage.count == 2

    # A greater breach counts what was added already: 1 * 390 / 100.
    stage.fire("High", 390)
    assert stage.count == 4


def test_after_the_cooldown_it_counts_from_what_there_is(stage: Stage) -> None:
    stage.track(ScaleOutCooldown=30)
    stage.fire("High", 150)
    stage.now += 30

    stage.fire("High", 150)

    assert stage.count == 3


def test_below_the_target_the_busiest_minute_says_how_many_go(stage: Stage) -> None:
    stage.variants.counts[VARIANT] = 4
    stage.track()

    stage.fire("Low", 10, 40, 20)

    assert stage.count == 2


def test_a_second_scale_in_waits_for_its_cooldown(stage: Stage) -> None:
    stage.variants.counts[VARIANT] = 4
    stage.track(ScaleInCooldown=120)
    stage.fire("Low", 70)
    assert stage.count == 3

    stage.fire("Low", 30)
    assert stage.count == 3

    stage.now += 120
    stage.fire("Low", 30)
    assert stage.count == 1


def test_a_scale_in_that_is_disabled_or_suspended_does_not_happen(stage: Stage) -> None:
    stage.variants.counts[VARIANT] = 4
    stage.track()
    stage("RegisterScalableTarget", SuspendedState={"DynamicScalingInSuspended": True})
    stage.fire("Low", 0)
    assert stage.count == 4

    stage("RegisterScalableTarget", SuspendedState={"DynamicScalingInSuspended": False})
    stage.fire("Low", 0)
    assert stage.count == 1


def test_every_tracking_policy_must_agree_before_capacity_goes(stage: Stage) -> None:
    stage.variants.counts[VARIANT] = 4
    stage.track()
    stage.track(name="backlog")

    stage.fire("Low", 0)
    assert stage.count == 4

    stage.fire("Low", 0, name="backlog")
    assert stage.count == 1


def test_a_step_policy_brings_an_idle_endpoint_back_from_zero(stage: Stage) -> None:
    stage("RegisterScalableTarget", MinCapacity=0)
    stage.variants.counts[VARIANT] = 0
    stage.step()

    stage.fire("HasBacklogWithoutCapacity", 1, name="from-zero", threshold=1)
    assert stage.count == 1

    # The step counts from what there was when the cooldown began.
    stage.fire("HasBacklogWithoutCapacity", 1, name="from-zero", threshold=1)
    assert stage.count == 1


def test_a_change_under_way_is_waited_for(stage: Stage) -> None:
    stage.variants.slow = True
    stage.track()

    stage.fire("High", 150)
    stage.fire("High", 390)

    assert stage.variants.asked == [2]
    assert stage.activities[0]["StatusCode"] == "InProgress"
    stage.variants.finish()
    stage.scaling.acting.look()
    assert stage.activities[0]["StatusCode"] == "Successful"


def test_a_change_that_is_refused_is_a_failed_activity(stage: Stage) -> None:
    stage.variants.failure = "Cannot update in-progress endpoint"
    stage.track()

    stage.fire("High", 150)

    assert stage.activities[0]["StatusCode"] == "Failed"
    assert "in-progress" in stage.activities[0]["StatusMessage"]
    stage.variants.failure = ""
    stage.fire("High", 150)
    assert stage.count == 2


def test_a_change_that_was_rolled_back_is_a_failed_activity(stage: Stage) -> None:
    stage.variants.slow = True
    stage.track()
    stage.fire("High", 150)
    stage.variants.wanted.clear()

    stage.scaling.acting.look()

    assert stage.activities[0]["StatusCode"] == "Failed"


def test_a_target_goes_with_its_endpoint(stage: Stage) -> None:
    stage.track()
    stage.variants.counts.clear()

    stage.scaling.acting.look()

    assert stage._service.call("DescribeScalableTargets", {"ServiceNamespace": "sagemaker"}, stage.cloud.caller) == {
        "ScalableTargets": []
    }
    assert stage.alarms.held == {}


def test_a_scaled_variant_without_traffic_reports_zeros(stage: Stage) -> None:
    stage.scaling.acting.look()
    assert stage.cloud.metrics == []
    stage.track()
    stage.now += 30

    stage.scaling.acting.look()
    stage.scaling.acting.look()

    [zero] = stage.cloud.metrics
    assert (zero.name, zero.value) == ("InvocationsPerInstance", 0.0)
    assert zero.dimensions == {"EndpointName": "churn", "VariantName": "AllTraffic"}
