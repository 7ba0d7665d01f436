"""The inference API's resources, its functions and AWS's own models agree with each other."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from functions.serve_predictions import handler
from functions.serve_predictions.request import MAX_BODY_BYTES, HttpRequest
from functions.write_captures.request import MessageBatch
from sluice.alias import Alias
from sluice.aws.capture_queue import MAX_MESSAGE_BYTES, CaptureLostError
from sluice.aws.entry_point import metrics
from sluice.aws.inference_endpoint import InferenceEndpoint
from sluice.aws.settings import settings
from sluice.definition import parse_definition
from sluice.inference.capture import Capture, Payload
from sluice.inference.inference_id import inference_id
from sluice.naming import alias_parameter, endpoint_name, shared_endpoint_name
from tests.events import load_event
from tests.template import resolved, resources_of, template

ROOT = Path(__file__).resolve().parents[2]
ALIAS = Alias("churn", "sluice-dev-churn", "serverless", 6, "s3://b/d.json", {"AllTraffic": 6})


def properties(logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = resolved(template()["Resources"][logical_id]["Properties"])
    return found


def routes() -> dict[str, dict[str, Any]]:
    return {
        resolved(body["Properties"]["RouteKey"]): body["Properties"]
        for body in resources_of("AWS::ApiGatewayV2::Route").values()
    }


def statements(function: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = properties(function)["Policies"][0]["Statement"]
    return found


def resources_for(function: str, action: str) -> list[str]:
    """What the function's policy allows the action on."""
    found = []
    for statement in statements(function):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if action in actions:
            named = statement["Resource"]
            found += named if isinstance(named, list) else [named]
    return found


def below_the_bucket(function: str, action: str) -> list[str]:
    return [one.partition("/")[2] for one in resources_for(function, action)]


def test_every_route_asks_for_a_signature_and_there_is_no_other_way_in() -> None:
    assert {route["AuthorizationType"] for route in routes().values()} == {"AWS_IAM"}
    assert "$default" not in routes()
    assert all("Events" not in body["Properties"] for body in (template()["Resources"]["ServePredictions"],))
    assert resources_of("AWS::Lambda::Url") == {}


@pytest.mark.parametrize("route", ["POST /models/{model}/predictions", "GET /models/{model}", "GET /health"])
def test_the_function_knows_every_route_of_the_template(route: str) -> None:
    assert route in routes()
    assert len(routes()) == 3


def test_the_canonical_request_is_one_of_the_templates_routes() -> None:
    request = HttpRequest.model_validate(load_event("prediction_request"))

    assert request.route in routes()
    assert (request.model, request.id) == ("churn", "JKJaXmPLvHcESHA=")


def test_the_canonical_batch_holds_captures() -> None:
    (message,) = MessageBatch.model_validate(load_event("capture_batch")).messages

    assert Capture.from_message(message.body).endpoint_name == "sluice-dev-churn"


def test_the_queue_takes_every_message_that_is_sent_to_it() -> None:
    assert properties("CaptureQueue")["MaximumMessageSize"] == MAX_MESSAGE_BYTES


def test_a_message_is_not_given_twice_while_it_may_be_in_work() -> None:
    """Lambda Developer Guide, "Using Lambda with Amazon SQS": six times the function's timeout, and the window."""
    window = properties("CapturesToWrite")["MaximumBatchingWindowInSeconds"]
    timeout = properties("WriteCaptures").get("Timeout", template()["Globals"]["Function"]["Timeout"])

    assert properties("CaptureQueue")["VisibilityTimeout"] >= 6 * timeout + window


