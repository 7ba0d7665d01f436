"""Who else may read a model's versions: the resource policy of its package group. Pure.

Actions: SageMaker Developer Guide, "Deploy a Model Version from a Different Account". UpdateModelPackage is among them:
a version that fails in production is rejected, so that nothing goes back to it.
"""

from collections.abc import Sequence
from typing import Any

_OF_THE_GROUP = ["sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages"]
_OF_A_VERSION = [
    "sagemaker:DescribeModelPackage",
    "sagemaker:ListModelPackages",
    "sagemaker:UpdateModelPackage",
    "sagemaker:CreateModel",
]


def group_arn(package_arn: str) -> str:
    """`…:model-package-group/<group>`, of a version's `…:model-package/<group>/<version>`."""
    service, _, path = package_arn.partition(":model-package/")
    return f"{service}:model-package-group/{path.partition('/')[0]}"


def group_policy(package_arn: str, consumers: Sequence[str]) -> dict[str, Any]:
    """Of the group that the version belongs to. `consumers`: account ids; their own IAM policies say who of them."""
    partition = package_arn.split(":")[1]
    principal = {"AWS": [f"arn:{partition}:iam::{account}:root" for account in consumers]}
    versions = f"{package_arn.rpartition('/')[0]}/*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow("ReadTheGroup", principal, _OF_THE_GROUP, group_arn(package_arn)),
            _allow("DeployItsVersions", principal, _OF_A_VERSION, versions),
        ],
    }


def _allow(sid: str, principal: dict[str, Any], actions: list[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": resource}
