"""Scalable targets of endpoint variants, and their policies."""

from pathlib import Path
from typing import Any

import pytest

from localcloud.api import JsonService
from localcloud.autoscaling import ApplicationAutoScaling
from localcloud.errors import ApiError
from tests.fakes.cloud import FakeCloud
from tests.fakes.scaling import FakePolicyAlarms, FakeVariants

TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/sluice-dev-churn/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
TRACKING = {
    "TargetValue": 100.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
}
POLICY = {
    **TARGET,
    "PolicyName": "requests",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": TRACKING,
}


class Scaling:
    def __init__(self, cloud: FakeCloud) -> None:
        self.cloud = cloud
        variants = FakeVariants({("sluice-dev-churn", "AllTraffic"): 1})
        self.alarms = FakePolicyAlarms()
        service = ApplicationAutoScaling(cloud, variants, self.alarms)
        self._service = JsonService("application-autoscaling", service.operations(), lambda _headers: cloud.caller)

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        return self._service.call(operation, request, self.cloud.caller)

    def register(self, **changes: Any) -> str:
        return str(
            self("RegisterScalableTarget", **{**TARGET, "MinCapacity": 1, "MaxCapacity": 4, **changes})[
                "ScalableTargetARN"
            ]
        )


@pytest.fixture
def scaling(tmp_path: Path) -> Scaling:
    return Scaling(FakeCloud(tmp_path))


def test_a_registered_target_is_described(scaling: Scaling) -> None:
    arn = scaling.register()

    [target] = scaling("DescribeScalableTargets", ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["ScalableTargetARN"], target["MinCapacity"], target["MaxCapacity"]) == (arn, 1, 4)
    assert target["ResourceId"] == TARGET["ResourceId"]
    assert scaling("DescribeScalableTargets", ServiceNamespace="ecs")["ScalableTargets"] == []


