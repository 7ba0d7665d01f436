"""The ASGI application, and services of our own behind its one port."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ministack import app as gateway
from ministack.core import iam_actions, router
from ministack.services import cloudwatch

AsyncHandler = Callable[[str, str, dict[str, str], bytes, object], Awaitable[tuple[int, dict[str, str], bytes]]]

application: Any = gateway.app
# It would fill a screen of our log at every start.
gateway.BANNER = "MiniStack {port}"


def register_service(
    name: str, target_prefix: str, handler: AsyncHandler, rest_paths: Mapping[str, AsyncHandler] | None = None
) -> None:
    """Route requests signed for `name` to `handler`, and those under a path of `rest_paths` to the handler there.

    SageMaker's runtime signs as `sagemaker`, like its control plane: only the path tells them apart.
    """
    by_path = dict(rest_paths or {})

    async def route(method: str, path: str, headers: dict[str, str], body: bytes, query: object) -> Any:
        for prefix, rest_handler in by_path.items():
            if path.startswith(prefix):
                status, answered, document = await rest_handler(method, path, headers, body, query)
                # MiniStack takes an answer in JSON for an envelope of its own, and gives it the control plane's type.
                # It looks for headers in their usual spelling.
                return status, {header.lower(): value for header, value in answered.items()}, document
        return await handler(method, path, headers, body, query)

    gateway.SERVICE_HANDLERS[name] = route
    router.SERVICE_PATTERNS[name] = {"target_prefixes": [target_prefix], "host_patterns": [], "credential_scope": name}
    # Without a namespace MiniStack checks the signature only: the service authorizes each action on its resource's ARN.
    iam_actions.SERVICE_TO_IAM_NAMESPACE.pop(name, None)


def put_metric(namespace: str, name: str, value: float, unit: str, dimensions: Mapping[str, str]) -> None:
    cloudwatch.record_metric(namespace, name, value, unit, dict(dimensions))
