"""Which schedules a live version asks for, as the requests that make them. Pure.

The scheduled job has one EventBridge schedule a model, whichever version serves. Model Monitor has two schedules, and
two job definitions of each version, because these hold its baseline and cannot be changed.
"""

import json
from dataclasses import dataclass
from typing import Any

from sluice.definition import Model, Monitoring
from sluice.definition.data import Task
from sluice.naming import (
    MONITOR_KINDS,
    ModelPrefix,
    monitoring_job_definition_name,
    monitoring_schedule_name,
    schedule_group,
    schedule_name,
)

SCHEDULED_BY = "schedule"
MINUTE = 5
"""Of the hour: what the last one's requests left has been written by then."""
_MODEL_QUALITY_HOURLY_SECONDS = 1800
"""API Reference, MonitoringStoppingCondition: an hourly schedule leaves model quality half of its hour."""
_TYPES = {"data-quality": "DataQuality", "model-quality": "ModelQuality"}
_PROBLEMS: dict[Task, str] = {
    "binary": "BinaryClassification",
    "multiclass": "MulticlassClassification",
    "regression": "Regression",
}
_ANSWERS: dict[Task, dict[str, str]] = {
    "binary": {"ProbabilityAttribute": "predictions[0].probability"},
    "multiclass": {"InferenceAttribute": "predictions[0].label"},
    "regression": {"InferenceAttribute": "predictions[0].prediction"},
}
"""Where an answer in JSON holds what is compared with ground truth: training_code/serving/answers.py.

Model Monitor's two classes are 0 and 1, which a label in the target's own words is not: the threshold makes them of
the probability (SageMaker Developer Guide, "Schedule model quality monitoring jobs").
"""
_LOCAL = "/opt/ml/processing"


@dataclass(frozen=True)
class Account:
    """What schedules take from the stack."""

    stage: str
    bucket: str
    region: str
    run_monitor_arn: str
    scheduler_role_arn: str
    dead_letters_arn: str
    job_role_arn: str
    analyzer_image: str | None
    """Model Monitor's; None where the region has none."""
    kms_key_arn: str | None


@dataclass(frozen=True)
class VersionBaseline:
    """Of the test split and the training rows, as s3:// URIs."""

    statistics: str
    constraints: str
    quality_constraints: str
    threshold: float | None
    """From which probability a binary model answers yes: the constraints were measured at it. None of other tasks."""


@dataclass(frozen=True)
class Monitor:
    """One of Model Monitor's schedules, and the job definition that it is to run."""

    kind: str
    name: str
    definition_name: str
    endpoint_name: str
    definition: dict[str, Any]
    schedule: dict[str, Any]


def schedule_request(account: Account, model: str, every_hours: int) -> dict[str, Any]:
    """CreateSchedule. What it sends is a whole event: EventBridge Scheduler puts in when it was due, and an id."""
    key = account.kms_key_arn
    return {
        "Name": schedule_name(account.stage, model),
        "GroupName": schedule_group(account.stage),
        "Description": f"Checks what {model} was asked and answered.",
        "ScheduleExpression": f"cron({MINUTE} {_hours(every_hours)} * * ? *)",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED",
        "Target": {
            "Arn": account.run_monitor_arn,
            "RoleArn": account.scheduler_role_arn,
            "Input": json.dumps(_event(account, model)),
            "RetryPolicy": {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 3600},
            "DeadLetterConfig": {"Arn": account.dead_letters_arn},
        },
        **({"KmsKeyArn": key} if key else {}),
    }


def monitors(
    account: Account, definition: Model, version: int, endpoint_name: str, baseline: VersionBaseline
) -> tuple[Monitor, ...]:
    return tuple(_monitor(account, definition, version, endpoint_name, baseline, kind) for kind in MONITOR_KINDS)


def why_not_model_monitor(account: Account, definition: Model) -> str | None:
    """What is known before SageMaker is asked; None where there is nothing against it."""
    mode = definition.deployment.mode
    if mode == "serverless":
        return "a serverless endpoint captures nothing by itself, and Model Monitor reads what SageMaker captured"
    if mode == "multi-model":
        return "Model Monitor does not monitor endpoints of several models"
    if mode == "asynchronous":
        return "an asynchronous endpoint captures nothing by itself, and Model Monitor reads what SageMaker captured"
    if account.analyzer_image is None:
        return f"AWS has no Model Monitor in region {account.region}"
    return _why_not_these_labels(definition.data.positive_label)


def _why_not_these_labels(positive: str | int | None) -> str | None:
    """A word is sent to it as 1. Of another number nobody could tell whether 1 means the class or its opposite."""
    try:
        number = float("1" if positive is None else positive)
    except ValueError:
        return None
    return None if number == 1 else f"Model Monitor's positive label is 1, and this model's is {positive}"


