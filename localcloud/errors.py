"""The errors of the local cloud, by who must act: the caller of an API, or the person who starts the cloud."""

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """What a service answers instead of a result. `fields` are the error shape's own members (ModelError has some)."""

    def __init__(self, code: str, message: str, status: int = 400, fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(code, message, status)
        self.code = code
        self.message = message
        self.status = status
        self.fields = dict(fields or {})

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class LocalCloudError(Exception):
    """The local cloud cannot start, stop or deploy; the message says why and what to do."""
