"""The registry as one part of SageMaker: its operations, and the look-up that CreateModel needs."""

from collections.abc import Mapping
from typing import Any

from localcloud.api import Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.registry.groups import Groups
from localcloud.sagemaker.registry.packages import Packages
from localcloud.sagemaker.tags import TagStore


class Registry:
    def __init__(self, cloud: Cloud, tags: TagStore) -> None:
        self._groups = Groups(cloud, tags, lambda group: self._packages.count_in(group))
        self._packages = Packages(cloud, tags, self._groups)

    def operations(self) -> dict[str, Handler]:
        return self._groups.operations() | self._packages.operations()

    def package(self, name_or_arn: str) -> Mapping[str, Any]:
        """A model package as DescribeModelPackage tells it; ValidationException when there is none."""
        return self._packages.get(name_or_arn)

    def close(self) -> None:
        """Nothing runs here; every part of SageMaker has a close()."""
