"""A request to an HTTP API, payload format 2.0: API Gateway Developer Guide, "AWS Lambda proxy integrations"."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sluice.inference.problem import bad_request, too_large

MAX_BODY_BYTES = 4 * 1024 * 1024
"""What a serverless endpoint takes; in base64 it still fits into the 6 MB that Lambda takes."""


def _none_is_empty(value: Any) -> Any:
    """API Gateway leaves out what there is none of; other senders of the same format write null."""
    return {} if value is None else value


Texts = Annotated[Mapping[str, str], BeforeValidator(_none_is_empty)]


class _Context(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    request_id: str = Field(alias="requestId")


class HttpRequest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    route: str = Field(alias="routeKey")
    """As template.yaml has it: `POST /models/{model}/predictions`."""
    path: Texts = Field(default_factory=dict, alias="pathParameters")
    query: Texts = Field(default_factory=dict, alias="queryStringParameters")
    headers: Texts = Field(default_factory=dict)
    """API Gateway writes their names small."""
    body: str | None = None
    is_base64: bool = Field(default=False, alias="isBase64Encoded")
    context: _Context = Field(alias="requestContext")

    @property
    def id(self) -> str:
        return self.context.request_id

    @property
    def model(self) -> str:
        return self.path.get("model", "")

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def content(self) -> bytes:
        """The body's bytes. Raises ProblemError."""
        content = self._decoded()
        if len(content) > MAX_BODY_BYTES:
            raise too_large(
                f"The body has {len(content):,} bytes, and {MAX_BODY_BYTES:,} are the most. Send fewer records at a "
                "time; for many, use batch scoring."
            )
        return content

    def flag(self, name: str) -> bool:
        """A parameter of the query that is true or false. Raises ProblemError."""
        given = self.query.get(name, "false").lower()
        if given not in ("true", "false"):
            raise bad_request(f"The query has {name}={given!r}: write {name}=true, or leave it out.")
        return given == "true"

    def _decoded(self) -> bytes:
        if not self.is_base64:
            return (self.body or "").encode()
        try:
            return base64.b64decode(self.body or "")
        except binascii.Error as error:
            raise bad_request(f"The body cannot be read: {error}.") from None
