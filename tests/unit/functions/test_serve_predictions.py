"""The inference API on moto's S3, SQS and Parameter Store, against endpoints that answer as a test says."""

import base64
import io
import json
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from functions.serve_predictions.request import MAX_BODY_BYTES, HttpRequest
from functions.serve_predictions.response import MAX_ANSWER_BYTES, Response, refusal
from functions.serve_predictions.schemas import Schemas
from functions.serve_predictions.serve_predictions import ServePredictions
from sluice.alias import Alias
from sluice.aws.alias_cache import CachedAliases
from sluice.aws.aliases import Aliases
from sluice.aws.capture_queue import MAX_MESSAGE_BYTES, CaptureLostError, CaptureQueue
from sluice.aws.inference_endpoint import InferenceEndpoint
from sluice.errors import DefectError
from sluice.inference.problem import Problem, ProblemError
from sluice.plan import definition_document
from tests.definitions import definition
from tests.events import load_event
from tests.fakes.aws_clients import client_error
from tests.unit.functions.conftest import BUCKET, StageUnderTest

RUN = "models/churn/runs/261120202448-3fa2"
ALIAS = Alias(
    model="churn",
    endpoint_name="sluice-dev-churn",
    mode="serverless",
    version=6,
    definition_uri=f"s3://{BUCKET}/{RUN}/definition/definition.json",
    variants={"AllTraffic": 6},
    api_captures_percent=100,
)
RECORD = {"age": 33, "plan": "basic"}


def model_error(status: int, said: str) -> ClientError:
    error = client_error("ModelError", f"Received client error ({status})", "InvokeEndpoint")
    error.response.update({"OriginalStatusCode": status, "OriginalMessage": said})  # type: ignore[typeddict-unknown-key]
    return error


@dataclass
class FakeRuntime:
    """sagemaker-runtime; `errors` come one after the other, before any answer."""

    answer: bytes = b'{"predictions": [{"probability": 0.25, "label": "no"}]}'
    content_type: str = "application/json"
    variant: str = "AllTraffic"
    errors: list[Exception] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self._ask(request)
        body = io.BytesIO(self.answer)
        return {"Body": body, "ContentType": self.content_type, "InvokedProductionVariant": self.variant}

    def invoke_endpoint_async(self, **request: Any) -> dict[str, Any]:
        self._ask(request)
        return {"InferenceId": request["InferenceId"], "OutputLocation": "s3://out/1", "FailureLocation": "s3://no/1"}

    def _ask(self, request: dict[str, Any]) -> None:
        self.asked.append(request)
        if self.errors:
            raise self.errors.pop(0)


class BrokenQueue:
    def send_message(self, **request: Any) -> Any:
        raise client_error("AccessDenied", "no", "SendMessage")


