from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.api import JsonService, RestJsonService
from localcloud.sagemaker.hosting.endpoint import STATE_EVENT
from localcloud.sagemaker.hosting.hosting import Hosting
from localcloud.sagemaker.registry import Registry
from localcloud.sagemaker.tags import TagStore
from tests.fakes.alarms import FakeAlarms
from tests.fakes.cloud import FakeCloud
from tests.fakes.model_server import FakeServers
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances
from tests.waiting import eventually

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
ROLE = "arn:aws:iam::000000000000:role/sluice-dev-sagemaker"
SCRIPT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}


class FakeS3:
    """Has every object but those in `lacking`, whose value is the code that HeadObject answers with."""

    def __init__(self) -> None:
        self.lacking: dict[str, str] = {}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key in self.lacking:
            raise ClientError({"Error": {"Code": self.lacking[Key], "Message": "no"}}, "HeadObject")
        return {}


@dataclass
class Api:
    """SageMaker and its runtime as clients meet them: both sides of every call pass botocore's models."""

    cloud: FakeCloud
    service: JsonService
    runtime: RestJsonService
    hosting: Hosting
    s3: FakeS3
    alarms: FakeAlarms

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        return self.service.call(operation, request, self.cloud.caller)

    def invoke(self, **request: Any) -> dict[str, Any]:
        return self.runtime.call(
            "InvokeEndpoint", {"EndpointName": "churn", "Body": b"1,2", **request}, self.cloud.caller
        )

    def model(self, name: str = "m1", **container: Any) -> dict[str, Any]:
        primary = {"Image": XGBOOST, "ModelDataUrl": "s3://bucket/model.tar.gz", "Environment": SCRIPT} | container
        return self("CreateModel", ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=primary)

    def config(self, name: str, *variants: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self("CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=list(variants), **more)

    def settled(self, name: str = "churn") -> dict[str, Any]:
        """The endpoint once nothing is under way."""

        def ended() -> dict[str, Any] | None:
            described = self("DescribeEndpoint", EndpointName=name)
            return described if described["EndpointStatus"] in ("InService", "Failed") else None

        return eventually(ended, f"endpoint {name} settles")

    def statuses(self) -> list[str]:
        """As the events told them."""
        return [event.detail["EndpointStatus"] for event in self.cloud.events if event.detail_type == STATE_EVENT]


@pytest.fixture
def servers() -> FakeServers:
    return FakeServers()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """What a deployment's age is read from: it stands until the test moves it."""
    return Clock()


@pytest.fixture
def api(tmp_path: Path, servers: FakeServers, clock: Clock) -> Iterator[Api]:
    s3 = FakeS3()
    alarms = FakeAlarms()
    cloud = FakeCloud(tmp_path, clients={"s3": s3, "cloudwatch": alarms})
    tags = TagStore(cloud)
    registry = Registry(cloud, tags)
    hosting = Hosting(cloud, tags, registry.package, servers, clock)
    table = registry.operations() | hosting.operations() | tags.operations()
    service = JsonService("sagemaker", table, lambda headers: cloud.caller)
    runtime = RestJsonService("sagemaker-runtime", hosting.runtime_operations(), lambda headers: cloud.caller)
    yield Api(cloud, service, runtime, hosting, s3, alarms)
    hosting.close()


@pytest.fixture
def endpoint(api: Api) -> Callable[..., dict[str, Any]]:
    """An endpoint `churn` on config `c1` of model `m1`, in service."""

    def create(*variants: dict[str, Any], **more: Any) -> dict[str, Any]:
        api.model()
        api.config("c1", *(variants or [instances()]))
        api("CreateEndpoint", EndpointName="churn", EndpointConfigName="c1", **more)
        return api.settled()

    return create
