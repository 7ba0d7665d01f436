"""Model package groups."""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.registry.audit import user_context
from localcloud.sagemaker.tags import TagStore


class Groups:
    """`count_members` tells how many packages the group of that name holds: only an empty one may go."""

    def __init__(self, cloud: Cloud, tags: TagStore, count_members: Callable[[str], int]) -> None:
        self._cloud = cloud
        self._tags = tags
        self._count_members = count_members
        self._lock = threading.RLock()
        self._groups: dict[str, Mapping[str, Any]] = {}
        self._policies: dict[str, str] = {}

    def operations(self) -> dict[str, Handler]:
        return {
            "CreateModelPackageGroup": self._create,
            "DescribeModelPackageGroup": self._describe,
            "ListModelPackageGroups": self._list,
            "DeleteModelPackageGroup": self._delete,
            "PutModelPackageGroupPolicy": self._put_policy,
            "GetModelPackageGroupPolicy": self._get_policy,
            "DeleteModelPackageGroupPolicy": self._delete_policy,
        }

    def arn(self, name_or_arn: str) -> str:
        return arn(self._cloud, "model-package-group", name_or_arn.rpartition("/")[2])

    def get(self, name_or_arn: str) -> Mapping[str, Any]:
        group = self._groups.get(self.arn(name_or_arn))
        if group is None:
            raise ApiError("ValidationException", f"ModelPackageGroup {self.arn(name_or_arn)} does not exist.")
        return group

    def _create(self, call: Call) -> dict[str, Any]:
        request = call.input
        group_arn = self.arn(request["ModelPackageGroupName"])
        self._cloud.authorize(call.caller, "sagemaker:CreateModelPackageGroup", group_arn)
        self._tags.authorize(call.caller, group_arn, request.get("Tags", []))
        if "ManagedConfiguration" in request:
            raise ApiError(
                "ValidationException", "ManagedConfiguration is not implemented by the local cloud; leave it out"
            )
        with self._lock:
            if group_arn in self._groups:
                raise ApiError("ValidationException", f"Model Package Group already exists: {group_arn}")
            self._groups[group_arn] = {
                "ModelPackageGroupName": request["ModelPackageGroupName"],
                "ModelPackageGroupArn": group_arn,
                "ModelPackageGroupDescription": request.get("ModelPackageGroupDescription"),
                "CreationTime": datetime.now(UTC),
                "CreatedBy": user_context(call.caller),
                "ModelPackageGroupStatus": "Completed",
            }
        self._tags.register(group_arn, request.get("Tags", []))
        return {"ModelPackageGroupArn": group_arn}

    def _describe(self, call: Call) -> dict[str, Any]:
        name = call.input["ModelPackageGroupName"]
        self._cloud.authorize(call.caller, "sagemaker:DescribeModelPackageGroup", self.arn(name))
        return dict(self.get(name))

    def _list(self, call: Call) -> dict[str, Any]:
        self._cloud.authorize(call.caller, "sagemaker:ListModelPackageGroups", "*")
        with self._lock:
            groups = [{**group, "LastModifiedTime": group["CreationTime"]} for group in self._groups.values()]
        chosen = select(groups, call.input, "ModelPackageGroupName", "ModelPackageGroupStatus")
        shown, token = page(chosen, call.input)
        return {"ModelPackageGroupSummaryList": [_summary(group) for group in shown], "NextToken": token}

    def _delete(self, call: Call) -> dict[str, Any]:
        name = call.input["ModelPackageGroupName"]
        group_arn = self.arn(name)
        self._cloud.authorize(call.caller, "sagemaker:DeleteModelPackageGroup", group_arn)
        with self._lock:
            count = self._count_members(self.get(name)["ModelPackageGroupName"])
            if count:
                reason = f"Model Package Group {group_arn} still contains {count} model packages. Delete them first."
                raise ApiError("ConflictException", reason)
            del self._groups[group_arn]
            self._policies.pop(group_arn, None)
        self._tags.forget(group_arn)
        return {}

    def _put_policy(self, call: Call) -> dict[str, Any]:
        """Kept and given back. It speaks of other accounts, and the local cloud has one: it decides nothing here."""
        group_arn = self._policy_of(call, "PutModelPackageGroupPolicy")
        policy = call.input["ResourcePolicy"]
        if not _is_policy(policy):
            raise ApiError("ValidationException", "ResourcePolicy is no JSON document with a Statement")
        self._policies[group_arn] = policy
        return {"ModelPackageGroupArn": group_arn}

    def _get_policy(self, call: Call) -> dict[str, Any]:
        group_arn = self._policy_of(call, "GetModelPackageGroupPolicy")
        if group_arn not in self._policies:
            raise ApiError("ValidationException", f"Cannot find resource policy for: {group_arn}")
        return {"ResourcePolicy": self._policies[group_arn]}

    def _delete_policy(self, call: Call) -> dict[str, Any]:
        self._policies.pop(self._policy_of(call, "DeleteModelPackageGroupPolicy"), None)
        return {}

    def _policy_of(self, call: Call, operation: str) -> str:
        name = call.input["ModelPackageGroupName"]
        self._cloud.authorize(call.caller, f"sagemaker:{operation}", self.arn(name))
        return str(self.get(name)["ModelPackageGroupArn"])


def _is_policy(text: str) -> bool:
    try:
        document = json.loads(text)
    except ValueError:
        return False
    return isinstance(document, dict) and "Statement" in document


def _summary(group: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name not in ("CreatedBy", "LastModifiedTime")}
