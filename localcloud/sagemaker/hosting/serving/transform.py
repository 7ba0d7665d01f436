"""From a request's bytes to a response through the functions of inference.py, as the containers' Flask worker does it.

What a script can answer with, and the status that SageMaker sees:
- a string or bytes, a dict or list, or `(body, content_type)`: 200;
- a WSGI application: `flask.Response(…, status=400)`, or any callable `(environ, start_response)`: its own status;
- an exception, whichever: 500. The containers wrap every error of a user function, so none becomes a 4xx.
"""

import io
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.sagemaker.hosting.serving.wire import Reply, Request

JSON = "application/json"
TEXT_TYPES = (JSON, "text/csv")

# Flask's own page: clients see it inside ModelError, as on AWS.
INTERNAL_ERROR = Reply(
    500,
    b"<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n"
    b"<p>The server encountered an internal error and was unable to complete your request. Either the server is "
    b"overloaded or there is an error in the application.</p>\n",
    {"Content-Type": "text/html; charset=utf-8"},
)

Transform = Callable[[Any, Any, str, str], Any]
"""transform_fn's signature: model, content, content type, accept."""


class ScriptError(Exception):
    """inference.py breaks the contract; the message says how."""


def transform_of(functions: Mapping[str, Callable[..., Any]], defaults: Callable[[], Mapping[str, Any]]) -> Transform:
    """The script's transform_fn, or input_fn, predict_fn and output_fn chained, the framework's filling the gaps."""
    own = [name for name in ("input_fn", "predict_fn", "output_fn") if name in functions]
    if "transform_fn" in functions:
        if own:
            raise ScriptError("Cannot use transform_fn implementation with input_fn, predict_fn, and/or output_fn")
        return functions["transform_fn"]
    chain = functions if len(own) == 3 else {**defaults(), **functions}
    input_fn, predict_fn, output_fn = (chain[name] for name in ("input_fn", "predict_fn", "output_fn"))

    def transform(model: Any, content: Any, content_type: str, accept: str) -> Any:
        return output_fn(predict_fn(input_fn(content, content_type), model), accept)

    return transform


def invocation(model: Any, transform: Transform, request: Request) -> Reply:
    content_type = request.headers.get("contenttype") or request.headers.get("content-type") or JSON
    content: Any = request.body
    if content_type in TEXT_TYPES:
        content = request.body.decode("utf-8", errors="replace")
    try:
        return _reply(transform(model, content, content_type, _accept(request)), request)
    except Exception:  # the process edge: the script's error is the client's 500 and a traceback in the log
        traceback.print_exc()
        return INTERNAL_ERROR


def _accept(request: Request) -> str:
    accept = request.headers.get("accept")
    if accept and accept != "*/*":
        return accept
    return os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", JSON)


def _reply(result: Any, request: Request) -> Reply:
    if isinstance(result, tuple):
        return Reply(200, _bytes(result[0]), {"Content-Type": _content_type(result[1])})
    if isinstance(result, str | bytes):
        return Reply(200, _bytes(result), {"Content-Type": "text/html; charset=utf-8"})
    if isinstance(result, dict | list):
        return Reply(200, json.dumps(result, separators=(",", ":")).encode() + b"\n", {"Content-Type": JSON})
    if callable(result):
        return _from_wsgi(result, request)
    raise TypeError(f"the script returned {type(result).__name__}, which is no response")


def _bytes(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    raise TypeError(f"the script returned a body of type {type(body).__name__}; it must be a string or bytes")


def _content_type(mimetype: str) -> str:
    """Werkzeug names the charset of text types, and so do the containers."""
    textual = mimetype.startswith("text/") or mimetype.endswith("+xml") or mimetype == "application/xml"
    return f"{mimetype}; charset=utf-8" if textual and "charset" not in mimetype else mimetype


def _from_wsgi(application: Callable[..., Any], request: Request) -> Reply:
    started: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], None]:
        started.update(status=int(status.split(" ", 1)[0]), headers=dict(headers))
        return lambda _data: None

    chunks = application(_environ(request), start_response)
    try:
        body = b"".join(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()
    return Reply(started["status"], body, started["headers"])


def _environ(request: Request) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
