"""The versions of a package group by their summaries: one call a hundred, where describing is one call each."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

_NO_SUCH_GROUP = ("ValidationException", "ResourceNotFound")


@dataclass(frozen=True)
class Version:
    number: int
    arn: str
    approval_status: str


def versions_of(sagemaker: Any, group: str, limit: int | None = None) -> list[Version]:
    """The newest first; none when there is no such group yet."""
    try:
        return list(islice(_all(sagemaker, group, limit), limit))
    except ClientError as error:
        if error.response["Error"]["Code"] in _NO_SUCH_GROUP:
            return []
        raise


def _all(sagemaker: Any, group: str, limit: int | None) -> Iterator[Version]:
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        SortBy="CreationTime",
        SortOrder="Descending",
        PaginationConfig={"PageSize": min(limit or 100, 100)},
    )
    for page in pages:
        for summary in page["ModelPackageSummaryList"]:
            yield Version(
                summary["ModelPackageVersion"], summary["ModelPackageArn"], summary.get("ModelApprovalStatus", "")
            )
