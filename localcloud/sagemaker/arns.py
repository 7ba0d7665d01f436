"""SageMaker's resource names in this account and region."""

from localcloud.cloud import Cloud


def arn(cloud: Cloud, resource: str, name: str) -> str:
    """`resource` is the ARN's resource type: training-job, processing-job, model, endpoint, endpoint-config, …

    SageMaker writes names in ARNs in lower case.
    """
    return f"arn:{partition(cloud.region)}:sagemaker:{cloud.region}:{cloud.account}:{resource}/{name.lower()}"


def partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    return "aws"
