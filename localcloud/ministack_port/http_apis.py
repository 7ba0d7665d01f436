"""HTTP APIs: an address that resolves everywhere, and the permission without which API Gateway calls no function."""

import json
import logging
from collections.abc import Callable
from typing import Any

from ministack.core.arn import execute_api_arn
from ministack.services import apigateway, lambda_svc
from ministack.services.cloudformation import provisioners

from localcloud.ministack_port import identity

_log = logging.getLogger(__name__)

_PRINCIPAL = "apigateway.amazonaws.com"


def install(endpoint_url: str) -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    for name in ("create", "update"):
        handlers[name] = _with_address(handlers[name], endpoint_url)
    _require_permission()


def _with_address(provision: Callable[..., Any], endpoint_url: str) -> Callable[..., Any]:
    """MiniStack's `<id>.execute-api.localhost` is a name that not every resolver knows; it serves a path, too."""

    def provisioned(*arguments: Any, **named: Any) -> Any:
        api_id, attributes = provision(*arguments, **named)
        address = f"{endpoint_url}/_aws/execute-api/{api_id}"
        apigateway._apis[api_id]["apiEndpoint"] = address
        return api_id, {**attributes, "ApiEndpoint": address}

    return provisioned


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
