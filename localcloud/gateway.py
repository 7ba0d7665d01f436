"""The real `Cloud`: MiniStack's IAM, events and metrics, and boto3 clients onto this server's own port."""

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from localcloud.cloud import Caller, Credentials, ProcessSupervisor
from localcloud.errors import ApiError
from localcloud.ministack_port import events, identity, serving
from localcloud.settings import ROOT_ACCESS_KEY, ROOT_SECRET_KEY, Settings

_log = logging.getLogger(__name__)

# Loopback: nothing between us and the server may retry for long, or ask a proxy.
_CLIENT_CONFIG = Config(
    connect_timeout=5,
    read_timeout=120,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=32,
    proxies={},
)


class Gateway:
    def __init__(self, settings: Settings, processes: ProcessSupervisor) -> None:
        self.account = settings.account
        self.region = settings.region
        self.endpoint_url = settings.endpoint_url
        self.state_dir: Path = settings.state_dir
        self.time_scale = settings.time_scale
        self.analyzer = settings.analyzer
        self._processes = processes
        self._clients = _Clients(settings)
        self._service_sessions: dict[tuple[str, str], Credentials] = {}

    @property
    def processes(self) -> ProcessSupervisor:
        return self._processes

    def identify(self, headers: Mapping[str, str]) -> Caller:
        return Caller(dict(headers), identity.caller_arn(headers))

    def authorize(self, caller: Caller, action: str, resource: str, context: Mapping[str, str] | None = None) -> None:
        with identity.scope(self.account, self.region):
            identity.authorize(caller.headers, action, resource, context)

    def assume_role(self, role_arn: str, session_name: str, service: str = "sagemaker.amazonaws.com") -> Credentials:
        self._require_trust(role_arn, service)
        return identity.open_session(role_arn, session_name, self.account)

    def service_session(self, role_arn: str, service: str) -> Credentials:
        """The session under which an AWS service acts as a role again and again; the trust is checked every time."""
        self._require_trust(role_arn, service)
        key = (role_arn, service)
        if key not in self._service_sessions:
            name = service.partition(".")[0].capitalize()
            self._service_sessions[key] = identity.open_session(role_arn, f"AWS{name}", self.account)
        return self._service_sessions[key]

    def role_may(self, role_arn: str, service: str, action: str, resource: str) -> bool:
        """Whether `service`, acting as the role, may do `action`; a role it cannot assume may do nothing."""
        try:
            session = self.service_session(role_arn, service)
            headers = identity.session_headers(session, self.region, action.partition(":")[0])
            self.authorize(Caller(headers, role_arn), action, resource)
        except ApiError as denied:
            _log.info("%s as %s: %s", service, role_arn, denied.message)
            return False
        return True

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        return self._clients.get(service, credentials)

    def scope(self) -> AbstractContextManager[None]:
        """The account and region that MiniStack's stores resolve names in, for threads outside any request."""
        return identity.scope(self.account, self.region)

    def put_event(self, source: str, detail_type: str, detail: Mapping[str, object], resources: Sequence[str]) -> None:
        with identity.scope(self.account, self.region):
            events.put_event(source, detail_type, detail, resources)

    def put_metric(self, namespace: str, name: str, value: float, unit: str, dimensions: Mapping[str, str]) -> None:
        with identity.scope(self.account, self.region):
            serving.put_metric(namespace, name, value, unit, dimensions)

    def _require_trust(self, role_arn: str, service: str) -> None:
        with identity.scope(self.account, self.region):
            trusts = identity.role_trusts(role_arn, service, self.account)
        if not trusts:
            reason = "does not exist" if trusts is None else f"does not trust {service}"
            _log.info("role %s %s", role_arn, reason)
            raise ApiError(
                "ValidationException",
                f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
                f"'{service}' to assume the role.",
            )


class _Clients:
    """boto3 clients by service and key: building one costs tens of milliseconds, and is not thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session = boto3.Session(region_name=settings.region)
        self._lock = threading.Lock()
        self._built: dict[tuple[str, str], Any] = {}

    def get(self, service: str, credentials: Credentials | None) -> Any:
        signer = credentials or Credentials(ROOT_ACCESS_KEY, ROOT_SECRET_KEY)
        key = (service, signer.access_key_id)
        with self._lock:
            if key not in self._built:
                self._built[key] = self._session.client(
                    service,
                    endpoint_url=self._settings.endpoint_url,
                    aws_access_key_id=signer.access_key_id,
                    aws_secret_access_key=signer.secret_access_key,
                    aws_session_token=signer.session_token or None,
                    config=_CLIENT_CONFIG,
                )
            return self._built[key]
