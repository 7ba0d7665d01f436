"""Application Auto Scaling: one scalable target a variant, and the policies that move it.

From no instance at all target tracking cannot start, because its metric is per instance: a step policy on
HasBacklogWithoutCapacity does (SageMaker Developer Guide, "Autoscale an asynchronous endpoint").
"""

from typing import Any

from sluice.definition.deployment import Autoscaling, BacklogScaling


def scalable_target(endpoint: str, variant: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def tracking(endpoint: str, scaling: Autoscaling | BacklogScaling) -> dict[str, Any]:
    """TargetTrackingScalingPolicyConfiguration."""
    cooldowns = {
        "ScaleInCooldown": scaling.scale_in_cooldown_seconds,
        "ScaleOutCooldown": scaling.scale_out_cooldown_seconds,
    }
    if isinstance(scaling, Autoscaling):
        metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
        return {
            "TargetValue": scaling.invocations_per_instance,
            "PredefinedMetricSpecification": metric,
            **cooldowns,
        }
    backlog = {
        "MetricName": "ApproximateBacklogSizePerInstance",
        "Namespace": "AWS/SageMaker",
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
        "Statistic": "Average",
    }
    return {"TargetValue": scaling.backlog_per_instance, "CustomizedMetricSpecification": backlog, **cooldowns}


def from_zero(scaling: BacklogScaling) -> dict[str, Any]:
    """StepScalingPolicyConfiguration."""
    return {
        "AdjustmentType": "ChangeInCapacity",
        "MetricAggregationType": "Average",
        "Cooldown": scaling.scale_out_cooldown_seconds,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    }


def backlog_alarm(name: str, endpoint: str, policy_arn: str) -> dict[str, Any]:
    """PutMetricAlarm: requests wait, and there is no instance."""
    return {
        "AlarmName": name,
        "AlarmDescription": f"Requests wait for {endpoint}, which has no instance.",
        "Namespace": "AWS/SageMaker",
        "MetricName": "HasBacklogWithoutCapacity",
        "Dimensions": [{"Name": "EndpointName", "Value": endpoint}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [policy_arn],
    }
