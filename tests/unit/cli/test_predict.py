"""`sluice predict` in each deployment mode: it goes where the alias points."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.asynchronous_scoring import AsynchronousEndpoint
from cli.errors import OperationFailedError
from sluice.aws.objects import Objects, key_of
from tests.unit.cli.conftest import BUCKET, Account, deployment, put_alias, put_endpoint, put_live

Capture = pytest.CaptureFixture[str]


class Runtime:
    """Answers one prediction per row: at once, or into the bucket, where `fails` leaves words instead."""

    def __init__(self, account: Account, fails: str | None = None, answers: bool = True) -> None:
        self.requests: list[dict[str, Any]] = []
        self._account = account
        self._fails = fails
        self._answers = answers

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {"Body": io.BytesIO(_predictions(request["Body"]))}

    def invoke_endpoint_async(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        name = f"models/churn/async/{{}}/{len(self.requests)}.out"
        output, failure = (f"s3://{BUCKET}/{name.format(folder)}" for folder in ("out", "failures"))
        body = self._account.s3.get_object(Bucket=BUCKET, Key=key_of(request["InputLocation"]))["Body"].read()
        if self._fails:
            self._account.leave(key_of(failure), self._fails)
        elif self._answers:
            self._account.leave(key_of(output), _predictions(body).decode())
        return {"InferenceId": "1", "OutputLocation": output, "FailureLocation": failure}


def _predictions(body: bytes) -> bytes:
    rows = body.decode().splitlines()[1:]
    answers = [{"probability": float(row.split(",")[1]), "label": "No"} for row in rows]
    return json.dumps({"predictions": answers}).encode()


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """No definition of a model says anything about them."""
    path = tmp_path / "rows.csv"
    path.write_text("id,tenure\na,0.25\nb,0.5\n")
    return path


@pytest.fixture
def served(account: Account) -> Account:
    account.s3.delete_object(Bucket=BUCKET, Key="models/churn/model.yaml")
    put_endpoint()
    account.clients["sagemaker-runtime"] = Runtime(account)
    return account


def scores(account: Account, capsys: Capture, rows: Path) -> list[float]:
    assert account.type("predict", "churn", str(rows), "--json") == 0
    return [answer["probability"] for answer in json.loads(capsys.readouterr().out)]


@pytest.mark.parametrize("with_alias", [True, False])
def test_requests_go_to_the_endpoint_of_the_alias_or_of_that_name(
    served: Account, capsys: Capture, rows: Path, with_alias: bool
) -> None:
    if with_alias:
        put_alias()
    assert scores(served, capsys, rows) == [0.25, 0.5]
    (request,) = served.clients["sagemaker-runtime"].requests
    assert request["EndpointName"] == "sluice-dev-churn--real-time"
    assert "TargetModel" not in request


def test_a_shared_endpoint_is_told_which_model_is_meant(served: Account, capsys: Capture, rows: Path) -> None:
    put_endpoint("sluice-dev--multi-shared")
    put_alias(endpoint_name="sluice-dev--multi-shared", mode="multi-model", target_model="churn-v3.tar.gz")
    assert scores(served, capsys, rows) == [0.25, 0.5]
    (request,) = served.clients["sagemaker-runtime"].requests
    assert request["TargetModel"] == "churn-v3.tar.gz"


def test_an_asynchronous_endpoint_is_asked_through_the_bucket(served: Account, capsys: Capture, rows: Path) -> None:
    put_endpoint("sluice-dev-churn--async")
    put_alias(endpoint_name="sluice-dev-churn--async", mode="asynchronous")
    assert served.type("predict", "churn", str(rows), "--json") == 0
    shown = capsys.readouterr()
    assert [answer["probability"] for answer in json.loads(shown.out)] == [0.25, 0.5]
    assert "1 of 1 answered" in shown.err
    (request,) = served.clients["sagemaker-runtime"].requests
    assert request["InputLocation"].startswith(f"s3://{BUCKET}/models/churn/async/in/")
    assert (request["EndpointName"], request["ContentType"]) == ("sluice-dev-churn--async", "text/csv")


def asynchronous(account: Account, runtime: Runtime, tell: Callable[[str], None] = print) -> AsynchronousEndpoint:
    return AsynchronousEndpoint(runtime, Objects(account.s3, BUCKET), "churn", "e", tell, 0.0)


def test_all_requests_are_handed_in_before_the_first_answer_is_awaited(account: Account, tmp_path: Path) -> None:
    """One instance may start for all of them."""
    path = tmp_path / "many.csv"
    path.write_text("id,tenure\n" + "a,0.5\n" * 20_001)
    runtime, told = Runtime(account), list[str]()
    found = list(asynchronous(account, runtime, told.append).score_file(path, "id"))
    assert [found[0].row, found[-1].row, found[-1].key] == [1, 20_001, "a"]
    assert told[0].startswith("2 requests wait at e")
    assert told[1:] == ["1 of 2 answered", "2 of 2 answered"]


def test_what_went_wrong_is_told_with_its_place(account: Account, rows: Path) -> None:
    runtime = Runtime(account, fails="row 2, column 'tenure':\n'x' is not a number")
    with pytest.raises(OperationFailedError, match=r"from row 1: row 2, column 'tenure': 'x' is not .*async/failures/"):
        list(asynchronous(account, runtime).score_file(rows, None))


def test_an_answer_that_does_not_come_is_not_waited_for_forever(account: Account, rows: Path) -> None:
    with pytest.raises(OperationFailedError, match=r"not answered after 0 s.*the answer will be s3://.*/async/out/1"):
        list(asynchronous(account, Runtime(account, answers=False)).score_file(rows, None))


def test_an_alias_whose_endpoint_is_gone_is_no_endpoint(account: Account, capsys: Capture, rows: Path) -> None:
    put_alias()
    assert account.type("predict", "churn", str(rows)) == 1
    assert "churn has no endpoint" in capsys.readouterr().err


def test_status_and_models_show_the_mode_and_the_trial(served: Account, capsys: Capture) -> None:
    put_live(served, 1, trial=deployment(2))
    put_alias(variants={"v1": 1, "v2": 2})
    served.leave("models/churn/model.yaml", "name: churn")
    assert served.type("status", "--json") == 0
    churn = json.loads(capsys.readouterr().out)["models"][0]
    assert (churn["mode"], churn["live_version"], churn["challenger"]) == ("real-time", 1, 2)
    assert churn["endpoint"] == "sluice-dev-churn--real-time"
    assert served.type("models", "churn", "--json") == 0
    assert [one["production"] for one in json.loads(capsys.readouterr().out)] == ["on trial", "live"]
