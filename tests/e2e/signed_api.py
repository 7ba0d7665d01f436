"""The inference API as a caller reaches it: HTTP, signed with Signature Version 4."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = Credentials("test", "test")
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class SignedApi:
    """`credentials` None: nothing is signed."""

    url: str
    credentials: Credentials | None = field(default=ROOT)

    def get(self, path: str) -> Answer:
        return self._send("GET", path, None, {})

    def predict(self, model: str, body: Any, content_type: str = "application/json", **headers: str) -> Answer:
        """`body`: bytes as they are, anything else as JSON. Names of headers with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._send("POST", f"/models/{model}/predictions", content, {"Content-Type": content_type, **named})

    def explain(self, model: str, body: Any) -> Answer:
        content = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self._send("POST", f"/models/{model}/predictions?explain=true", content, headers)

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        request = AWSRequest(method, f"{self.url}{path}", data=body, headers=dict(headers))
        if self.credentials:
            SigV4Auth(self.credentials, "execute-api", "us-east-1").add_auth(request)
        sent = urllib.request.Request(request.url, body, dict(request.headers), method=method)  # type: ignore[arg-type]
        try:
            with _DIRECT.open(sent, timeout=60) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())