def test_registering_again_changes_only_what_is_given(scaling: Scaling) -> None:
    arn = scaling.register()

    again = scaling("RegisterScalableTarget", **TARGET, MaxCapacity=9)["ScalableTargetARN"]

    [target] = scaling("DescribeScalableTargets", ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (again, target["MinCapacity"], target["MaxCapacity"]) == (arn, 1, 9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ResourceId": "endpoint/other/variant/AllTraffic"}, "No SageMaker endpoint variant was found"),
        ({"ResourceId": "table/x"}, "Unsupported service namespace, resource type or scalable dimension"),
        ({"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}, "scales .* only"),
        ({"MinCapacity": 5}, "Maximum capacity cannot be less than minimum capacity"),
    ],
)
def test_a_target_that_cannot_be_is_refused(scaling: Scaling, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ApiError, match=said) as refused:
        scaling.register(**change)

    assert refused.value.code == "ValidationException"
    assert scaling("DescribeScalableTargets", ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_a_refused_change_leaves_the_target_as_it_was(scaling: Scaling) -> None:
    scaling.register()

    with pytest.raises(ApiError):
        scaling("RegisterScalableTarget", **TARGET, MinCapacity=7)

    [target] = scaling("DescribeScalableTargets", ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)


def test_a_new_target_needs_both_bounds(scaling: Scaling) -> None:
    with pytest.raises(ApiError, match="MaxCapacity is required"):
        scaling("RegisterScalableTarget", **TARGET, MinCapacity=1)


def test_a_policy_is_kept_and_described(scaling: Scaling) -> None:
    scaling.register()

    arn = scaling("PutScalingPolicy", **POLICY)["PolicyARN"]

    [policy] = scaling("DescribeScalingPolicies", ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert policy["PolicyARN"] == arn
    assert policy["TargetTrackingScalingPolicyConfiguration"] == TRACKING
    assert scaling("PutScalingPolicy", **POLICY)["PolicyARN"] == arn


def test_a_policy_needs_a_target_and_a_configuration(scaling: Scaling) -> None:
    with pytest.raises(ApiError, match="No scalable target registered") as missing:
        scaling("PutScalingPolicy", **POLICY)
    assert missing.value.code == "ObjectNotFoundException"
    scaling.register()

    with pytest.raises(ApiError, match="TargetTrackingScalingPolicyConfiguration is required"):
        scaling("PutScalingPolicy", **TARGET, PolicyName="requests", PolicyType="TargetTrackingScaling")


def test_what_is_deleted_is_gone(scaling: Scaling) -> None:
    scaling.register()
    scaling("PutScalingPolicy", **POLICY)

    scaling("DeleteScalingPolicy", **TARGET, PolicyName="requests")
    with pytest.raises(ApiError, match="No scaling policy found"):
        scaling("DeleteScalingPolicy", **TARGET, PolicyName="requests")
    scaling("DeregisterScalableTarget", **TARGET)

    assert scaling("DescribeScalableTargets", ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_every_action_is_authorized_with_its_condition_keys(scaling: Scaling) -> None:
    arn = scaling.register()
    scaling("PutScalingPolicy", **POLICY)

    asked = scaling.cloud.authorizations
    assert [one.action for one in asked] == [
        "application-autoscaling:RegisterScalableTarget",
        "application-autoscaling:PutScalingPolicy",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:PutMetricAlarm",
    ]
    assert ":alarm:TargetTracking-endpoint/sluice-dev-churn/variant/AllTraffic-AlarmHigh-" in asked[2].resource
    assert asked[1].resource == arn
    assert asked[1].context["application-autoscaling:service-namespace"] == "sagemaker"


def test_a_denied_action_changes_nothing(scaling: Scaling) -> None:
    scaling.cloud.denied.add("application-autoscaling:RegisterScalableTarget")

    with pytest.raises(ApiError, match="not authorized"):
        scaling.register()

    assert scaling("DescribeScalableTargets", ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_a_tracking_policy_has_two_alarms_which_go_with_it(scaling: Scaling) -> None:
    scaling.register()

    arn = scaling("PutScalingPolicy", **POLICY)["PolicyARN"]

    [policy] = scaling("DescribeScalingPolicies", ServiceNamespace="sagemaker")["ScalingPolicies"]
    high, low = [scaling.alarms.held[alarm["AlarmName"]] for alarm in policy["Alarms"]]
    assert (high["Threshold"], high["ComparisonOperator"], high["EvaluationPeriods"]) == (
        100.0,
        "GreaterThanThreshold",
        3,
    )
    assert (low["Threshold"], low["ComparisonOperator"], low["EvaluationPeriods"]) == (90.0, "LessThanThreshold", 15)
    assert high["AlarmActions"] == low["AlarmActions"] == [arn]
    assert high["Dimensions"] == [
        {"Name": "EndpointName", "Value": "sluice-dev-churn"},
        {"Name": "VariantName", "Value": "AllTraffic"},
    ]
    scaling("DeregisterScalableTarget", **TARGET)
    assert scaling.alarms.held == {}


def test_a_policy_put_again_keeps_its_alarms_names_and_loses_the_one_it_disables(scaling: Scaling) -> None:
    scaling.register()
    scaling("PutScalingPolicy", **POLICY)
    before = sorted(scaling.alarms.held)

    changed = {**TRACKING, "TargetValue": 7.0, "DisableScaleIn": True}
    scaling("PutScalingPolicy", **{**POLICY, "TargetTrackingScalingPolicyConfiguration": changed})

    assert sorted(scaling.alarms.held) == before[:1]
    assert scaling.alarms.held[before[0]]["Threshold"] == 7.0


def test_a_caller_who_may_not_make_alarms_gets_no_tracking_policy(scaling: Scaling) -> None:
    scaling.register()
    scaling.cloud.denied.add("cloudwatch:PutMetricAlarm")

    with pytest.raises(ApiError, match="not authorized to perform: cloudwatch:PutMetricAlarm"):
        scaling("PutScalingPolicy", **POLICY)

    assert scaling("DescribeScalingPolicies", ServiceNamespace="sagemaker")["ScalingPolicies"] == []
    assert scaling.alarms.held == {}


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({"TargetValue": 1.0}, "Exactly one of"),
        ({**TRACKING, "TargetValue": 0.0}, "must be greater than 0"),
        (
            {
                "TargetValue": 1.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"},
            },
            "not implemented",
        ),
        ({"TargetValue": 1.0, "CustomizedMetricSpecification": {"MetricName": "m", "Namespace": "n"}}, "Statistic"),
    ],
)
def test_a_tracking_policy_that_cannot_act_is_refused(
    scaling: Scaling, configuration: dict[str, Any], said: str
) -> None:
    scaling.register()

    with pytest.raises(ApiError, match=said):
        scaling("PutScalingPolicy", **{**POLICY, "TargetTrackingScalingPolicyConfiguration": configuration})


def test_not_scaled_activities_are_refused_by_name(scaling: Scaling) -> None:
    with pytest.raises(ApiError, match="IncludeNotScaledActivities"):
        scaling("DescribeScalingActivities", ServiceNamespace="sagemaker", IncludeNotScaledActivities=True)
