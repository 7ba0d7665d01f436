"""What the local services may ask of the cloud around them.

The services of `localcloud.sagemaker` and `localcloud.autoscaling` know only these protocols. The real cloud is
`localcloud.gateway.Gateway`; unit tests use `tests.fakes.cloud.FakeCloud`.
"""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol


@dataclass(frozen=True)
class Credentials:
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)

    def environment(self) -> dict[str, str]:
        """The variables by which a child process signs as these credentials."""
        variables = {"AWS_ACCESS_KEY_ID": self.access_key_id, "AWS_SECRET_ACCESS_KEY": self.secret_access_key}
        return variables | ({"AWS_SESSION_TOKEN": self.session_token} if self.session_token else {})


@dataclass(frozen=True)
class Caller:
    """Who signed the request: enough to ask the IAM evaluator, action by action.

    `headers` have lower-case names. `arn` is the principal's: `arn:aws:sts::<account>:assumed-role/<name>/<session>`.
    """

    headers: Mapping[str, str]
    arn: str


class ProcessSupervisor(Protocol):
    def start(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: IO[bytes] | int,
        stderr: IO[bytes] | int,
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a child in its own process group, with exactly `env`; it dies with the server whatever happens."""

    def stop(self, process: "subprocess.Popen[bytes]", grace_seconds: float) -> None:
        """SIGTERM to the child's whole group, SIGKILL after `grace_seconds`; returns when the child is reaped."""


class Cloud(Protocol):
    account: str
    region: str
    endpoint_url: str
    state_dir: Path
    time_scale: float
    """What AWS waits for one second, the local cloud waits for this many (retry backoff, stop grace, idle times)."""

    @property
    def processes(self) -> ProcessSupervisor: ...

    def authorize(self, caller: Caller, action: str, resource: str, context: Mapping[str, str] | None = None) -> None:
        """Raise ApiError AccessDeniedException, in AWS's words, unless `caller` may do `action` on the ARN `resource`.

        `context` holds the request's condition keys, e.g. `{"iam:PassedToService": "sagemaker.amazonaws.com"}`.
        """

    def assume_role(self, role_arn: str, session_name: str, service: str = "sagemaker.amazonaws.com") -> Credentials:
        """A session of the role, as `service` would get it.

        Raises ApiError ValidationException when the role is missing or does not trust `service`.
        """

    def role_may(self, role_arn: str, service: str, action: str, resource: str) -> bool:
        """Whether `service`, acting as the role, may do `action`; a role it cannot assume may do nothing."""

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """A boto3 client onto this cloud; without credentials it signs as the account's root."""

    def put_event(self, source: str, detail_type: str, detail: Mapping[str, object], resources: Sequence[str]) -> None:
        """Put an event of an AWS service on the default bus; returns before any target is called."""

    def put_metric(self, namespace: str, name: str, value: float, unit: str, dimensions: Mapping[str, str]) -> None: ...