@dataclass
class Api:
    stage: StageUnderTest
    runtime: FakeRuntime
    aliases: Aliases
    queue: CaptureQueue
    seconds: float = 0.0
    lost: list[str] = field(default_factory=list)
    made: ServePredictions | None = None

    def serve(self) -> ServePredictions:
        if self.made is None:
            self.made = ServePredictions(
                "dev",
                CachedAliases(self.aliases, lambda: self.seconds),
                Schemas(self.stage.objects),
                InferenceEndpoint(self.runtime),
                self.queue,
                self.stage.objects,
                self.stage.clock,
                self._lose,
            )
        return self.made

    def _lose(self, model: str, error: CaptureLostError) -> None:
        self.lost.append(f"{model}: {error}")

    def send(self, body: Any = RECORD, content_type: str = "application/json", **changes: Any) -> Response:
        text = body if isinstance(body, str) else json.dumps(body)
        headers = {"content-type": content_type, **changes.pop("headers", {})}
        event = {**load_event("prediction_request"), "queryStringParameters": None, "body": text, "headers": headers}
        return self.serve().handle(HttpRequest.model_validate({**event, **changes}))

    def get(self, route: str, **path: str) -> Response:
        event = {**load_event("prediction_request"), "routeKey": f"GET {route}", "pathParameters": path, "body": None}
        return self.serve().handle(HttpRequest.model_validate(event))

    def problem(self, *arguments: Any, **changes: Any) -> Problem:
        with pytest.raises(ProblemError) as refused:
            self.send(*arguments, **changes)
        return refused.value.problem

    def kept(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := self.stage.sqs.receive_message(QueueUrl=self.queue.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            found += [json.loads(message["Body"]) for message in messages]
        return found


@pytest.fixture
def api(stage: StageUnderTest) -> Api:
    aliases = Aliases(boto3.client("ssm"), "dev")
    aliases.put(ALIAS)
    stage.put(f"{RUN}/definition/definition.json", definition_document(definition()))
    url = stage.sqs.create_queue(QueueName="captures")["QueueUrl"]
    return Api(stage, FakeRuntime(), aliases, CaptureQueue(stage.sqs, url, stage.objects))


def test_a_request_reaches_the_models_endpoint_and_its_answer_the_caller(api: Api) -> None:
    response = api.send(headers={"inference-id": "order-4711"})

    assert api.runtime.asked == [
        {
            "EndpointName": "sluice-dev-churn",
            "Body": json.dumps(RECORD).encode(),
            "ContentType": "application/json",
            "Accept": "application/json",
            "InferenceId": "order-4711",
        }
    ]
    assert response.to_api_gateway() == {
        "statusCode": 200,
        "headers": {"content-type": "application/json", "cache-control": "no-store", "inference-id": "order-4711"},
        "body": json.dumps(
            {
                "model": "churn",
                "model_version": 6,
                "inference_id": "order-4711",
                "predictions": [{"probability": 0.25, "label": "no"}],
            }
        ),
    }


def test_the_canonical_request_is_answered(api: Api) -> None:
    event = load_event("prediction_request")
    response = api.serve().handle(HttpRequest.model_validate({**event, "body": json.dumps(RECORD)}))

    assert json.loads(response.body)["inference_id"] == "order-4711"
    assert api.runtime.asked[0]["Accept"] == "application/json; contributions=true", "its query says explain=true"


def test_the_version_is_that_of_the_variant_that_answered(api: Api) -> None:
    api.aliases.put(replace(ALIAS, variants={"v6": 6, "v7": 7}))
    api.runtime.variant = "v7"

    assert json.loads(api.send().body)["model_version"] == 7


def test_in_a_trial_the_models_judge_the_records(api: Api) -> None:
    """The champion may know a column that the challenger, whose definition the alias names, does not."""
    api.aliases.put(replace(ALIAS, variants={"v6": 6, "v7": 7}))

    assert api.send({"retired_column": 1}).status == 200
    assert api.problem(" ").status == 400


def test_the_models_own_word_on_its_version_counts(api: Api) -> None:
    """While traffic shifts between two fleets, both are the variant AllTraffic."""
    api.runtime.answer = b'{"predictions": [1], "model_version": "7"}'

    assert json.loads(api.send().body)["model_version"] == 7


def test_a_shared_endpoint_is_told_which_model_to_load(api: Api) -> None:
    shared = replace(
        ALIAS, endpoint_name="sluice-dev--multi-shared", mode="multi-model", target_model="churn-v6.tar.gz"
    )
    api.aliases.put(shared)

    api.send()

    assert api.runtime.asked[0]["TargetModel"] == "churn-v6.tar.gz"
    assert api.kept()[0]["endpoint_name"] == "sluice-dev--multi-shared"


def test_an_asynchronous_endpoint_is_given_the_request_in_s3(api: Api) -> None:
    api.aliases.put(
        replace(ALIAS, endpoint_name="sluice-dev-churn--async", mode="asynchronous", api_captures_percent=0)
    )

    response = api.send("age,plan\n3,ä\n", "text/csv", headers={"inference-id": "later"})

    (asked,) = api.runtime.asked
    key = asked["InputLocation"].removeprefix(f"s3://{BUCKET}/")
    assert key.startswith("models/churn/async/in/")
    assert key.endswith(".csv")
    assert api.stage.objects.read(key).decode() == "age,plan\n3,ä\n"
    assert (asked["EndpointName"], asked["ContentType"], asked["InferenceId"]) == (
        "sluice-dev-churn--async",
        "text/csv",
        "later",
    )
    assert response.status == 202
    assert json.loads(response.body) == {
        "model": "churn",
        "model_version": 6,
        "inference_id": "later",
        "output_location": "s3://out/1",
        "failure_location": "s3://no/1",
    }


def test_an_asynchronous_request_that_cannot_be_scored_is_refused_at_once(api: Api) -> None:
    api.aliases.put(replace(ALIAS, endpoint_name="sluice-dev-churn--async", mode="asynchronous"))

    assert api.problem({"age": "old"}).status == 400
    assert api.runtime.asked == []
    assert api.stage.keys("models/churn/async/") == []


def test_binary_bodies_come_in_base64(api: Api) -> None:
    packed = base64.b64encode(json.dumps(RECORD).encode()).decode()

    api.send(packed, "application/jsonlines", isBase64Encoded=True)

    assert json.loads(api.runtime.asked[0]["Body"]) == RECORD


def test_an_answer_of_another_form_stands_under_predictions(api: Api) -> None:
    api.runtime.answer = b"[0.5]"
    assert json.loads(api.send().body)["predictions"] == [0.5]

    api.runtime.answer, api.runtime.content_type = b"0.5\n0,5", "text/csv"
    assert api.problem().status == 502


def test_a_model_that_is_not_known_is_404(api: Api) -> None:
    for name in ("other", "Churn", "../churn", "a" * 25, ""):
        assert (api.problem(pathParameters={"model": name}).kind, name) == ("unknown-model", name)


def test_a_model_of_which_nothing_serves_is_409(api: Api) -> None:
    api.stage.put_definition(name="fresh")

    problem = api.problem(pathParameters={"model": "fresh"})

    assert (problem.status, problem.kind) == (409, "nothing-deployed")
    assert "sluice models fresh" in problem.detail


def test_a_body_that_is_too_large_is_413(api: Api) -> None:
    assert api.problem("x" * (MAX_BODY_BYTES + 1), "text/csv").status == 413


def test_an_answer_that_lambda_would_not_take_is_413(api: Api) -> None:
    api.runtime.answer = b'{"predictions": [' + b'"",' * (MAX_ANSWER_BYTES // 5) + b"0]}"

    assert api.problem().status == 413


@pytest.mark.parametrize("value", ["yes", "1", ""])
def test_a_flag_that_is_none_is_400(api: Api, value: str) -> None:
    assert api.problem(queryStringParameters={"explain": value}).status == 400


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (model_error(400, '{"error": "row 1, column \'age\': no."}'), 400, "row 1, column 'age': no."),
        (model_error(415, "<p>Unsupported</p>"), 400, "Unsupported"),
        (model_error(500, "<h1>Oops</h1>"), 502, "/aws/sagemaker/Endpoints/sluice-dev-churn"),
        (model_error(0, "Your invocation timed out"), 503, "again"),
        (client_error("ThrottlingException", "Rate exceeded", "InvokeEndpoint"), 429, "fewer"),
        (client_error("ServiceUnavailable", "busy", "InvokeEndpoint"), 503, "again"),
        (client_error("ModelNotReadyException", "loading", "InvokeEndpoint"), 503, "starting"),
        (ReadTimeoutError(endpoint_url="x"), 504, "fewer records"),
        (EndpointConnectionError(endpoint_url="x"), 503, "again"),
    ],
)
def test_what_the_endpoint_says_instead_of_scores_is_told(api: Api, error: Exception, status: int, said: str) -> None:
    api.runtime.errors = [error]

    problem = api.problem()

    assert (problem.status, said in problem.detail) == (status, True), problem
    assert (problem.retry_after is not None) == (status in (429, 503, 504))
    assert api.kept() == []


def test_what_neither_caller_nor_time_can_mend_is_a_defect(api: Api) -> None:
    api.runtime.errors = [client_error("AccessDeniedException", "not authorized", "InvokeEndpoint")]

    with pytest.raises(DefectError, match="sluice-dev-churn cannot be asked: AccessDeniedException"):
        api.send()


def gone() -> ClientError:
    return client_error("ValidationError", "Endpoint sluice-dev-churn of account 1 not found.", "InvokeEndpoint")


def test_a_request_follows_an_alias_that_has_just_moved(api: Api) -> None:
    api.send()
    api.aliases.put(replace(ALIAS, endpoint_name="sluice-dev-churn--real-time", mode="real-time", version=7))
    api.runtime.errors = [gone()]

    response = api.send()

    assert [asked["EndpointName"] for asked in api.runtime.asked] == [
        "sluice-dev-churn",
        "sluice-dev-churn",
        "sluice-dev-churn--real-time",
    ]
    assert response.status == 200


def test_an_endpoint_that_is_gone_for_good_is_503(api: Api) -> None:
    api.runtime.errors = [gone(), gone()]

    assert api.problem().status == 503
    assert len(api.runtime.asked) == 1, "the alias has not moved: asking again would be in vain"


def test_a_version_s_definition_is_read_once(api: Api) -> None:
    api.send()
    api.stage.s3.delete_object(Bucket=BUCKET, Key=f"{RUN}/definition/definition.json")

    assert api.send().status == 200


def test_what_was_asked_and_answered_is_kept(api: Api) -> None:
    api.send(headers={"inference-id": "one"})

    (message,) = api.kept()
    assert {name: message[name] for name in ("model", "endpoint_name", "variant")} == {
        "model": "churn",
        "endpoint_name": "sluice-dev-churn",
        "variant": "AllTraffic",
    }
    assert message["record"]["eventMetadata"]["inferenceId"] == "one"
    assert message["record"]["captureData"]["endpointInput"]["data"] == json.dumps(RECORD)
    assert message["record"]["captureData"]["endpointOutput"]["data"] == api.runtime.answer.decode()


def test_where_sagemaker_captures_itself_nothing_is_kept(api: Api) -> None:
    api.aliases.put(replace(ALIAS, api_captures_percent=0))

    api.send()

    assert api.kept() == []


def test_a_record_that_no_message_holds_goes_to_s3(api: Api) -> None:
    rows = [{"age": 1, "plan": "x" * 100}] * (MAX_MESSAGE_BYTES // 100)

    api.send(rows)

    assert api.kept() == []
    (key,) = api.stage.keys("captures/churn/sluice-dev-churn/AllTraffic/2026/11/20/20/")
    kept = json.loads(api.stage.objects.read(key))
    assert json.loads(kept["captureData"]["endpointInput"]["data"]) == rows


def test_a_record_that_the_queue_does_not_take_goes_to_s3(api: Api) -> None:
    api.queue = replace(api.queue, client=BrokenQueue())

    assert api.send().status == 200
    assert len(api.stage.keys("captures/churn/")) == 1
    assert api.lost == []


def test_a_record_that_nothing_takes_costs_the_caller_nothing_and_is_told(api: Api) -> None:
    api.queue = CaptureQueue(BrokenQueue(), "", replace(api.stage.objects, bucket="no-such-bucket"))

    assert api.send().status == 200
    assert len(api.lost) == 1
    assert api.lost[0].startswith("churn: record ")


def test_a_model_says_what_it_takes(api: Api) -> None:
    about = json.loads(api.get("/models/{model}", model="churn").body)

    assert (about["model_version"], about["mode"], about["variants"]) == (6, "serverless", {"AllTraffic": 6})
    assert about["features"] == [{"name": "age", "type": "numeric"}, {"name": "plan", "type": "categorical"}]


def test_the_api_says_that_it_is_well_without_asking_anything(api: Api) -> None:
    assert json.loads(api.get("/health").body) == {"status": "ok", "stage": "dev"}


def test_a_route_that_is_none_says_which_there_are(api: Api) -> None:
    with pytest.raises(ProblemError, match=r"There are: POST /models/\{model\}/predictions"):
        api.get("/models")


def test_a_problem_says_when_to_come_back(api: Api) -> None:
    response = refusal(Problem(503, "unavailable", "t", "d", retry_after=5), "request-1")

    assert response.headers["retry-after"] == "5"
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(response.body)["instance"] == "urn:sluice:request:request-1"
