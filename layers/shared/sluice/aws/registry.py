"""The model registry: package groups and packages."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sluice.events.model_package import ApprovalStatus
from sluice.rollout import PackageRef

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import CreateModelPackageInputTypeDef, DescribeModelPackageOutputTypeDef

_DESCRIPTION_LIMIT = 1024
"""Characters that ApprovalDescription holds."""
_METADATA_LIMIT = 256
"""Characters that a value of CustomerMetadataProperties holds."""
_NOT_IN_METADATA = re.compile(r"[^\w\s.:/=+\-@]")
"""SageMaker API Reference, CreateModelPackage: letters, digits, spaces and _ . : / = + - @ only."""


@dataclass(frozen=True)
class Package:
    ref: PackageRef
    group: str
    approval_status: ApprovalStatus
    approval_description: str
    model_uri: str
    image: str
    environment: Mapping[str, str]
    """Of the container that serves it."""
    baseline_uri: str | None
    """statistics.json of the training rows; constraints.json and reference.json lie beside it."""
    metadata: Mapping[str, str]
    changed_by: str
    evaluation_uri: str | None = None
    """evaluation.json of the test split; reference.json lies beside it."""
    quality_constraints_uri: str | None = None
    """quality_constraints.json of the test split. Versions that were registered before monitoring have none, and no
    reference.json either."""


@dataclass(frozen=True)
class Registry:
    client: "SageMakerClient"
    account: str | None = None
    """Whose versions are deployed; None where they are this account's own."""

    def ensure_group(self, group: str, description: str) -> None:
        try:
            self.client.create_model_package_group(
                ModelPackageGroupName=group, ModelPackageGroupDescription=description
            )
        except ClientError as error:
            if "already exists" not in error.response["Error"]["Message"]:
                raise

    def share(self, group: str, policy: Mapping[str, Any]) -> None:
        """Set who else may read the group's versions; what was set before is replaced."""
        self.client.put_model_package_group_policy(ModelPackageGroupName=group, ResourcePolicy=json.dumps(policy))

    def register(self, request: "CreateModelPackageInputTypeDef") -> PackageRef:
        """Create a version. The request's ClientToken makes a repeated call return the version it made first."""
        arn = self.client.create_model_package(**request)["ModelPackageArn"]
        return PackageRef(arn, version_of(arn))

    def package(self, arn: str) -> Package:
        return _package(self.client.describe_model_package(ModelPackageName=arn))

    def status(self, arn: str) -> ApprovalStatus | None:
        """None where there is no such version any more."""
        try:
            return self.client.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise

    def approved(self, group: str) -> list[PackageRef]:
        """The group's approved versions, the newest first."""
        pages = self.client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self._found_by(group),
            ModelApprovalStatus="Approved",
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        summaries = [summary for page in pages for summary in page["ModelPackageSummaryList"]]
        return [PackageRef(summary["ModelPackageArn"], summary["ModelPackageVersion"]) for summary in summaries]

    def _found_by(self, group: str) -> str:
        """Its name; in another account SageMaker finds it by its ARN."""
        if self.account is None:
            return group
        where = f"{self.client.meta.partition}:sagemaker:{self.client.meta.region_name}:{self.account}"
        return f"arn:{where}:model-package-group/{group}"

    def set_approval(self, arn: str, status: ApprovalStatus, reason: str) -> None:
        self.client.update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus=status, ApprovalDescription=_shortened(reason, _DESCRIPTION_LIMIT)
        )


def version_of(package_arn: str) -> int:
    """The version that ends a package ARN, `…:model-package/<group>/<version>`."""
    return int(package_arn.rpartition("/")[2])


def metadata(values: Mapping[str, str | None]) -> dict[str, str]:
    """CustomerMetadataProperties of what is known, within SageMaker's alphabet and length."""
    return {
        key: _shortened(_NOT_IN_METADATA.sub("_", value), _METADATA_LIMIT) for key, value in values.items() if value
    }


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def _package(described: "DescribeModelPackageOutputTypeDef") -> Package:
    changed_by = described.get("LastModifiedBy") or described.get("CreatedBy") or {}
    identity = changed_by.get("IamIdentity") or {}
    container = described["InferenceSpecification"]["Containers"][0]
    metrics = described.get("ModelMetrics", {})
    quality = metrics.get("ModelQuality", {})
    return Package(
        ref=PackageRef(described["ModelPackageArn"], described["ModelPackageVersion"]),
        group=described["ModelPackageGroupName"],
        approval_status=described["ModelApprovalStatus"],
        approval_description=described.get("ApprovalDescription", ""),
        model_uri=container["ModelDataUrl"],
        image=container["Image"],
        environment=container.get("Environment", {}),
        baseline_uri=metrics.get("ModelDataQuality", {}).get("Statistics", {}).get("S3Uri"),
        metadata=described.get("CustomerMetadataProperties", {}),
        changed_by=identity.get("Arn") or changed_by.get("UserProfileName") or "unknown",
        evaluation_uri=quality.get("Statistics", {}).get("S3Uri"),
        quality_constraints_uri=quality.get("Constraints", {}).get("S3Uri"),
    )
