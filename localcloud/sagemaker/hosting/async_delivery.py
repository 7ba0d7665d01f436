"""One asynchronous request on its way: input from S3, the model's answer, output or failure to S3, who is told.

Everything is read and written as the model's role.
"""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.api import ApiError
from localcloud.cloud import Cloud
from localcloud.sagemaker.hosting.artifacts import S3Object
from localcloud.sagemaker.hosting.async_config import AsyncSpec
from localcloud.sagemaker.hosting.invocation_metrics import InvocationMetrics
from localcloud.sagemaker.hosting.serving.wire import Reply
from localcloud.sagemaker.hosting.variants import Variant
from localcloud.sagemaker.jobs.s3 import S3Error, explain
from localcloud.sagemaker.jobs.sessions import RoleSessions

_log = logging.getLogger(__name__)

ATTEMPTS: Final = 3
"""How often a request is given to an instance that ends before it has answered."""
SEE_LOGS: Final = "See the SageMaker Endpoint logs in your account for more information."


@dataclass(frozen=True, eq=False)
class AsyncRequest:
    """`queued` and `ttl_seconds` are of the monotonic clock; the time to live is the local cloud's, scaled."""

    endpoint: str
    variant: str
    """That it is counted under while none has taken it."""
    role_arn: str
    spec: AsyncSpec
    inference_id: str
    headers: Mapping[str, str]
    """For the container."""
    shown: Mapping[str, str]
    """`requestParameters` of the notification."""
    source: S3Object | None
    """None: `body` came with the request."""
    body: bytes
    output: S3Object
    failure: S3Object | None
    received: datetime
    queued: float
    ttl_seconds: float
    timeout_seconds: float
    attempts: int = 0
    """Instances that ended with it."""

    @property
    def expired(self) -> bool:
        return time.monotonic() - self.queued > self.ttl_seconds


class _Failed(Exception):
    """The request ends without an answer; the message is the notification's failureReason."""

    def __init__(self, reason: str, metric: str = "", reply: Reply | None = None) -> None:
        super().__init__(reason)
        self.metric = metric
        self.reply = reply


class InstanceEnded(Exception):
    """Before it has answered: it crashed, or was taken away. The request can be asked again."""


