"""An answer to an HTTP API, payload format 2.0."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice.inference.inference_id import HEADER
from sluice.inference.media_types import JSON
from sluice.inference.problem import MEDIA_TYPE, Problem, too_large

MAX_ANSWER_BYTES = 5_500_000
"""Lambda takes 6 MB, headers and the escaping of quotes included."""


@dataclass(frozen=True)
class Response:
    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_api_gateway(self) -> dict[str, Any]:
        return {"statusCode": self.status, "headers": dict(self.headers), "body": self.body}


def answer(status: int, document: Mapping[str, Any]) -> Response:
    """Raises ProblemError for an answer that Lambda would not take."""
    body = json.dumps(document, ensure_ascii=False)
    # Lambda's own encoding escapes every quote of the body.
    size = len(body.encode()) + body.count('"') + body.count("\\")
    if size > MAX_ANSWER_BYTES:
        raise too_large(f"The answer has {size:,} bytes, too many for one answer. Send fewer records at a time.")
    headers = {"content-type": JSON, "cache-control": "no-store"}
    if "inference_id" in document:
        headers[HEADER] = str(document["inference_id"])
    return Response(status, body, headers)


def refusal(problem: Problem, request_id: str) -> Response:
    headers = {"content-type": MEDIA_TYPE, "cache-control": "no-store"}
    if problem.retry_after is not None:
        headers["retry-after"] = str(problem.retry_after)
    return Response(problem.status, problem.to_json(request_id), headers)
