"""A request that cannot be scored, and how the endpoint answers it with 400.

The containers answer 500 to every exception of a user's function, whichever it is, and hide its message. What they do
pass on is a response: a WSGI application that a function returns is answered as it is (Flask's make_response, through
which sagemaker-containers 2.8.6 sends what transform_fn returns).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


class BadRequest(ValueError):
    """What was sent cannot be scored; the message names row and column."""


@dataclass(frozen=True)
class Refusal:
    """The WSGI application that says so: 400 and {"error": …}."""

    message: str

    def __call__(self, _environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("400 Bad Request", [("Content-Type", "application/json")])
        return [json.dumps({"error": self.message}, ensure_ascii=False).encode(errors="replace")]