class Delivery:
    def __init__(self, cloud: Cloud, sessions: RoleSessions, metrics: InvocationMetrics) -> None:
        self._cloud = cloud
        self._sessions = sessions
        self._metrics = metrics

    def deliver(self, request: AsyncRequest, variant: Variant) -> None:
        """Blocks until the answer lies in S3 and is told; a failure ends there as well.

        Raises InstanceEnded, and ApiError when the variant had no instance to ask.
        """
        name = variant.spec.name
        self._metrics.latencies(request.endpoint, name, {"TimeInBacklog": time.monotonic() - request.queued})
        try:
            reply = self._answered(request, name, variant)
        except _Failed as failed:
            self._fail(request, name, failed)
        else:
            told = {"contentType": reply.headers.get("content-type", ""), "outputLocation": request.output.url}
            self._tell(request, name, "Completed", {"responseParameters": told}, request.spec.success_topic)
        self._count_end(request, name)

    def refuse(self, request: AsyncRequest, variant: Variant, reason: str) -> None:
        """No instance could be asked."""
        self._metrics.errors(request.endpoint, variant.spec.name, 503)
        self._fail(request, variant.spec.name, _Failed(f"ClientError: {reason}"))
        self._count_end(request, variant.spec.name)

    def expire(self, request: AsyncRequest) -> None:
        """It waited for longer than it may."""
        self._count(request, request.variant, "ExpiredRequests", 1)
        reason = {"failureReason": "ClientError: The request expired: it was in the queue for RequestTTLSeconds."}
        self._tell(request, request.variant, "Expired", reason, request.spec.error_topic)
        self._count_end(request, request.variant)

    def _answered(self, request: AsyncRequest, name: str, variant: Variant) -> Reply:
        body = self._input(request, name)
        invocation = variant.invoke(request.headers, body, request.timeout_seconds)
        reply = invocation.reply
        if invocation.ended and request.attempts < ATTEMPTS - 1:
            raise InstanceEnded
        self._metrics.errors(request.endpoint, name, reply.status)
        self._metrics.latencies(request.endpoint, name, {"ModelLatency": invocation.model_seconds})
        if not 200 <= reply.status < 300:
            side = "client" if 400 <= reply.status < 500 else "server"
            reason = f"ClientError: Received {side} error ({reply.status}) from model. {SEE_LOGS}"
            raise _Failed(reason, reply=reply)
        with self._timed(request, name, "ResponseUpload"):
            self._put(request, request.output, reply)
        return reply

    def _input(self, request: AsyncRequest, name: str) -> bytes:
        if request.source is None:
            return request.body
        with self._timed(request, name, "RequestDownload"):
            found = self._client("s3", request).get_object(Bucket=request.source.bucket, Key=request.source.key)
            body: bytes = found["Body"].read()
        return body

    @contextmanager
    def _timed(self, request: AsyncRequest, name: str, step: str) -> Iterator[None]:
        """A step with S3: its latency, or its failure."""
        begun = time.perf_counter()
        try:
            yield
        except (ApiError, *S3Error) as error:
            what = f"download request from {request.shown.get('inputLocation')}"
            if step == "ResponseUpload":
                what = f"upload response to {request.output.url}"
            reason = f"ClientError: Failed to {what}. {explain(error)}"
            raise _Failed(reason, metric=f"{step}Failures") from error
        self._metrics.latencies(request.endpoint, name, {f"{step}Latency": time.perf_counter() - begun})

    def _fail(self, request: AsyncRequest, name: str, failed: _Failed) -> None:
        for metric in filter(None, ("InvocationFailures", failed.metric)):
            self._count(request, name, metric, 1)
        told: dict[str, Any] = {"failureReason": str(failed)}
        if request.failure:
            told["responseParameters"] = {"failureLocation": request.failure.url}
            try:
                self._put(request, request.failure, failed.reply or Reply(0, str(failed).encode()))
            except (ApiError, *S3Error) as error:
                self._count(request, name, "ResponseUploadFailures", 1)
                _log.warning("%s was not written: %s", request.failure.url, explain(error))
        self._tell(request, name, "Failed", told, request.spec.error_topic)

    def _put(self, request: AsyncRequest, target: S3Object, reply: Reply) -> None:
        key = request.spec.kms_key
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}
        content_type = reply.headers.get("content-type", "application/octet-stream")
        self._client("s3", request).put_object(
            Bucket=target.bucket, Key=target.key, Body=reply.body, ContentType=content_type, **encryption
        )

    def _tell(self, request: AsyncRequest, name: str, status: str, told: Mapping[str, Any], topic: str) -> None:
        if not topic:
            return
        message = notification(request, self._cloud.region, status, told)
        try:
            self._client("sns", request).publish(TopicArn=topic, Message=json.dumps(message))
        except (ApiError, *S3Error) as error:
            self._count(request, name, "NotificationFailures", 1)
            _log.warning("%s was not told of %s: %s", topic, request.inference_id, explain(error))

    def _client(self, service: str, request: AsyncRequest) -> Any:
        return self._cloud.client(service, self._sessions.get(request.role_arn))

    def _count_end(self, request: AsyncRequest, name: str) -> None:
        self._count(request, name, "InvocationsProcessed", 1)
        milliseconds = (time.monotonic() - request.queued) * 1000
        self._metrics.values(request.endpoint, name, {"TotalProcessingTime": milliseconds}, "Milliseconds")

    def _count(self, request: AsyncRequest, name: str, metric: str, count: float) -> None:
        self._metrics.values(request.endpoint, name, {metric: count}, "Count")


def notification(request: AsyncRequest, region: str, status: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """What SageMaker publishes; `told` is what the status adds."""
    return {
        "awsRegion": region,
        "eventTime": _moment(datetime.now(UTC)),
        "receivedTime": _moment(request.received),
        "invocationStatus": status,
        "requestParameters": dict(request.shown),
        **told,
        "inferenceId": request.inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
