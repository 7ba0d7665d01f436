from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localcloud.api import JsonService
from localcloud.sagemaker.registry import Registry
from localcloud.sagemaker.tags import TagStore
from tests.fakes.cloud import FakeCloud

Request = Callable[..., dict[str, Any]]


@pytest.fixture
def cloud(tmp_path: Path) -> FakeCloud:
    return FakeCloud(tmp_path)


@pytest.fixture
def request_(cloud: FakeCloud) -> Request:
    """Calls the registry as the API does: request and answer pass botocore's model."""
    tags = TagStore(cloud)
    table = Registry(cloud, tags).operations() | tags.operations()
    service = JsonService("sagemaker", table, lambda headers: cloud.caller)
    return lambda operation, **request: service.call(operation, request, cloud.caller)


@pytest.fixture
def create_version(request_: Request) -> Request:
    """A new version in the group `churn`, which is made when it is not there."""

    def create(**more: Any) -> dict[str, Any]:
        if not request_("ListModelPackageGroups", NameContains="churn")["ModelPackageGroupSummaryList"]:
            request_("CreateModelPackageGroup", ModelPackageGroupName="churn")
        specification = {"Containers": [{"Image": "image", "ModelDataUrl": "s3://b/m.tar.gz"}]}
        request = {"ModelPackageGroupName": "churn", "InferenceSpecification": specification} | more
        return request_(
            "DescribeModelPackage", ModelPackageName=request_("CreateModelPackage", **request)["ModelPackageArn"]
        )

    return create
