"""A cloud without MiniStack: it allows or denies as the test says, and remembers what it was told."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from localcloud.cloud import Caller, Credentials
from localcloud.errors import ApiError


@dataclass(frozen=True)
class PutEvent:
    source: str
    detail_type: str
    detail: dict[str, Any]
    resources: list[str]


@dataclass(frozen=True)
class PutMetric:
    namespace: str
    name: str
    value: float
    unit: str
    dimensions: dict[str, str]


@dataclass(frozen=True)
class Authorization:
    action: str
    resource: str
    context: dict[str, str]


class FakeProcesses:
    """Real children, without the watchdog: a unit test that starts one stops it."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: IO[bytes] | int,
        stderr: IO[bytes] | int,
        pass_fds: Sequence[int] = (),
    ) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdout=stdout,
            stderr=stderr,
            stdin=subprocess.DEVNULL,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def stop(self, process: "subprocess.Popen[bytes]", grace_seconds: float) -> None:
        for number, wait in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 10.0)):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(wait)
                return


@dataclass
class FakeCloud:
    """`denied` holds actions that authorize() refuses, `denied_to_roles` those that role_may() denies; `untrusting` the
    role ARNs that assume_role() refuses.

    `clients` maps a service to the object that client() gives (a fake, or a stubbed boto3 client).
    """

    state_dir: Path
    account: str = "000000000000"
    region: str = "us-east-1"
    endpoint_url: str = "http://127.0.0.1:4566"
    time_scale: float = 0.01
    denied: set[str] = field(default_factory=set)
    denied_to_roles: set[str] = field(default_factory=set)
    untrusting: set[str] = field(default_factory=set)
    clients: dict[str, Any] = field(default_factory=dict)
    events: list[PutEvent] = field(default_factory=list)
    metrics: list[PutMetric] = field(default_factory=list)
    authorizations: list[Authorization] = field(default_factory=list)
    sessions: list[tuple[str, str]] = field(default_factory=list)
    on_event: Callable[[PutEvent], None] | None = None
    processes: FakeProcesses = field(default_factory=FakeProcesses)

    @property
    def caller(self) -> Caller:
        return Caller({}, f"arn:aws:iam::{self.account}:root")

    def authorize(self, caller: Caller, action: str, resource: str, context: Mapping[str, str] | None = None) -> None:
        self.authorizations.append(Authorization(action, resource, dict(context or {})))
        if action in self.denied:
            raise ApiError(
                "AccessDeniedException",
                f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} "
                f"because no identity-based policy allows the {action} action",
            )

    def assume_role(self, role_arn: str, session_name: str, service: str = "sagemaker.amazonaws.com") -> Credentials:
        if role_arn in self.untrusting:
            raise ApiError(
                "ValidationException",
                f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
                f"'{service}' to assume the role.",
            )
        self.sessions.append((role_arn, session_name))
        return Credentials(f"ASIAFAKE{len(self.sessions):012d}", "secret", "token")

    def role_may(self, role_arn: str, service: str, action: str, resource: str) -> bool:
        return action not in self.denied_to_roles and role_arn not in self.untrusting

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        return self.clients[service]

    def put_event(self, source: str, detail_type: str, detail: Mapping[str, object], resources: Sequence[str]) -> None:
        event = PutEvent(source, detail_type, dict(detail), list(resources))
        self.events.append(event)
        if self.on_event:
            self.on_event(event)

    def put_metric(self, namespace: str, name: str, value: float, unit: str, dimensions: Mapping[str, str]) -> None:
        self.metrics.append(PutMetric(namespace, name, value, unit, dict(dimensions)))
