"""The inference API: a request's way from the alias through the checks to the endpoint, and what is kept of it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from functions.serve_predictions.request import MAX_BODY_BYTES, HttpRequest
from functions.serve_predictions.response import Response, answer
from functions.serve_predictions.schemas import Schemas
from sluice.alias import Alias
from sluice.aws.alias_cache import CachedAliases
from sluice.aws.capture_queue import CaptureLostError, CaptureQueue
from sluice.aws.inference_endpoint import Answered, InferenceEndpoint
from sluice.aws.objects import Objects
from sluice.inference.capture import Capture, Payload, capture_record, is_captured
from sluice.inference.inference_id import HEADER, inference_id
from sluice.inference.media_types import CONTENT_TYPES, JSON, kind_of
from sluice.inference.problem import Problem, ProblemError, nothing_deployed, unknown_model
from sluice.inference.records import check_records
from sluice.inference.refusals import EndpointGoneError, busy, not_json
from sluice.inference.schema import Schema
from sluice.naming import MODEL_NAME_MAX_LENGTH, MODEL_NAME_PATTERN, SINGLE_VARIANT, ModelPrefix

EXPLAINED = f"{JSON}; contributions=true"
"""How a model of ours is asked for SHAP values: serving/media_types.py of the training code."""
_SUFFIX = {"csv": "csv", "json": "json", "json-lines": "jsonl"}


@dataclass(frozen=True)
class ServePredictions:
    stage: str
    aliases: CachedAliases
    schemas: Schemas
    endpoint: InferenceEndpoint
    captures: CaptureQueue
    objects: Objects
    now: Callable[[], datetime]
    lost: Callable[[str, CaptureLostError], None]
    """Told of a record that could be kept nowhere, with its model."""

    def handle(self, request: HttpRequest) -> Response:
        """Raises ProblemError; DefectError and boto3's errors for what its caller cannot mend."""
        routes: Mapping[str, Callable[[HttpRequest], Response]] = {
            "POST /models/{model}/predictions": self._predict,
            "GET /models/{model}": self._describe,
            "GET /health": self._health,
        }
        if request.route not in routes:
            detail = f"There is no {request.route}. There are: {', '.join(routes)}."
            raise ProblemError(Problem(404, "unknown-route", "Unknown route", detail))
        return routes[request.route](request)

    def _health(self, _request: HttpRequest) -> Response:
        return answer(200, {"status": "ok", "stage": self.stage})

    def _describe(self, request: HttpRequest) -> Response:
        alias = self._alias(request.model)
        return answer(
            200,
            {
                "model": alias.model,
                "model_version": alias.version,
                "mode": alias.mode,
                "variants": dict(alias.variants),
                "content_types": CONTENT_TYPES,
                "max_body_bytes": MAX_BODY_BYTES,
                **self.schemas.of(alias).describe(),
            },
        )

    def _predict(self, request: HttpRequest) -> Response:
        sent = Payload(request.header("content-type"), request.content())
        kind, given_id = kind_of(sent.content_type), inference_id(request.header(HEADER))
        accept = EXPLAINED if request.flag("explain") else JSON
        alias = self._alias(request.model)
        check_records(self._schema(alias), kind, sent.body)
        try:
            return self._asked(alias, sent, accept, given_id)
        except EndpointGoneError:
            moved = self.aliases.reread(request.model)
            if moved is None or moved.endpoint_name == alias.endpoint_name:
                raise busy(alias.model) from None
        try:
            return self._asked(moved, sent, accept, given_id)
        except EndpointGoneError:
            raise busy(alias.model) from None

    def _alias(self, model: str) -> Alias:
        if len(model) > MODEL_NAME_MAX_LENGTH or not re.fullmatch(MODEL_NAME_PATTERN, model):
            raise unknown_model(model)
        alias = self.aliases.get(model)
        if alias:
            return alias
        known = self.objects.exists(ModelPrefix(model).definition)
        raise nothing_deployed(model) if known else unknown_model(model)

    def _schema(self, alias: Alias) -> Schema | None:
        """None in a trial: which of two versions will answer, and what it takes, is not known before it does."""
        return self.schemas.of(alias) if len(set(alias.variants.values())) == 1 else None

    def _asked(self, alias: Alias, sent: Payload, accept: str, given_id: str) -> Response:
        if alias.mode == "asynchronous":
            return self._accepted(alias, sent, accept, given_id)
        at = self.now()
        answered = self.endpoint.invoke(alias, sent, accept, given_id)
        if is_captured(given_id, alias.api_captures_percent):
            self._keep(alias, sent, answered, given_id, at)
        told = {"model": alias.model, "model_version": alias.version_behind(answered.variant), "inference_id": given_id}
        return answer(200, told | _predictions(alias, answered.payload))

    def _accepted(self, alias: Alias, sent: Payload, accept: str, given_id: str) -> Response:
        """The key has a name of its own: a caller may use an id again."""
        key = f"{ModelPrefix(alias.model).asynchronous}in/{uuid4()}.{_SUFFIX[kind_of(sent.content_type)]}"
        self.objects.write(key, sent.body.decode("utf-8"), sent.content_type)
        input_uri = f"s3://{self.objects.bucket}/{key}"
        accepted = self.endpoint.invoke_later(alias, input_uri, sent.content_type, accept, given_id)
        return answer(
            202,
            {
                "model": alias.model,
                "model_version": alias.version,
                "inference_id": given_id,
                "output_location": accepted.output_location,
                "failure_location": accepted.failure_location,
            },
        )

    def _keep(self, alias: Alias, sent: Payload, answered: Answered, given_id: str, at: datetime) -> None:
        """A prediction is worth more than its record: the caller gets it even if nothing could keep the record."""
        capture = Capture(
            model=alias.model,
            endpoint_name=alias.endpoint_name,
            variant=answered.variant or SINGLE_VARIANT,
            record=capture_record(sent, answered.payload, str(uuid4()), given_id, at),
        )
        try:
            self.captures.keep(capture)
        except CaptureLostError as error:
            self.lost(alias.model, error)


def _predictions(alias: Alias, payload: Payload) -> dict[str, Any]:
    """A model of ours answers {"predictions": […], "model_version": "7"}; another one's answer stands under that name.

    Its own word on the version counts: while traffic shifts, two versions answer as one variant.
    """
    try:
        document = json.loads(payload.body)
    except ValueError:
        raise not_json(alias, payload.content_type) from None
    if not isinstance(document, dict) or "predictions" not in document:
        return {"predictions": document}
    version = str(document.get("model_version", ""))
    own = {"model_version": int(version)} if version.isdecimal() else {}
    return {"predictions": document["predictions"], **own}
