"""A transform job's instances: model servers that are asked until they answer, or the job's retries are used up."""

import threading
from dataclasses import dataclass
from typing import Final

from localcloud.sagemaker.hosting.artifacts import DeploymentFailed
from localcloud.sagemaker.hosting.connection import HUNG_UP
from localcloud.sagemaker.hosting.serving.wire import Reply
from localcloud.sagemaker.hosting.variants import INSTANCE_START_SECONDS, Server
from localcloud.sagemaker.jobs.failures import JobFailure
from localcloud.sagemaker.transform.plan import TransformPlan

_SEE_LOGS: Final = "See job logs for more information"
_BACKOFF_SECONDS: Final = 1.0


class Stopped(Exception):
    """The job is to end before it is done."""


@dataclass(frozen=True)
class RefusedRequest(Exception):
    """The container's last answer, after all retries; status 0: it gave none."""

    status: int
    told: str

    @property
    def kind(self) -> str:
        return "ClientError" if 400 <= self.status < 500 else "AlgorithmError"

    @property
    def reason(self) -> str:
        return f"{self.kind}: {_SEE_LOGS}"


class Instance:
    """`scale` is the cloud's time scale; `stopping` ends the waits between two attempts."""

    def __init__(self, server: Server, name: str, plan: TransformPlan, scale: float, stopping: threading.Event) -> None:
        self.name = name
        self._server = server
        self._plan = plan
        self._scale = scale
        self._stopping = stopping
        self._restarting = threading.Lock()
        given = {"Content-Type": plan.content_type, "Accept": plan.accept}
        self._headers = {header: value for header, value in given.items() if value}

    def bring_up(self) -> None:
        """JobFailure when it does not come up; Stopped when it need not any more."""
        try:
            self._server.prepare()
        except DeploymentFailed as failure:
            raise JobFailure(f"ClientError: {failure}") from failure
        if self._stopping.is_set():
            raise Stopped
        try:
            self._server.start(INSTANCE_START_SECONDS)
        except DeploymentFailed as failure:
            last = str(failure).partition(" The container's last line:")[2]
            raise JobFailure(
                "AlgorithmError: Model container failed to respond to ping; Please ensure /ping endpoint in algorithm "
                f"container is implemented correctly{f'. The last line of its log:{last}' if last else ''}"
            ) from failure

    def answer(self, body: bytes) -> bytes:
        """Raises RefusedRequest, or Stopped."""
        for attempt in range(self._plan.retries + 1):
            if self._stopping.wait(_BACKOFF_SECONDS * self._scale * (2**attempt - 1)):
                raise Stopped
            reply = self._ask(body)
            if 200 <= reply.status < 300:
                return reply.body
            if 400 <= reply.status < 500:
                break
        raise RefusedRequest(reply.status, reply.body.decode(errors="replace"))

    def abort(self) -> None:
        self._server.abort()

    def remove(self) -> None:
        self._server.remove()

    def _ask(self, body: bytes) -> Reply:
        try:
            if not self._server.running:
                self._start_again()
            return self._server.invoke(self._headers, body, self._plan.timeout_seconds)
        except TimeoutError:
            told = f"no answer within {self._plan.timeout_seconds:g} s (ModelClientConfig.InvocationsTimeoutInSeconds)"
            return Reply(0, told.encode())
        except DeploymentFailed as failure:
            return Reply(0, str(failure).encode())
        except HUNG_UP:
            return Reply(0, b"the container ended without an answer")

    def _start_again(self) -> None:
        with self._restarting:
            if self._stopping.is_set():
                raise Stopped
            if not self._server.running:
                self._server.start(INSTANCE_START_SECONDS)
