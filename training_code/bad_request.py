"""The one exception that the endpoint answers with 400 instead of 500.

SageMaker's serving toolkit answers 500 to every exception but its own BaseInferenceToolkitError, whose status code
it sends. Inside the container ours is one of those; elsewhere it has the same shape. It is a ValueError everywhere.
"""

from http import HTTPStatus

try:
    from sagemaker_inference.errors import BaseInferenceToolkitError as _ToolkitError
except ImportError:

    class _ToolkitError(Exception):  # type: ignore[no-redef]
        def __init__(self, status_code: int, message: str, phrase: str) -> None:
            super().__init__(message)
            self.status_code = status_code
            self.message = message
            self.phrase = phrase


class BadRequest(_ToolkitError, ValueError):
    """What was sent cannot be scored; the message names row and column."""

    def __init__(self, message: str) -> None:
        super().__init__(int(HTTPStatus.BAD_REQUEST), message, message)

    def __str__(self) -> str:
        return str(self.message)
