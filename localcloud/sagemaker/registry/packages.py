"""Model packages: the versions in a group, their approval, and the event of every change."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.events import emit
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.registry.audit import user_context
from localcloud.sagemaker.registry.change import changed_package
from localcloud.sagemaker.tags import TagStore

EVENT: Final = "SageMaker Model Package State Change"

# What a version carries and shows again without our doing anything about it.
RECORDED: Final = (
    "ModelPackageDescription",
    "InferenceSpecification",
    "MetadataProperties",
    "ModelMetrics",
    "Domain",
    "Task",
    "SamplePayloadUrl",
    "CustomerMetadataProperties",
    "DriftCheckBaselines",
    "AdditionalInferenceSpecifications",
    "SkipModelValidation",
    "SourceUri",
    "SecurityConfig",
    "ModelCard",
    "ModelLifeCycle",
)
# What SageMaker would act on and the local cloud would not.
REFUSED: Final = (
    "ValidationSpecification",
    "SourceAlgorithmSpecification",
    "CertifyForMarketplace",
    "ManagedStorageType",
)

IN_EVENT: Final = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ApprovalDescription",
    "MetadataProperties",
    "ModelMetrics",
    "CustomerMetadataProperties",
    "ModelLifeCycle",
    "LastModifiedTime",
)
SUMMARY: Final = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)


class GroupLookup(Protocol):
    def get(self, name_or_arn: str) -> Mapping[str, Any]: ...


class Packages:
    def __init__(self, cloud: Cloud, tags: TagStore, groups: GroupLookup) -> None:
        self._cloud = cloud
        self._tags = tags
        self._groups = groups
        self._lock = threading.RLock()
        self._packages: dict[str, Mapping[str, Any]] = {}
        self._last_version: dict[str, int] = {}
        self._tokens: dict[str, str] = {}

    def operations(self) -> dict[str, Handler]:
        return {
            "CreateModelPackage": self._create,
            "DescribeModelPackage": self._describe,
            "ListModelPackages": self._list,
            "UpdateModelPackage": self._update,
            "DeleteModelPackage": self._delete,
        }

    def count_in(self, group: str) -> int:
        with self._lock:
            return sum(package["ModelPackageGroupName"] == group for package in self._packages.values())

    def get(self, name_or_arn: str) -> Mapping[str, Any]:
        package = self._packages.get(self._arn(name_or_arn))
        if package is None:
            raise ApiError("ValidationException", f"ModelPackage {self._arn(name_or_arn)} does not exist.")
        return package

    def _arn(self, name_or_arn: str) -> str:
        name = name_or_arn.partition(":model-package/")[2] if name_or_arn.startswith("arn:") else name_or_arn
        return arn(self._cloud, "model-package", name)

    def _create(self, call: Call) -> dict[str, Any]:
        request = call.input
        _refuse_unversioned(request)
        group = self._groups.get(request["ModelPackageGroupName"])
        name = group["ModelPackageGroupName"]
        with self._lock:
            version = self._last_version.get(name, 0) + 1
            package_arn = self._arn(f"{name}/{version}")
            self._cloud.authorize(call.caller, "sagemaker:CreateModelPackage", package_arn)
            _refuse_unsupported(request)
            known = self._tokens.get(request.get("ClientToken", ""))
            if known:
                return {"ModelPackageArn": known}
            self._last_version[name] = version
            self._packages[package_arn] = _new_package(call, name, version, package_arn)
            self._tokens |= {request["ClientToken"]: package_arn} if "ClientToken" in request else {}
        self._tags.register(package_arn)
        self._emit(self._packages[package_arn])
        return {"ModelPackageArn": package_arn}

    def _describe(self, call: Call) -> dict[str, Any]:
        name = call.input["ModelPackageName"]
        self._cloud.authorize(call.caller, "sagemaker:DescribeModelPackage", self._arn(name))
        return dict(self.get(name))

    def _list(self, call: Call) -> dict[str, Any]:
        request = call.input
        self._cloud.authorize(call.caller, "sagemaker:ListModelPackages", "*")
        packages = self._versions(request) if request.get("ModelPackageType") != "Unversioned" else []
        wanted = request.get("ModelApprovalStatus")
        packages = [package for package in packages if wanted in (None, package["ModelApprovalStatus"])]
        shown, token = page(select(packages, request, "ModelPackageName", "ModelPackageStatus"), request)
        summaries = [{name: package.get(name) for name in SUMMARY} for package in shown]
        return {"ModelPackageSummaryList": summaries, "NextToken": token}

    def _versions(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The versions of the request's group; SageMaker lists those of every group only when asked for by type."""
        group = request.get("ModelPackageGroupName")
        if group is None and request.get("ModelPackageType") is None:
            return []
        name = self._groups.get(group)["ModelPackageGroupName"] if group else None
        with self._lock:
            packages = list(self._packages.values())
        return [
            {"LastModifiedTime": package["CreationTime"], **package}
            for package in packages
            if name in (None, package["ModelPackageGroupName"])
        ]

    def _update(self, call: Call) -> dict[str, Any]:
        package_arn = self._arn(call.input["ModelPackageArn"])
        self._cloud.authorize(call.caller, "sagemaker:UpdateModelPackage", package_arn)
        with self._lock:
            package, fields = changed_package(self.get(package_arn), call.input)
            package |= {"LastModifiedTime": datetime.now(UTC), "LastModifiedBy": user_context(call.caller)}
            self._packages[package_arn] = package
        self._emit(package, fields)
        return {"ModelPackageArn": package_arn}

    def _delete(self, call: Call) -> dict[str, Any]:
        package_arn = self._arn(call.input["ModelPackageName"])
        self._cloud.authorize(call.caller, "sagemaker:DeleteModelPackage", package_arn)
        with self._lock:
            self.get(package_arn)
            del self._packages[package_arn]
        self._tags.forget(package_arn)
        return {}

    def _emit(self, package: Mapping[str, Any], fields: list[str] | None = None) -> None:
        """`fields` are what an update changed; the event of a new version has no such list."""
        detail = {name: package.get(name) for name in IN_EVENT} | {"UpdatedModelPackageFields": fields}
        package_arn = package["ModelPackageArn"]
        emit(self._cloud, EVENT, package_arn, detail, self._tags.of(package_arn))


