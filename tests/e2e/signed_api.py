"""The inference API, asked as its callers ask it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.credentials import Credentials

from cli.inference_api import Answer, InferenceApi

ROOT = Credentials("test", "test")


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
        return InferenceApi(self.url, self.credentials, "us-east-1", direct=True).send(method, path, body, headers)