def _monitor(
    account: Account, definition: Model, version: int, endpoint_name: str, baseline: VersionBaseline, kind: str
) -> Monitor:
    model = definition.name
    name = monitoring_schedule_name(account.stage, model, kind)
    definition_name = monitoring_job_definition_name(account.stage, model, kind, version)
    tags = [{"Key": "sluice:model", "Value": model}]
    hourly = "cron(0 * ? * * *)"
    hours = definition.monitoring.every_hours
    expression = hourly if hours == 1 else f"cron(0 {_hours(hours)} ? * * *)"
    schedule = {
        "MonitoringScheduleName": name,
        "MonitoringScheduleConfig": {
            "ScheduleConfig": {"ScheduleExpression": expression},
            "MonitoringJobDefinitionName": definition_name,
            "MonitoringType": _TYPES[kind],
        },
        "Tags": tags,
    }
    parts = _data_quality if kind == "data-quality" else _model_quality
    requested = {
        "JobDefinitionName": definition_name,
        **parts(account, definition, endpoint_name, baseline),
        **_common(account, definition, kind),
        "Tags": tags,
    }
    return Monitor(kind, name, definition_name, endpoint_name, requested, schedule)


def _data_quality(account: Account, definition: Model, endpoint_name: str, baseline: VersionBaseline) -> dict[str, Any]:
    return {
        "DataQualityBaselineConfig": {
            "ConstraintsResource": {"S3Uri": baseline.constraints},
            "StatisticsResource": {"S3Uri": baseline.statistics},
        },
        "DataQualityAppSpecification": {"ImageUri": account.analyzer_image},
        "DataQualityJobInput": {"EndpointInput": _endpoint(endpoint_name)},
        "DataQualityJobOutputConfig": _output(account, definition.name),
    }


def _model_quality(
    account: Account, definition: Model, endpoint_name: str, baseline: VersionBaseline
) -> dict[str, Any]:
    """Each run looks at the hours of late labels too."""
    late = definition.monitoring.lateness_hours
    prefix = ModelPrefix(definition.name)
    source = {
        **_endpoint(endpoint_name),
        **_ANSWERS[definition.data.task],
        **({} if baseline.threshold is None else {"ProbabilityThresholdAttribute": baseline.threshold}),
        **({"StartTimeOffset": f"-PT{late}H"} if late else {}),
    }
    return {
        "ModelQualityBaselineConfig": {"ConstraintsResource": {"S3Uri": baseline.quality_constraints}},
        "ModelQualityAppSpecification": {
            "ImageUri": account.analyzer_image,
            "ProblemType": _PROBLEMS[definition.data.task],
        },
        "ModelQualityJobInput": {
            "EndpointInput": source,
            "GroundTruthS3Input": {"S3Uri": f"s3://{account.bucket}/{prefix.ground_truth.rstrip('/')}"},
        },
        "ModelQualityJobOutputConfig": _output(account, definition.name),
    }


def _endpoint(name: str) -> dict[str, Any]:
    return {
        "EndpointName": name,
        "LocalPath": f"{_LOCAL}/input/endpoint",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
    }


def _output(account: Account, model: str) -> dict[str, Any]:
    """SageMaker adds `<endpoint>/<schedule>/yyyy/mm/dd/hh/`."""
    uri = f"s3://{account.bucket}/{ModelPrefix(model).reports.rstrip('/')}"
    output = {"S3Uri": uri, "LocalPath": f"{_LOCAL}/output", "S3UploadMode": "EndOfJob"}
    key = account.kms_key_arn
    return {"MonitoringOutputs": [{"S3Output": output}], **({"KmsKeyId": key} if key else {})}


def _common(account: Account, definition: Model, kind: str) -> dict[str, Any]:
    settings = definition.monitoring
    key = account.kms_key_arn
    cluster = {
        "InstanceCount": 1,
        "InstanceType": settings.instance_type,
        "VolumeSizeInGB": settings.volume_gb,
        **({"VolumeKmsKeyId": key} if key else {}),
    }
    return {
        "JobResources": {"ClusterConfig": cluster},
        "RoleArn": account.job_role_arn,
        "StoppingCondition": {"MaxRuntimeInSeconds": _longest(settings, kind)},
    }


def _longest(settings: Monitoring, kind: str) -> int:
    hourly = settings.every_hours == 1 and kind == "model-quality"
    return min(settings.max_run_seconds, _MODEL_QUALITY_HOURLY_SECONDS) if hourly else settings.max_run_seconds


def _hours(every_hours: int) -> str:
    """The hours of the day, for cron; every_hours divides the day."""
    if every_hours == 1:
        return "*"
    return "0" if every_hours == 24 else f"0/{every_hours}"


def _event(account: Account, model: str) -> dict[str, Any]:
    """A `Check Requested`. In angle brackets: EventBridge Scheduler User Guide, "Adding context attributes"."""
    return {
        "version": "0",
        "id": "<aws.scheduler.execution-id>",
        "detail-type": "Check Requested",
        "source": "sluice",
        "account": account.run_monitor_arn.split(":")[4],
        "time": "<aws.scheduler.scheduled-time>",
        "region": account.region,
        "resources": ["<aws.scheduler.schedule-arn>"],
        "detail": {"stage": account.stage, "model": model, "requested_by": SCHEDULED_BY},
    }