def _refuse_unversioned(request: Mapping[str, Any]) -> None:
    if "ModelPackageGroupName" in request and "ModelPackageName" in request:
        raise ApiError(
            "ValidationException",
            "Both ModelPackageName and ModelPackageGroupName are provided in the input. "
            "Cannot determine which one to use.",
        )
    if "ModelPackageGroupName" not in request:
        raise ApiError(
            "ValidationException",
            "Unversioned model packages are not implemented by the local cloud: give ModelPackageGroupName, "
            "the group that the new version belongs to.",
        )


def _refuse_unsupported(request: Mapping[str, Any]) -> None:
    for field in REFUSED:
        if request.get(field):
            raise ApiError("ValidationException", f"{field} is not implemented by the local cloud; leave it out")
    if request.get("Tags"):
        raise ApiError(
            "ValidationException", "Tags are not supported for versioned model packages; tag the group instead"
        )


def _new_package(call: Call, group: str, version: int, package_arn: str) -> dict[str, Any]:
    request = call.input
    recorded = {name: request[name] for name in RECORDED if name in request}
    return recorded | {
        "ModelPackageName": f"{group}/{version}",
        "ModelPackageGroupName": group,
        "ModelPackageVersion": version,
        "ModelPackageRegistrationType": request.get("ModelPackageRegistrationType", "Registered"),
        "ModelPackageArn": package_arn,
        "CreationTime": datetime.now(UTC),
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": False,
        "ModelApprovalStatus": request.get("ModelApprovalStatus", "PendingManualApproval"),
        "CreatedBy": user_context(call.caller),
    }
