"""The inference API as a caller reaches it: HTTP, signed with Signature Version 4."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class InferenceApi:
    """credentials None: nothing is signed. direct: not through the environment's proxy."""

    url: str
    credentials: Credentials | None
    region: str
    direct: bool = False

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """Also an answer that refuses is one. Raises botocore's HTTPClientError where nothing answers."""
        request = AWSRequest(method, f"{self.url}{path}", data=body, headers=dict(headers))
        if self.credentials:
            SigV4Auth(self.credentials, "execute-api", self.region).add_auth(request)
        proxies: Any = {} if self.direct else get_environ_proxies(self.url)
        response = URLLib3Session(proxies=proxies).send(request.prepare())
        return Answer(response.status_code, dict(response.headers), response.content)
