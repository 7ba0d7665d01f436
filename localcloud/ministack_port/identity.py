"""IAM: who a caller is, what it may do, which service may assume a role or use a resource."""

import contextvars
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ministack import app as gateway
from ministack.core import iam_evaluator as evaluator
from ministack.core.iam_actions import identity_denial_message
from ministack.core.responses import request_scope
from ministack.core.router import extract_access_key_id, extract_region
from ministack.services import iam, lambda_svc, sns, sqs, sts

from localcloud.cloud import Credentials
from localcloud.errors import ApiError


def treat_loopback_as_tls() -> None:
    """Policies that demand `aws:SecureTransport` hold on AWS; on the loopback there is no TLS to demand."""
    evaluator._request_origin = contextvars.ContextVar("localcloud_request_origin", default=("127.0.0.1", True))
    pin = evaluator.pin_request_origin
    gateway.pin_request_origin = lambda source_ip, _secure: pin(source_ip, True)


def make_sessions_safe_for_threads() -> None:
    """On each new session MiniStack goes through all of them for expired ones, while other threads add theirs."""
    register, one_at_a_time = sts.register_session, threading.Lock()

    def register_session(access_key: str, session: dict[str, Any]) -> None:
        with one_at_a_time:
            register(access_key, session)

    sts.register_session = register_session


@contextmanager
def scope(account: str, region: str) -> Iterator[None]:
    """The account and region that MiniStack's stores resolve names in, for threads outside any request."""
    with request_scope(account, region):
        yield


def caller_arn(headers: Mapping[str, str]) -> str:
    arn: str = evaluator.request_caller_arn(dict(headers))
    return arn


def authorize(headers: Mapping[str, str], action: str, resource: str, context: Mapping[str, str] | None = None) -> None:
    """Raise ApiError in AWS's words unless the signer of `headers` may do `action` on the ARN `resource`."""
    signed, service = dict(headers), action.partition(":")[0]
    denied = evaluator.enforce(
        extract_access_key_id(signed), action, service, extract_region(signed), resource, dict(context or {})
    )
    if denied is None:
        return
    if isinstance(denied, evaluator.AuthError):
        raise ApiError(denied.code, denied.message, 403)
    explicit = denied.decision == "Deny"
    raise ApiError(
        "AccessDeniedException", identity_denial_message(action, denied.principal_arn, resource, explicit), 400
    )


def session_headers(credentials: Credentials, region: str, service: str) -> dict[str, str]:
    """Headers that name a session's key. Only for calls inside this process: no signature is checked there."""
    scope_text = f"{credentials.access_key_id}/20260101/{region}/{service}/aws4_request"
    return {
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope_text}, SignedHeaders=host, Signature=0",
        "x-amz-security-token": credentials.session_token,
        "host": f"{service}.{region}.amazonaws.com",
    }


def open_session(role_arn: str, session_name: str, account: str) -> Credentials:
    """A role session with keys that nobody can guess."""
    role_name = role_arn.rsplit("/", 1)[-1]
    credentials = Credentials(
        f"ASIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30), secrets.token_urlsafe(48)
    )
    role = iam._roles.get_scoped(account, None, role_name) or {}
    sts.register_session(
        credentials.access_key_id,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{session_name}",
            "UserId": f"{role.get('RoleId', role_name)}:{session_name}",
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
        },
    )
    return credentials


def role_trusts(role_arn: str, service: str, account: str) -> bool | None:
    """Whether the role's trust policy lets `service` assume it; None when there is no such role."""
    role = iam._roles.get_scoped(account, None, role_arn.rsplit("/", 1)[-1])
    if role is None or role.get("Arn") != role_arn:
        return None
    return bool(
        evaluator.evaluate_trust_policy(
            _named_for(role["AssumeRolePolicyDocument"], service),
            service,
            _service_context("sts:AssumeRole", role_arn, account, {"aws:sourceaccount": account}),
        )
    )


def resource_admits(service: str, action: str, resource: str, source_arn: str, account: str) -> bool:
    """Whether the policy of a queue, topic or function lets an AWS service do `action` on behalf of `source_arn`."""
    policy = _resource_policy(resource)
    context = _service_context(action, resource, account, {"aws:sourcearn": source_arn, "aws:sourceaccount": account})
    result = evaluator.evaluate_resource_policy(policy, context, service=service)
    return bool(result.decision == "Allow")


def _resource_policy(resource: str) -> Any:
    lookup = {
        "sqs": sqs.queue_policy_for_arn,
        "sns": sns.topic_policy_for_arn,
        "lambda": lambda_svc.function_policy_for_arn,
    }[resource.split(":")[2]]
    found = lookup(resource)
    return found[0] if found else None


def _service_context(action: str, resource: str, account: str, keys: Mapping[str, str]) -> Any:
    """A service principal has no ARN; one that no AWS principal of a policy matches stands in for it."""
    return evaluator.EvalContext(
        principal_arn="service",
        principal_type="Service",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region="",
        service_context=dict(keys),
    )


def _named_for(document: Any, service: str) -> dict[str, Any]:
    """The trust policy with `service` itself written as `*`.

    MiniStack's evaluator has no service principals: it lets the root user through any statement that names a service,
    whichever it is.
    """
    policy = json.loads(document) if isinstance(document, str) else document
    statements = policy.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    return {"Statement": [{**statement, "Principal": _stand_in(statement, service)} for statement in statements]}


def _stand_in(statement: Mapping[str, Any], service: str) -> Any:
    principal = statement.get("Principal", {})
    if principal == "*" or evaluator._service_principal_matches(principal, service):
        return "*"
    return {"AWS": []}
