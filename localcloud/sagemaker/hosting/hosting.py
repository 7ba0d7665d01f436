"""Hosting as one part of SageMaker: its operations, its runtime's, and what autoscaling asks of it."""

import time
from collections.abc import Callable

from localcloud.api import Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.hosting.async_delivery import Delivery
from localcloud.sagemaker.hosting.async_queues import AsyncQueues
from localcloud.sagemaker.hosting.async_runtime import AsyncRuntime
from localcloud.sagemaker.hosting.capacity import Desired
from localcloud.sagemaker.hosting.data_capture import DataCapture
from localcloud.sagemaker.hosting.deployment import Deployments
from localcloud.sagemaker.hosting.endpoint import IN_PROGRESS, Endpoint
from localcloud.sagemaker.hosting.endpoint_configs import EndpointConfigs
from localcloud.sagemaker.hosting.endpoints import Endpoints
from localcloud.sagemaker.hosting.invocation_metrics import InvocationMetrics
from localcloud.sagemaker.hosting.models import Models, PackageLookup, ServedModel
from localcloud.sagemaker.hosting.runtime import Runtime
from localcloud.sagemaker.hosting.shadow import ShadowTraffic
from localcloud.sagemaker.hosting.variants import MakeServer, Variant
from localcloud.sagemaker.jobs.sessions import RoleSessions
from localcloud.sagemaker.tags import TagStore


class Hosting:
    """`package` finds a model package by name or ARN (`Registry.package`); tests hand in servers and a clock."""

    def __init__(
        self,
        cloud: Cloud,
        tags: TagStore,
        package: PackageLookup,
        servers: Callable[[Endpoint], MakeServer] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._models = Models(cloud, tags, package)
        self._configs = EndpointConfigs(cloud, tags, self._models)
        self._deployments = Deployments(cloud, servers, clock)
        self._endpoints = Endpoints(cloud, tags, self._configs, self._deployments)
        self._metrics = InvocationMetrics(cloud)
        sessions = RoleSessions(cloud)
        self._capture = DataCapture(cloud, sessions)
        self._shadows = ShadowTraffic()
        self._runtime = Runtime(cloud, self._endpoints, self._metrics, self._capture, self._shadows)
        delivery = Delivery(cloud, sessions, self._metrics)
        self._queues = AsyncQueues(cloud, self._endpoints.all, delivery, self._metrics)
        self._async_runtime = AsyncRuntime(cloud, self._endpoints, self._queues)

    def operations(self) -> dict[str, Handler]:
        """Of the service `sagemaker`."""
        return self._models.operations() | self._configs.operations() | self._endpoints.operations()

    def runtime_operations(self) -> dict[str, Handler]:
        """Of the service `sagemaker-runtime`."""
        return self._runtime.operations() | self._async_runtime.operations()

    def endpoint(self, name: str) -> Endpoint:
        """ValidationException when there is none."""
        return self._endpoints.get(name)

    def guard_deletion(self, guard: Callable[[str], None]) -> None:
        """`guard` is asked with its name before an endpoint is deleted, and may raise ApiError."""
        self._endpoints.before_delete = guard

    def is_changing(self, endpoint_name: str) -> bool:
        """Whether a change of that endpoint is under way."""
        endpoint = self._endpoints.find(endpoint_name)
        return endpoint is not None and endpoint.status in IN_PROGRESS

    def model(self, name: str) -> ServedModel:
        """What runs under that model's name; ValidationException when there is none."""
        return self._models.served(name)

    def set_instance_count(self, endpoint_name: str, variant_name: str, count: int) -> None:
        """Begin to bring a variant to `count` instances, for a caller whose rights are checked.

        Returns at once; the endpoint is Updating until they serve. ValidationException when there is no such variant,
        when another change is under way, or when the count is not allowed.
        """
        self._endpoints.change_capacity(endpoint_name, [Desired(variant_name, instance_count=count)])

    def instance_count(self, endpoint_name: str, variant_name: str) -> int | None:
        """The instances that take requests now; None when no such variant is in service."""
        variant = self._variant(endpoint_name, variant_name)
        return variant.instance_count if variant else None

    def _variant(self, endpoint_name: str, variant_name: str) -> Variant | None:
        endpoint = self._endpoints.find(endpoint_name)
        fleet = endpoint.fleet if endpoint else None
        return fleet.find(variant_name) if fleet else None

    def close(self) -> None:
        self._queues.close()
        self._shadows.close()
        self._deployments.close()
        self._capture.close()
        self._metrics.close()
