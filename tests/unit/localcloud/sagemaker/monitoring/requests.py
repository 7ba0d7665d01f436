"""The requests that the tests of Model Monitor start from."""

from typing import Any

ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
ROLE = "arn:aws:iam::000000000000:role/monitor"
ROOT = "/opt/ml/processing"
ENDPOINT = "churn"
CAPTURES = "s3://bucket/capture"
REPORTS = "s3://bucket/reports"


def data_quality(name: str = "drift", environment: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "JobDefinitionName": name,
        "DataQualityAppSpecification": {"ImageUri": ANALYZER, "Environment": environment or {}},
        "DataQualityJobInput": {
            "EndpointInput": {"EndpointName": ENDPOINT, "LocalPath": f"{ROOT}/input/endpoint"},
        },
        "DataQualityBaselineConfig": {
            "ConstraintsResource": {"S3Uri": "s3://bucket/baseline/constraints.json"},
            "StatisticsResource": {"S3Uri": "s3://bucket/baseline/statistics.json"},
        },
        "DataQualityJobOutputConfig": _output(),
        **_machine(),
    } | changes


def model_quality(name: str = "quality", **changes: Any) -> dict[str, Any]:
    return {
        "JobDefinitionName": name,
        "ModelQualityAppSpecification": {"ImageUri": ANALYZER, "ProblemType": "BinaryClassification"},
        "ModelQualityJobInput": {
            "EndpointInput": {
                "EndpointName": ENDPOINT,
                "LocalPath": f"{ROOT}/input/endpoint",
                "ProbabilityAttribute": "0",
                "ProbabilityThresholdAttribute": 0.4,
            },
            "GroundTruthS3Input": {"S3Uri": "s3://bucket/truth"},
        },
        "ModelQualityJobOutputConfig": _output(),
        **_machine(),
    } | changes


def schedule(
    name: str = "watch", definition: str = "drift", kind: str = "DataQuality", **config: str
) -> dict[str, Any]:
    when = {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "PT0H"}
    return {
        "MonitoringScheduleName": name,
        "MonitoringScheduleConfig": {
            "ScheduleConfig": config or when,
            "MonitoringJobDefinitionName": definition,
            "MonitoringType": kind,
        },
    }


def _output() -> dict[str, Any]:
    target = {"S3Uri": REPORTS, "LocalPath": f"{ROOT}/output", "S3UploadMode": "EndOfJob"}
    return {"MonitoringOutputs": [{"S3Output": target}]}


def _machine() -> dict[str, Any]:
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
    return {
        "JobResources": {"ClusterConfig": cluster},
        "RoleArn": ROLE,
        "StoppingCondition": {"MaxRuntimeInSeconds": 1200},
    }
