"""The smoke test's requests, against a runtime that a test steers and moto's S3."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice.aws.golden_requests import GoldenRequests
from sluice.aws.registry import Package
from sluice.rollout import PackageRef
from tests.unit.functions.conftest import BUCKET, StageUnderTest

EVALUATION = f"s3://{BUCKET}/models/churn/runs/1/evaluation/evaluation.json"


def model_error(status: int, message: str) -> ClientError:
    error = {"Error": {"Code": "ModelError", "Message": message}, "OriginalStatusCode": status}
    return ClientError(error, "InvokeEndpoint")  # type: ignore[arg-type]


BROKEN, REFUSED = model_error(500, "500"), model_error(400, "row 1")


@dataclass
class FakeRuntime:
    """Answers one after the other; the last one from then on."""

    answers: list[str | Exception]
    requests: list[dict[str, Any]] = field(default_factory=list)
    stage: Any = None

    def _next(self) -> str:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def invoke_endpoint(self, **request: Any) -> Any:
        self.requests.append(request)
        return {"Body": io.BytesIO(self._next().encode())}

    def invoke_endpoint_async(self, **request: Any) -> Any:
        self.requests.append(request)
        self.stage.put("models/churn/async/out/1.out", self._next())
        return {"OutputLocation": f"s3://{BUCKET}/models/churn/async/out/1.out", "FailureLocation": f"s3://{BUCKET}/x"}


def package(**metadata: str) -> Package:
    ref = PackageRef("arn:aws:sagemaker:us-east-1:1:model-package/g/7", 7)
    return Package(ref, "g", "Approved", "", "s3://m", "image", {}, None, metadata, "arn:alice")


def asked(stage: StageUnderTest, *answers: str | Exception, mode: str = "real-time", **target: str) -> Any:
    document = {"records": [{"age": "1"}, {"age": "2"}], "scores": [0.25, 0.75]}
    stage.put("models/churn/runs/1/evaluation/golden.json", json.dumps(document))
    runtime, pauses = FakeRuntime(list(answers), stage=stage), list[float]()
    requests = GoldenRequests(stage.objects, runtime, pauses.append)
    outcome = requests.smoke_test("churn", package(evaluation=EVALUATION), "e", mode, **target)
    return outcome, runtime.requests, pauses


def test_the_golden_records_are_asked_as_they_lie_there(stage: StageUnderTest) -> None:
    outcome, (request,), _ = asked(stage, "0.25\n0.75\n", TargetModel="churn-v7.tar.gz")

    assert outcome.passed
    assert json.loads(request["Body"]) == [{"age": "1"}, {"age": "2"}]
    assert (request["TargetModel"], request["Accept"]) == ("churn-v7.tar.gz", "text/csv")


@pytest.mark.parametrize(
    ("answer", "said"),
    [("0.25\n0.9\n", "golden record 2"), ("a page\n", "not made of numbers"), (REFUSED, "it answered 400: row 1")],
)
def test_any_other_answer_fails(stage: StageUnderTest, answer: str | Exception, said: str) -> None:
    outcome, _, pauses = asked(stage, answer)

    assert not outcome.passed
    assert said in outcome.reason
    assert pauses == []


def test_a_container_that_breaks_once_is_asked_again_and_one_that_always_does_fails(stage: StageUnderTest) -> None:
    recovered, _, pauses = asked(stage, BROKEN, "0.25\n0.75\n")
    broken, requests, _ = asked(stage, BROKEN)

    assert recovered.passed
    assert len(pauses) == 1
    assert not broken.passed
    assert len(requests) == 3
    assert "in 3 attempts" in broken.reason


def test_an_asynchronous_endpoint_is_asked_through_s3(stage: StageUnderTest) -> None:
    outcome, (request,), _ = asked(stage, "0.25\n0.75\n", mode="asynchronous")

    assert outcome.passed
    assert request["InputLocation"].startswith(f"s3://{BUCKET}/models/churn/async/in/")


@pytest.mark.parametrize("metadata", [{}, {"evaluation": f"s3://{BUCKET}/gone/evaluation.json"}])
def test_a_version_without_golden_records_says_so(stage: StageUnderTest, metadata: dict[str, str]) -> None:
    outcome = GoldenRequests(stage.objects, FakeRuntime([""]), lambda _: None).smoke_test(
        "churn", package(**metadata), "e", "serverless"
    )

    assert outcome.passed
    assert "no golden records" in outcome.reason
