"""boto3 clients, made on first use and kept: making one costs tens of milliseconds."""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient


@cache
def _client(service: str) -> Any:
    return _new_client(service)


def _new_client(service: str, **options: Any) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(service, config=Config(**{"retries": {"mode": "standard", "max_attempts": 5}, **options}))


@cache
def s3() -> "S3Client":
    """The links that it signs work everywhere: KMS takes version 4 only, and the region's own host never redirects."""
    # An endpoint of one's own, as the local cloud's, has no host name per bucket.
    style = "auto" if os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") else "virtual"
    return _new_client("s3", signature_version="s3v4", s3={"addressing_style": style})  # type: ignore[no-any-return]


def sagemaker() -> "SageMakerClient":
    return _client("sagemaker")  # type: ignore[no-any-return]


def sagemaker_runtime(read_timeout: float = 70, attempts: int = 2) -> Any:
    """A model may take 60 seconds: botocore's documentation of InvokeEndpoint asks for a socket timeout of 70."""
    import boto3
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": attempts}
    return boto3.client("sagemaker-runtime", config=Config(read_timeout=read_timeout, retries=retries))


def autoscaling() -> "ApplicationAutoScalingClient":
    return _client("application-autoscaling")  # type: ignore[no-any-return]


@cache
def sqs() -> Any:
    """Callers of the inference API wait for it: a queue that does not answer soon is given up."""
    return _new_client("sqs", connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})


def logs() -> Any:
    return _client("logs")


def sns() -> "SNSClient":
    return _client("sns")  # type: ignore[no-any-return]


def stepfunctions() -> "SFNClient":
    return _client("stepfunctions")  # type: ignore[no-any-return]


def lambda_() -> "LambdaClient":
    return _client("lambda")  # type: ignore[no-any-return]


def cloudwatch() -> "CloudWatchClient":
    return _client("cloudwatch")  # type: ignore[no-any-return]


def scheduler() -> Any:
    return _client("scheduler")


def events() -> "EventBridgeClient":
    return _client("events")  # type: ignore[no-any-return]


def ssm() -> "SSMClient":
    return _client("ssm")  # type: ignore[no-any-return]
