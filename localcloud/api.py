"""AWS services of our own, spoken by botocore's models: real clients work, and errors have AWS's names and shapes."""

import asyncio
import contextvars
import functools
import json
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import botocore.session
from botocore.model import OperationModel, ServiceModel, StructureShape

from localcloud.cloud import Caller
from localcloud.errors import ApiError
from localcloud.shapes import read_request, write_response

__all__ = ["ApiError", "Call", "Handler", "JsonService", "Response", "RestJsonService"]

_log = logging.getLogger(__name__)

JSON_TYPE: Final = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Call:
    """One validated request: `input` holds Python values (datetimes, bytes), without the members not sent."""

    operation: str
    input: dict[str, Any]
    caller: Caller


Handler = Callable[[Call], dict[str, Any]]
Identify = Callable[[Mapping[str, str]], Caller]
Response = tuple[int, dict[str, str], bytes]


class _Service:
    """What both wire forms share: the operation table, the checks, the worker threads."""

    def __init__(
        self, model_name: str, operations: Mapping[str, Handler], identify: Identify, executor: Executor | None = None
    ) -> None:
        self._model = _service_model(model_name)
        self._operations = dict(operations)
        self._identify = identify
        self._executor = executor
        unknown = self._operations.keys() - set(self._model.operation_names)
        if unknown:
            raise ValueError(f"{model_name} has no operations {sorted(unknown)}")

    def call(self, operation: str, request: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Check, run and check again, in this thread; raises ApiError. The answer holds Python values."""
        handler, model = self._find(operation)
        answer = handler(Call(operation, read_request(_input_of(model), dict(request)), caller))
        return {name: value for name, value in answer.items() if value is not None}

    async def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes, query: object) -> Response:
        """MiniStack's handler signature. Runs in a worker thread under a copy of the request's context."""
        serve = functools.partial(self._serve, method, path, headers, body)
        return await asyncio.get_running_loop().run_in_executor(self._executor, contextvars.copy_context().run, serve)

    def _find(self, operation: str) -> tuple[Handler, OperationModel]:
        if operation not in self._operations:
            raise ApiError("UnknownOperationException", f"{operation} is not implemented by the local cloud")
        return self._operations[operation], self._model.operation_model(operation)

    def _serve(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response:
        request_id = str(uuid.uuid4())
        try:
            status, extra, document = self._answer(method, path, headers, body)
        except ApiError as error:
            status, extra, document = self._refusal(error)
        except Exception:  # the process edge: a defect of ours must reach the client as AWS words one
            _log.exception("%s %s failed, request %s", method, headers.get("x-amz-target", path), request_id)
            defect = ApiError("InternalFailure", f"The local cloud failed; its log has request {request_id}", 500)
            status, extra, document = self._refusal(defect)
        return status, {**extra, "x-amzn-RequestId": request_id}, document

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response:
        raise NotImplementedError

    def _refusal(self, error: ApiError) -> Response:
        raise NotImplementedError


class JsonService(_Service):
    """A service of the JSON protocol: the operation stands in `X-Amz-Target`, the request in the body."""

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        _, model = self._find(operation)
        answer = self.call(operation, _document(body), self._identify(headers))
        return 200, {"Content-Type": JSON_TYPE}, _dumps(write_response(model.output_shape, answer))

    def _refusal(self, error: ApiError) -> Response:
        document = {"__type": error.code, "message": error.message, **error.fields}
        return error.status, {"Content-Type": JSON_TYPE, "x-amzn-ErrorType": error.code}, _dumps(document)


class RestJsonService(_Service):
    """A service of the REST-JSON protocol: members in the path, in headers, and one as the body."""

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response:
        operation, members = self._route(method, path)
        _, model = self._find(operation)
        shape = _input_of(model)
        request = members | _header_members(shape, headers) | _body_members(shape, body)
        answer = self.call(operation, request, self._identify(headers))
        return model.http.get("responseCode", 200), *_rest_response(model.output_shape, answer)

    def _refusal(self, error: ApiError) -> Response:
        document = {"Message": error.message, **error.fields}
        return error.status, {"Content-Type": "application/json", "x-amzn-ErrorType": error.code}, _dumps(document)

    def _route(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        for operation, wanted, pattern in _routes(self._model):
            match = pattern.fullmatch(path) if wanted == method else None
            if match:
                return operation, {name: unquote(value) for name, value in match.groupdict().items()}
        raise ApiError("UnknownOperationException", f"{method} {path} is no operation of {self._model.service_name}")


@functools.cache
def _service_model(name: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(name)


@functools.cache
def _routes(model: ServiceModel) -> list[tuple[str, str, re.Pattern[str]]]:
    routes = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(http["requestUri"].partition("?")[0]))
        routes.append((name, http["method"], re.compile(pattern)))
    return routes


def _input_of(model: OperationModel) -> StructureShape:
    if model.input_shape is None:
        raise ApiError("UnknownOperationException", f"{model.name} takes no input; the local cloud serves none such")
    return model.input_shape


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError as exc:
        raise ApiError("SerializationException", f"The request's body is not JSON: {exc}") from exc
    if not isinstance(document, dict):
        raise ApiError("SerializationException", "The request's body is not a JSON object")
    return document


def _header_members(shape: StructureShape, headers: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        if member.serialization.get("location") == "header":
            text = headers.get(member.serialization["name"].lower())
            if text is not None:
                found[name] = int(text) if member.type_name in ("integer", "long") and text.isdigit() else text
    return found


def _body_members(shape: StructureShape, body: bytes) -> dict[str, Any]:
    payload = shape.serialization.get("payload")
    if payload:
        return {payload: body}
    return _document(body) if body else {}


def _rest_response(shape: StructureShape | None, answer: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
    if shape is None:
        return {}, b""
    payload = shape.serialization.get("payload")
    headers, document = {}, {}
    for name, value in answer.items():
        member = shape.members[name]
        if member.serialization.get("location") == "header":
            headers[member.serialization["name"]] = str(value)
        elif name != payload:
            document[name] = value
    if payload:
        return headers, answer.get(payload, b"")
    return {"Content-Type": "application/json", **headers}, _dumps(document)


def _dumps(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