def test_a_record_is_tried_again_and_then_kept_aside_under_an_alarm() -> None:
    redrive = properties("CaptureQueue")["RedrivePolicy"]

    assert (redrive["deadLetterTargetArn"], redrive["maxReceiveCount"]) == ("<CaptureDeadLetters.Arn>", 5)
    assert properties("CapturesToWrite")["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    watched = {json.dumps(body["Properties"]["Dimensions"]) for body in resources_of("AWS::CloudWatch::Alarm").values()}
    assert any("CaptureDeadLetters" in dimensions for dimensions in watched)


def test_a_slow_model_is_a_problem_document_and_no_timeout_of_the_function() -> None:
    """API Gateway gives up after 30 seconds at most."""
    timeout = properties("ServePredictions")["Timeout"]

    assert handler.MODEL_SECONDS < timeout < 30 <= properties("InferenceApiIntegration")["TimeoutInMillis"] / 1000


def test_the_largest_body_fits_through_lambda_and_into_a_serverless_endpoint() -> None:
    assert MAX_BODY_BYTES <= 4 * 1024 * 1024
    assert MAX_BODY_BYTES * 4 / 3 < 6 * 1024 * 1024


def test_the_function_may_ask_its_stages_endpoints_and_aliases_only() -> None:
    (endpoints,) = resources_for("ServePredictions", "sagemaker:InvokeEndpoint")
    (aliases,) = resources_for("ServePredictions", "ssm:GetParameter")

    assert endpoints.endswith(":endpoint/sluice-dev-*")
    for name in (
        endpoint_name("dev", "churn"),
        endpoint_name("dev", "c", "asynchronous"),
        shared_endpoint_name("dev", "g"),
    ):
        assert name.startswith("sluice-dev-")
    assert aliases.endswith(f":parameter{alias_parameter('dev', '*')}")


def test_captures_are_written_and_nothing_else() -> None:
    assert below_the_bucket("WriteCaptures", "s3:PutObject") == ["captures/*"]
    assert below_the_bucket("ServePredictions", "s3:PutObject") == ["models/*/async/in/*", "captures/*"]
    assert resources_for("ServePredictions", "sqs:SendMessage") == ["<CaptureQueue.Arn>"]
    for function in ("ServePredictions", "WriteCaptures"):
        assert all("*" not in (one["Action"], one["Resource"]) for one in statements(function))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The variables that every function of the template has."""
    for name, value in resolved(template()["Globals"]["Function"]["Environment"]["Variables"]).items():
        monkeypatch.setenv(name, value)
    for cached in (settings, metrics):
        cached.cache_clear()
    yield
    for cached in (settings, metrics):
        cached.cache_clear()


@pytest.mark.usefixtures("environment")
def test_the_alarm_watches_the_metric_of_a_lost_record(capsys: pytest.CaptureFixture[str]) -> None:
    handler._capture_lost("churn", CaptureLostError("nothing took it"))
    metrics().flush_metrics()

    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    (declared,) = found["_aws"]["CloudWatchMetrics"]
    alarm = properties("CapturesLostAlarm")
    assert (declared["Namespace"], declared["Metrics"][0]["Name"]) == (alarm["Namespace"], alarm["MetricName"])
    assert {name: found[name] for name in declared["Dimensions"][0]} == {
        one["Name"]: one["Value"] for one in alarm["Dimensions"]
    }


class CheckedRuntime:
    """Holds each request against botocore's own model, as the client would before it sends."""

    def __init__(self) -> None:
        self._model = botocore.session.get_session().get_service_model("sagemaker-runtime")
        self.checked: list[str] = []

    def invoke_endpoint(self, **request: Any) -> Any:
        return self._check("InvokeEndpoint", request)

    def invoke_endpoint_async(self, **request: Any) -> Any:
        self._check("InvokeEndpointAsync", request)
        return {"OutputLocation": "s3://b/out"}

    def _check(self, operation: str, request: dict[str, Any]) -> Any:
        shape = self._model.operation_model(operation).input_shape
        report = ParamValidator().validate(request, shape)
        assert not report.has_errors(), report.generate_report()
        self.checked.append(operation)
        return {"Body": _Body(), "ContentType": "application/json"}


class _Body:
    def read(self) -> bytes:
        return b"{}"


def test_requests_to_endpoints_are_as_sagemakers_model_has_them() -> None:
    runtime = CheckedRuntime()
    endpoint, sent = InferenceEndpoint(runtime), Payload("text/csv", b"1")
    shared = replace(ALIAS, target_model="churn-v6.tar.gz")

    endpoint.invoke(shared, sent, "application/json", inference_id("x" * 64))
    endpoint.invoke_later(ALIAS, "s3://b/in", "text/csv", "application/json", inference_id(None))

    assert runtime.checked == ["InvokeEndpoint", "InvokeEndpointAsync"]


def test_the_documents_record_is_one_of_the_quick_starts_model() -> None:
    document = (ROOT / "docs/inference-api.md").read_text()
    record = json.loads(re.search(r"-d '(\{.*?\})'", document)[1])  # type: ignore[index]
    features = parse_definition((ROOT / "examples/churn/model.yaml").read_text()).data.features

    assert record
    assert set(record) <= set(features)
    for name, value in record.items():
        assert isinstance(value, str) == (features[name].type == "categorical"), name
