"""sagemaker-runtime: InvokeEndpoint."""

import time
from collections.abc import Mapping
from typing import Any, Final

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.hosting.container_headers import ATTRIBUTES, container_headers
from localcloud.sagemaker.hosting.data_capture import DataCapture, Sampled
from localcloud.sagemaker.hosting.endpoints import Endpoints
from localcloud.sagemaker.hosting.fleet import Fleet
from localcloud.sagemaker.hosting.invocation_metrics import INSTANCE_NAMESPACE, InvocationMetrics
from localcloud.sagemaker.hosting.multi_model import Loading, MultiModelVariant
from localcloud.sagemaker.hosting.refusals import refuse_in_request
from localcloud.sagemaker.hosting.serverless_metrics import concurrency_metrics
from localcloud.sagemaker.hosting.serving.wire import Reply
from localcloud.sagemaker.hosting.shadow import ShadowedVariant, ShadowTraffic
from localcloud.sagemaker.hosting.variants import Invocation, Variant

# sagemaker-runtime's own model caps every body at 6 MiB; a serverless endpoint takes less.
SERVERLESS_BODY_BYTES: Final = 4 * 1024 * 1024
REFUSED: Final = (
    "TargetContainerHostname",
    "EnableExplanations",
    "InferenceComponentName",
    "SessionId",
    "PrefixAwareId",
)


class Runtime:
    def __init__(
        self,
        cloud: Cloud,
        endpoints: Endpoints,
        metrics: InvocationMetrics,
        capture: DataCapture,
        shadows: ShadowTraffic,
    ) -> None:
        self._cloud = cloud
        self._endpoints = endpoints
        self._metrics = metrics
        self._capture = capture
        self._shadows = shadows

    def operations(self) -> dict[str, Handler]:
        return {"InvokeEndpoint": self._invoke}

    def _invoke(self, call: Call) -> dict[str, Any]:
        begun = time.perf_counter()
        request = call.input
        name = request["EndpointName"]
        self._cloud.authorize(call.caller, "sagemaker:InvokeEndpoint", self._endpoints.arn(name))
        refuse_in_request(request, REFUSED)
        with self._endpoints.in_service(name).serving() as fleet:
            if fleet is None:
                raise ApiError("ValidationError", f"Endpoint {name} of account {self._cloud.account} not found.")
            variant = fleet.choose(request.get("TargetVariant"))
            _check(request, variant)
            sampled = self._capture.sample(variant.spec.capture, request)
            headers = container_headers(request)
            if isinstance(variant, ShadowedVariant):
                self._copy(name, fleet, variant, headers, request["Body"], sampled)
            invocation = self._answered(name, variant, headers, request)
        self._record(name, variant, invocation, sampled, time.perf_counter() - begun)
        return self._response(name, variant, invocation.reply)

    def _answered(
        self, endpoint: str, variant: Variant, headers: Mapping[str, str], request: Mapping[str, Any]
    ) -> Invocation:
        if not isinstance(variant, MultiModelVariant):
            return variant.invoke(headers, request["Body"])
        invocation, loading = variant.invoke_target(request["TargetModel"], headers, request["Body"])
        self._record_loading(endpoint, variant.spec.name, loading)
        return invocation

    def _copy(
        self,
        endpoint: str,
        fleet: Fleet,
        variant: ShadowedVariant,
        headers: Mapping[str, str],
        body: bytes,
        sampled: Sampled | None,
    ) -> None:
        """The shadow's share of the requests, captured and measured as any variant's."""

        def answered(invocation: Invocation) -> None:
            self._record(endpoint, variant.shadow, invocation, sampled, None)

        self._shadows.send(fleet, variant, headers, body, answered)

    def _record(
        self, endpoint: str, variant: Variant, invocation: Invocation, sampled: Sampled | None, seconds: float | None
    ) -> None:
        """`seconds`: that the caller waited, if there was one."""
        spec, reply = variant.spec, invocation.reply
        latencies = {"ModelLatency": invocation.model_seconds}
        if seconds is not None:
            latencies["OverheadLatency"] = max(0.0, seconds - invocation.model_seconds)
        if invocation.setup_seconds:
            latencies["ModelSetupTime"] = invocation.setup_seconds
        self._metrics.record(endpoint, spec.name, reply.status, latencies, variant.instance_count)
        for unit, values in concurrency_metrics(spec, invocation.concurrent).items():
            self._metrics.values(endpoint, spec.name, values, unit)
        if sampled and spec.capture:
            self._capture.keep(endpoint, spec.name, spec.model.role_arn, spec.capture, sampled, reply)

    def _record_loading(self, endpoint: str, variant: str, loading: Loading) -> None:
        self._metrics.latencies(endpoint, variant, loading.seconds)
        self._metrics.values(endpoint, variant, {"ModelCacheHit": float(loading.cache_hit)}, "None")
        for count in loading.loaded:
            loaded = {"LoadedModelCount": float(count)}
            self._metrics.values(endpoint, variant, loaded, "None", namespace=INSTANCE_NAMESPACE)

    def _response(self, endpoint: str, variant: Variant, reply: Reply) -> dict[str, Any]:
        if not 200 <= reply.status < 300:
            raise self._model_error(endpoint, reply)
        return {
            "Body": reply.body,
            "ContentType": reply.headers.get("content-type"),
            "InvokedProductionVariant": variant.spec.name,
            "CustomAttributes": reply.headers.get(ATTRIBUTES),
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


def _check(request: Mapping[str, Any], variant: Variant) -> None:
    """What the variant's way of serving does not take: ApiError ValidationError."""
    name, size = request["EndpointName"], len(request["Body"])
    if variant.spec.asynchronous:
        message = f"Endpoint {name} serves asynchronous inference only: call InvokeEndpointAsync"
    elif "TargetModel" in request and not variant.spec.model.multi_model:
        message = f"Endpoint {name} is not a multi-model endpoint and does not support target model header."
    elif "TargetModel" not in request and variant.spec.model.multi_model:
        message = f"Endpoint {name} is a multi-model endpoint and requires the target model header: give TargetModel"
    elif variant.spec.serverless and size > SERVERLESS_BODY_BYTES:
        message = f"The body has {size} bytes; a serverless endpoint takes at most {SERVERLESS_BODY_BYTES}"
    else:
        return
    raise ApiError("ValidationError", message)
