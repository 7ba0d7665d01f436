"""sagemaker-runtime: InvokeEndpoint."""

import time
from collections.abc import Mapping
from typing import Any, Final

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.hosting.endpoints import Endpoints
from localcloud.sagemaker.hosting.fleet import Fleet
from localcloud.sagemaker.hosting.invocation_metrics import InvocationMetrics
from localcloud.sagemaker.hosting.serving.wire import Reply
from localcloud.sagemaker.hosting.variants import Invocation, Variant

# sagemaker-runtime's own model caps every body at 6 MiB; a serverless endpoint takes less.
SERVERLESS_BODY_BYTES: Final = 4 * 1024 * 1024
REFUSED: Final = (
    "TargetModel",
    "TargetContainerHostname",
    "EnableExplanations",
    "InferenceComponentName",
    "SessionId",
    "PrefixAwareId",
)
_ATTRIBUTES: Final = "x-amzn-sagemaker-custom-attributes"
_HEADERS: Final = {
    "ContentType": "Content-Type",
    "Accept": "Accept",
    "CustomAttributes": _ATTRIBUTES,
    "InferenceId": "x-amzn-sagemaker-inference-id",
}


class Runtime:
    def __init__(self, cloud: Cloud, endpoints: Endpoints, metrics: InvocationMetrics) -> None:
        self._cloud = cloud
        self._endpoints = endpoints
        self._metrics = metrics

    def operations(self) -> dict[str, Handler]:
        return {"InvokeEndpoint": self._invoke}

    def _invoke(self, call: Call) -> dict[str, Any]:
        begun = time.perf_counter()
        request = call.input
        name = request["EndpointName"]
        self._cloud.authorize(call.caller, "sagemaker:InvokeEndpoint", self._endpoints.arn(name))
        _refuse_members(request)
        endpoint = self._endpoints.find(name)
        if endpoint is None:
            raise self._not_found(name)
        with endpoint.serving() as fleet:
            if fleet is None:
                # SageMaker's runtime does not know an endpoint that is being created, failed or is being deleted.
                raise self._not_found(name)
            variant, invocation = _answered(fleet, request)
        self._record(endpoint.name, variant, invocation, time.perf_counter() - begun)
        return self._response(endpoint.name, variant, invocation.reply)

    def _not_found(self, name: str) -> ApiError:
        return ApiError("ValidationError", f"Endpoint {name} of account {self._cloud.account} not found.")

    def _record(self, endpoint: str, variant: Variant, invocation: Invocation, seconds: float) -> None:
        latencies = {
            "ModelLatency": invocation.model_seconds,
            "OverheadLatency": max(0.0, seconds - invocation.model_seconds),
        }
        if invocation.setup_seconds:
            latencies["ModelSetupTime"] = invocation.setup_seconds
        self._metrics.record(endpoint, variant.spec.name, invocation.reply.status, latencies)

    def _response(self, endpoint: str, variant: Variant, reply: Reply) -> dict[str, Any]:
        if not 200 <= reply.status < 300:
            raise self._model_error(endpoint, reply)
        return {
            "Body": reply.body,
            "ContentType": reply.headers.get("content-type"),
            "InvokedProductionVariant": variant.spec.name,
            "CustomAttributes": reply.headers.get(_ATTRIBUTES),
        }

    def _model_error(self, endpoint: str, reply: Reply) -> ApiError:
        region, account = self._cloud.region, self._cloud.account
        text = reply.body.decode("utf-8", errors="replace")
        side = "client" if 400 <= reply.status < 500 else "server"
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        message = (
            f'Received {side} error ({reply.status}) from primary with message "{text}". See '
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#logEventViewer:group={group} "
            f"in account {account} for more information."
        )
        log_arn = arn(self._cloud, "endpoint", endpoint).replace(":sagemaker:", ":logs:").rpartition(":")[0]
        fields = {
            "OriginalStatusCode": reply.status,
            "OriginalMessage": text,
            "LogStreamArn": f"{log_arn}:log-group:{group}",
        }
        return ApiError("ModelError", message, 424, fields)


def _answered(fleet: Fleet, request: Mapping[str, Any]) -> tuple[Variant, Invocation]:
    variant = fleet.choose(request.get("TargetVariant"))
    size = len(request["Body"])
    if variant.spec.serverless and size > SERVERLESS_BODY_BYTES:
        raise ApiError(
            "ValidationError",
            f"The body has {size} bytes; a serverless endpoint takes at most {SERVERLESS_BODY_BYTES}",
        )
    headers = {header: request[member] for member, header in _HEADERS.items() if member in request}
    return variant, variant.invoke(headers, request["Body"])


def _refuse_members(request: Mapping[str, Any]) -> None:
    for name in REFUSED:
        if name in request:
            raise ApiError("ValidationError", f"{name} is not implemented by the local cloud; leave it out")
