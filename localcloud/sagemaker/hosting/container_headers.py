"""What of a request's headers SageMaker hands on to the container."""

from collections.abc import Mapping
from typing import Any, Final

ATTRIBUTES: Final = "x-amzn-sagemaker-custom-attributes"
_HEADERS: Final = {
    "ContentType": "Content-Type",
    "Accept": "Accept",
    "CustomAttributes": ATTRIBUTES,
    "InferenceId": "x-amzn-sagemaker-inference-id",
}


def container_headers(request: Mapping[str, Any]) -> dict[str, str]:
    return {header: request[member] for member, header in _HEADERS.items() if member in request}
