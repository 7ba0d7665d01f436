"""HTTP APIs: an address that resolves everywhere, the caller's signature, and the permission to call a function."""

import json
import logging
from collections.abc import Callable
from typing import Any

from ministack import app as gateway
from ministack.core import iam_evaluator as evaluator
from ministack.core import sigv4
from ministack.core.arn import execute_api_arn
from ministack.core.router import extract_access_key_id
from ministack.services import apigateway, lambda_svc
from ministack.services.cloudformation import provisioners

from localcloud.ministack_port import identity

_log = logging.getLogger(__name__)

_PRINCIPAL = "apigateway.amazonaws.com"
_PATH = "/_aws/execute-api/"
_SERVICE = "execute-api"


def install(endpoint_url: str) -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    for name in ("create", "update"):
        handlers[name] = _with_address(handlers[name], endpoint_url)
    _check_the_roots_signature()
    _check_what_was_signed_for()
    _require_permission()


def _with_address(provision: Callable[..., Any], endpoint_url: str) -> Callable[..., Any]:
    """MiniStack's `<id>.execute-api.localhost` is a name that not every resolver knows; it serves a path, too."""

    def provisioned(*arguments: Any, **named: Any) -> Any:
        api_id, attributes = provision(*arguments, **named)
        address = f"{endpoint_url}{_PATH}{api_id}"
        apigateway._apis[api_id]["apiEndpoint"] = address
        return api_id, {**attributes, "ApiEndpoint": address}

    return provisioned


def _check_the_roots_signature() -> None:
    """MiniStack takes its root by the key's id alone. Who calls an API as root must know the secret, as anybody else.

    Other services go on trusting it: calls inside this process name the root's key, and sign nothing.
    """
    pin = gateway.pin_signed_request

    def pin_the_roots_too(
        method: str,
        raw_path: str,
        query_params: dict[str, Any],
        raw_headers: list[tuple[bytes, bytes]],
        *rest: Any,
        **named: Any,
    ) -> None:
        pin(method, raw_path, query_params, raw_headers, *rest, **named)
        if not raw_path.startswith(_PATH) or evaluator._signed_request.get() is not None:
            return
        headers = _joined(raw_headers)
        key = extract_access_key_id(headers)
        if key:
            evaluator._signed_request.set(evaluator.SignedRequest(key, method, raw_path, query_params, headers))

    gateway.pin_signed_request = pin_the_roots_too


def _joined(raw_headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """By name in small letters; of one that came several times the values by commas, as they are signed."""
    headers: dict[str, str] = {}
    for name, value in raw_headers:
        key, text = name.decode("latin-1").lower(), sigv4.decode_header_value(value)
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers


def _check_what_was_signed_for() -> None:
    """A signature holds for one service in one region; MiniStack checks it for whichever the caller names.

    Every refusal of an HTTP API is the same: it tells nobody why.
    """
    enforce = gateway._enforce_execute_api

    def enforce_scope(
        api_id: str, stage: str, method: str, path: str, headers: dict[str, str], query: dict[str, Any], **named: Any
    ) -> Any:
        denied = enforce(api_id, stage, method, path, headers, query, **named)
        if apigateway.route_authorization_type(api_id, stage, method, path) != "AWS_IAM":
            return denied
        # A request without a signature is refused where the route is looked up.
        if denied or (headers.get("authorization") and not _is_for(api_id, headers)):
            return 403, {"Content-Type": "application/json"}, json.dumps({"message": "Forbidden"}).encode()
        return None

    gateway._enforce_execute_api = enforce_scope


def _is_for(api_id: str, headers: dict[str, str]) -> bool:
    signature = sigv4.parse_header_signature(headers)
    if isinstance(signature, tuple):
        return False
    _account, region = apigateway.find_api_scope(api_id)
    # One for a set of regions (SigV4a) has been compared with this one already.
    return signature.service == _SERVICE and (signature.region_set is not None or signature.region == region)


def _require_permission() -> None:
    """Source: API Gateway Developer Guide, "Troubleshooting issues with HTTP API Lambda integrations"."""
    invoke = apigateway._invoke_lambda_proxy

    async def invoke_permitted(
        integration: dict[str, Any], api_id: str, stage: str, path: str, method: str, *rest: Any, **named: Any
    ) -> Any:
        account, region = named["owner_account_id"], named["owner_region"]
        reference = apigateway._extract_lambda_ref_from_integration_uri(integration.get("integrationUri", ""))
        function, config, _name = lambda_svc._get_func_record_for_ref_in_scope(
            reference, account_id=account, region=region
        )
        source = execute_api_arn(region, account, api_id, stage, method, path)
        if function and not identity.resource_admits(
            _PRINCIPAL, "lambda:InvokeFunction", config["FunctionArn"], source, account
        ):
            _log.warning("the policy of %s does not allow %s to invoke it for %s", reference, _PRINCIPAL, source)
            return 500, {"Content-Type": "application/json"}, json.dumps({"message": "Internal Server Error"}).encode()
        return await invoke(integration, api_id, stage, path, method, *rest, **named)

    apigateway._invoke_lambda_proxy = invoke_permitted
