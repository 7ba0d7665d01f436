"""sagemaker-runtime: InvokeEndpointAsync."""

import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.hosting.artifacts import S3Object
from localcloud.sagemaker.hosting.async_config import AsyncSpec
from localcloud.sagemaker.hosting.async_delivery import AsyncRequest
from localcloud.sagemaker.hosting.async_queues import AsyncQueues
from localcloud.sagemaker.hosting.container_headers import container_headers
from localcloud.sagemaker.hosting.endpoints import Endpoints
from localcloud.sagemaker.hosting.refusals import refuse_in_request
from localcloud.sagemaker.hosting.variants import VariantSpec

# AWS's, in seconds: RequestTTLSeconds is scaled locally, as every wait; a model takes as long as it takes.
DEFAULT_TTL: Final = 21_600
DEFAULT_TIMEOUT: Final = 900
REFUSED: Final = ("S3OutputPathExtension", "Filename")


class AsyncRuntime:
    def __init__(self, cloud: Cloud, endpoints: Endpoints, queues: AsyncQueues) -> None:
        self._cloud = cloud
        self._endpoints = endpoints
        self._queues = queues

    def operations(self) -> dict[str, Handler]:
        return {"InvokeEndpointAsync": self._invoke}

    def _invoke(self, call: Call) -> dict[str, Any]:
        name = call.input["EndpointName"]
        self._cloud.authorize(call.caller, "sagemaker:InvokeEndpointAsync", self._endpoints.arn(name))
        refuse_in_request(call.input, REFUSED)
        endpoint = self._endpoints.in_service(name)
        with endpoint.serving() as fleet:
            spec = fleet.variants[0].spec if fleet else None
        if spec is None or spec.asynchronous is None:
            raise ApiError(
                "ValidationError",
                f"Endpoint {name} has no AsyncInferenceConfig in its endpoint config: call InvokeEndpoint",
            )
        request = self._request(call.input, spec, spec.asynchronous)
        self._queues.put(endpoint, request)
        return {
            "InferenceId": request.inference_id,
            "OutputLocation": request.output.url,
            "FailureLocation": request.failure.url if request.failure else None,
        }

    def _request(self, sent: Mapping[str, Any], variant: VariantSpec, spec: AsyncSpec) -> AsyncRequest:
        body, location = sent.get("Body", b""), sent.get("InputLocation", "")
        if bool(body) == bool(location):
            raise ApiError("ValidationError", "Exactly one of Body and InputLocation must be given")
        file = uuid.uuid4()
        return AsyncRequest(
            endpoint=sent["EndpointName"],
            variant=variant.name,
            role_arn=variant.model.role_arn,
            spec=spec,
            inference_id=sent.get("InferenceId") or str(uuid.uuid4()),
            headers=container_headers(sent),
            shown=_shown(sent),
            source=_source(location) if location else None,
            body=body,
            output=_below(spec.output, f"{file}.out"),
            failure=_below(spec.failure, f"{file}-error.out") if spec.failure else None,
            received=datetime.now(UTC),
            queued=time.monotonic(),
            ttl_seconds=sent.get("RequestTTLSeconds", DEFAULT_TTL) * self._cloud.time_scale,
            timeout_seconds=sent.get("InvocationTimeoutSeconds", DEFAULT_TIMEOUT),
        )


def _shown(sent: Mapping[str, Any]) -> dict[str, str]:
    """The request as its notification repeats it."""
    names = ("Accept", "ContentType", "CustomAttributes", "EndpointName", "InputLocation")
    return {name[0].lower() + name[1:]: sent[name] for name in names if sent.get(name)}


def _source(location: str) -> S3Object:
    try:
        return S3Object.parse(location, "InputLocation")
    except ApiError as error:
        raise ApiError("ValidationError", error.message) from error


def _below(prefix: S3Object, name: str) -> S3Object:
    return S3Object(prefix.bucket, f"{prefix.key.rstrip('/')}/{name}")
