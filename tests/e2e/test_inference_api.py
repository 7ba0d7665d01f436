"""The inference API on the whole template: who may call it, what it answers, and that no captured request is lost."""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials

from sluice.alias import Alias
from sluice.aws.aliases import Aliases
from tests.e2e.local_stage import LocalStage
from tests.e2e.permissions import role_of, without
from tests.e2e.signed_api import SignedApi
from tests.e2e.trained_model import TrainedModel
from tests.waiting import eventually

RECORD = {"tenure": 1, "plan": "basic", "monthly": 119.5}


@pytest.fixture(scope="module")
def served(stack: LocalStage, tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    """A model in production, whose requests the API keeps."""
    model = TrainedModel(stack, "m-served", tmp_path_factory.mktemp("served"))
    run = model.train()
    model.deploy(run["package_arn"])
    return model


@pytest.fixture
def api(stack: LocalStage) -> SignedApi:
    return SignedApi(stack.outputs["InferenceApiUrl"])


def user(stack: LocalStage, name: str, *statements: dict[str, Any]) -> Credentials:
    """A new IAM user's keys, allowed what the statements say."""
    iam = stack.client("iam")
    iam.create_user(UserName=name)
    if statements:
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}
        iam.put_user_policy(UserName=name, PolicyName="test", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def test_who_does_not_sign_gets_403(stack: LocalStage, api: SignedApi) -> None:
    nobody = SignedApi(api.url, None)

    for answer in (nobody.predict("churn", RECORD), nobody.get("/models/churn"), nobody.get("/health")):
        assert (answer.status, answer.json["message"]) == (403, "Forbidden")
    assert api.get("/health").json == {"status": "ok", "stage": "dev"}


def test_who_may_not_invoke_gets_403(stack: LocalStage, api: SignedApi) -> None:
    assert SignedApi(api.url, user(stack, "may-nothing")).get("/health").status == 403


def test_a_forged_signature_gets_403(stack: LocalStage, api: SignedApi) -> None:
    real = user(stack, "forged", {"Action": "execute-api:Invoke", "Resource": "*"})

    assert SignedApi(api.url, real).get("/health").status == 200
    assert SignedApi(api.url, Credentials(real.access_key, "guessed")).get("/health").status == 403


def test_a_caller_may_be_bound_to_one_model(stack: LocalStage, api: SignedApi) -> None:
    api_id = api.url.rstrip("/").rpartition("/")[2]
    arn = f"arn:aws:execute-api:us-east-1:000000000000:{api_id}/*/GET/models/mine"
    bound = SignedApi(api.url, user(stack, "bound", {"Action": "execute-api:Invoke", "Resource": arn}))

    assert bound.get("/models/mine").status == 404, "there is no such model, and the caller may ask for it"
    assert bound.get("/models/others").status == 403
    assert bound.predict("mine", RECORD).status == 403


def test_the_answer_is_the_models_with_its_version(served: TrainedModel, api: SignedApi) -> None:
    (expected,) = served.scores([RECORD])

    answer = api.predict(served.name, RECORD, Inference_Id="order-4711")

    assert answer.status == 200, answer.body
    assert answer.json["predictions"][0]["probability"] == expected
    assert answer.json["predictions"][0]["label"] in ("Yes", "No")
    told = {name: value for name, value in answer.json.items() if name != "predictions"}
    assert told == {"model": served.name, "model_version": 1, "inference_id": "order-4711"}
    assert answer.headers["inference-id"] == "order-4711"


def test_every_form_of_a_request_has_the_same_answer(served: TrainedModel, api: SignedApi) -> None:
    csv = b"tenure,plan,monthly\n1,basic,119.5\n"
    in_order = [RECORD[feature["name"]] for feature in api.get(f"/models/{served.name}").json["features"]]
    answers = [
        api.predict(served.name, RECORD),
        api.predict(served.name, [RECORD]),
        api.predict(served.name, {"instances": [RECORD]}),
        api.predict(served.name, [in_order]),
        api.predict(served.name, csv, "text/csv; charset=utf-8"),
        api.predict(served.name, json.dumps(RECORD).encode(), "application/jsonlines"),
    ]

    assert [answer.status for answer in answers] == [200] * len(answers), [answer.body for answer in answers]
    assert len({json.dumps(answer.json["predictions"]) for answer in answers}) == 1


def test_contributions_come_when_asked_for(served: TrainedModel, api: SignedApi) -> None:
    contributions = api.explain(served.name, RECORD).json["predictions"][0]["contributions"]

    assert set(contributions) == {*RECORD, "bias"}


def test_a_model_says_what_it_takes(served: TrainedModel, api: SignedApi) -> None:
    about = api.get(f"/models/{served.name}").json

    assert (about["model_version"], about["mode"], about["task"]) == (1, "serverless", "binary")
    assert {"name": "tenure", "type": "numeric"} in about["features"]
    assert about["ignored_columns"] == ["churned", "customer_id"]


def test_problems_say_what_to_do(served: TrainedModel, model: TrainedModel, api: SignedApi) -> None:
    model.define()  # and never trained
    wrong = [{"tenure": "long", "plan": "basic"}, {"age": 3}]

    answers = {
        "unknown-model": api.predict("no-such-model", RECORD),
        "nothing-deployed": api.predict(model.name, RECORD),
        "content-type": api.predict(served.name, b"<a/>", "application/xml"),
        "bad-request": api.predict(served.name, wrong),
        "too-large": api.predict(served.name, b"x" * (4 * 1024 * 1024 + 1), "text/csv"),
    }

    assert {kind: answer.status for kind, answer in answers.items()} == {
        "unknown-model": 404,
        "nothing-deployed": 409,
        "content-type": 415,
        "bad-request": 400,
        "too-large": 413,
    }
    for kind, answer in answers.items():
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["type"] == f"urn:sluice:problem:{kind}"
        assert answer.json["status"] == answer.status
    assert answers["bad-request"].json["errors"] == [
        "row 1, column 'tenure': 'long' is not a finite number.",
        "row 2, column 'age': the model does not know it; it knows monthly, plan, tenure.",
        "row 2 names none of the model's columns: monthly, plan, tenure.",
    ]
    assert f"sluice models {model.name}" in answers["nothing-deployed"].json["detail"]


def captured(model: TrainedModel) -> list[dict[str, Any]]:
    keys = model.captures()
    assert all(key.startswith(f"captures/{model.name}/{model.endpoint}/AllTraffic/20") for key in keys)
    bodies = [model.read(f"s3://{model.stage.bucket}/{key}").decode() for key in keys]
    return [json.loads(line) for body in bodies for line in body.splitlines()]


def captured_ids(model: TrainedModel) -> list[str]:
    return [record["eventMetadata"]["inferenceId"] for record in captured(model)]


def test_a_request_is_kept_as_sagemaker_would_keep_it(served: TrainedModel, api: SignedApi) -> None:
    csv = b"tenure,plan,monthly\n30,plus,50\n"
    answer = api.predict(served.name, csv, "text/csv", Inference_Id="kept-1")

    record = eventually(
        lambda: next((one for one in captured(served) if one["eventMetadata"]["inferenceId"] == "kept-1"), None),
        "the captured request",
    )

    sent, answered = record["captureData"]["endpointInput"], record["captureData"]["endpointOutput"]
    assert sent == {"observedContentType": "text/csv", "mode": "INPUT", "data": csv.decode(), "encoding": "CSV"}
    assert (answered["observedContentType"], answered["mode"], answered["encoding"]) == (
        "application/json",
        "OUTPUT",
        "JSON",
    )
    assert json.loads(answered["data"])["predictions"] == answer.json["predictions"]
    assert set(record["eventMetadata"]) == {"eventId", "inferenceId", "inferenceTime"}
    assert record["eventVersion"] == "0"


def processes_of(stage: LocalStage, *functions: str) -> Iterator[int]:
    """The worker processes of functions of this test's own cloud."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        named = {f"AWS_LAMBDA_FUNCTION_NAME={name}".encode() for name in functions}
        if named & set(environment) and f"AWS_ENDPOINT_URL={stage.endpoint_url}".encode() in environment:
            yield int(folder.name)


def test_no_request_is_lost_when_the_functions_die_right_after_their_answers(
    stack: LocalStage, served: TrainedModel, api: SignedApi
) -> None:
    ids = [f"survivor-{number}" for number in range(40)]

    with ThreadPoolExecutor(4) as callers:
        answers = list(callers.map(lambda one: api.predict(served.name, RECORD, Inference_Id=one), ids))
    killed = list(processes_of(stack, "sluice-dev-serve-predictions", "sluice-dev-write-captures"))
    for process in killed:
        os.kill(process, signal.SIGKILL)

    assert [answer.status for answer in answers] == [200] * len(ids)
    assert killed
    eventually(lambda: set(ids) <= set(captured_ids(served)), "all of them in the bucket", 90)
    found = [record for record in captured(served) if record["eventMetadata"]["inferenceId"] in ids]
    assert len({record["eventMetadata"]["eventId"] for record in found}) == len(ids)
    assert api.predict(served.name, RECORD).status == 200, "the API serves again"


def test_a_request_is_kept_when_the_queue_takes_none(served: TrainedModel, api: SignedApi) -> None:
    with without(served, role_of(served, "ServePredictionsRole"), "sqs:SendMessage"):
        assert api.predict(served.name, RECORD, Inference_Id="without-queue").status == 200

        assert "without-queue" in captured_ids(served), "before the answer, and not some time after it"


def test_a_request_that_no_message_holds_is_kept_at_once(served: TrainedModel, api: SignedApi) -> None:
    rows = [RECORD] * 6000

    assert api.predict(served.name, rows, Inference_Id="large").status == 200

    assert "large" in captured_ids(served)


def test_a_refused_request_is_not_kept(served: TrainedModel, api: SignedApi) -> None:
    assert api.predict(served.name, {"tenure": "long"}, Inference_Id="refused").status == 400
    assert api.predict(served.name, RECORD, Inference_Id="after-it").status == 200

    eventually(lambda: "after-it" in captured_ids(served), "the one after it")
    assert "refused" not in captured_ids(served)


def deployed(model: TrainedModel, **deployment: Any) -> None:
    """In production in another mode than the default one."""
    run = model.train(deployment=deployment)
    model.decide(run["package_arn"], "Approved")

    def in_production() -> bool:
        actions = model.actions()
        assert "DEPLOYMENT_FAILED" not in actions, model.audit()[-1]["why"]
        return "DEPLOYED" in actions

    eventually(in_production, f"{model.name} deployed", 120)


def test_an_asynchronous_model_answers_later(model: TrainedModel, api: SignedApi) -> None:
    deployed(model, mode="asynchronous")

    answer = api.predict(model.name, [RECORD, RECORD], Inference_Id="later-1")

    assert answer.status == 202, answer.body
    assert (answer.json["model_version"], answer.json["inference_id"]) == (1, "later-1")
    output = answer.json["output_location"]
    assert output.startswith(f"s3://{model.stage.bucket}/models/{model.name}/async/out/")
    left = output.partition(f"models/{model.name}/")[2]
    eventually(lambda: model.keys(left), "the answer", 120)
    assert len(json.loads(model.read(output))["predictions"]) == 2
    assert api.predict(model.name, {"tenure": "long"}).status == 400


def test_models_of_a_shared_endpoint_answer_each_by_itself(
    stack: LocalStage, model: TrainedModel, api: SignedApi, tmp_path: Path
) -> None:
    other = TrainedModel(stack, f"{model.name}-b", tmp_path)
    for one in (model, other):
        deployed(one, mode="multi-model", group="api")

    for one in (model, other):
        answer = api.predict(one.name, RECORD, Inference_Id=f"of-{one.name}")
        assert (answer.status, answer.json["model"], answer.json["model_version"]) == (200, one.name, 1), answer.body

    for one in (model, other):
        (key,) = eventually(one.captures, "the captured request")
        assert key.startswith(f"captures/{one.name}/sluice-dev--multi-api/AllTraffic/{datetime.now(UTC):%Y}/")
        record = json.loads(one.read(f"s3://{stack.bucket}/{key}"))
        assert record["eventMetadata"]["inferenceId"] == f"of-{one.name}"


def test_the_api_may_ask_no_other_endpoints_than_the_stages(served: TrainedModel, api: SignedApi) -> None:
    """An alias that points elsewhere is a defect, and its caller is not told more than that."""
    aliases = Aliases(served.client("ssm"), "dev")
    aliases.put(Alias("m-astray", "sluice-prod-churn", "serverless", 1, _definition_of(served), {"AllTraffic": 1}))

    answer = api.predict("m-astray", RECORD)

    assert (answer.status, answer.json["type"]) == (500, "urn:sluice:problem:defect")
    assert "prod" not in answer.json["detail"]


def _definition_of(model: TrainedModel) -> str:
    alias = Aliases(model.client("ssm"), "dev").get(model.name)
    assert alias is not None
    return alias.definition_uri
