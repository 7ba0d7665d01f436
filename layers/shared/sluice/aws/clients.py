"""boto3 clients, made on first use and kept: making one costs tens of milliseconds."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient


@cache
def _client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(service, config=Config(retries={"mode": "standard", "max_attempts": 5}))


def s3() -> "S3Client":
    return _client("s3")  # type: ignore[no-any-return]


def sagemaker() -> "SageMakerClient":
    return _client("sagemaker")  # type: ignore[no-any-return]


def autoscaling() -> "ApplicationAutoScalingClient":
    return _client("application-autoscaling")  # type: ignore[no-any-return]


def sns() -> "SNSClient":
    return _client("sns")  # type: ignore[no-any-return]


def stepfunctions() -> "SFNClient":
    return _client("stepfunctions")  # type: ignore[no-any-return]


def lambda_() -> "LambdaClient":
    return _client("lambda")  # type: ignore[no-any-return]
