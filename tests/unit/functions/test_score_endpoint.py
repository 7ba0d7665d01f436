"""ScoreEndpoint on moto's S3, against endpoints that answer as a test says."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from functions.score_endpoint.request import ScoreRequest
from functions.score_endpoint.score_endpoint import MOST_ROWS, RESERVED_SECONDS, ScoreEndpoint
from sluice.aws.endpoint_scores import EndpointScores
from sluice.aws.objects import ObjectMissingError
from sluice.errors import DefectError, TransientError
from sluice.plan import definition_document
from tests.definitions import definition
from tests.unit.functions.conftest import BUCKET, StageUnderTest

RUN = "models/churn/runs/1"
URI = f"s3://{BUCKET}/{RUN}"
Rows = list[dict[str, str]]


def score_of(row: dict[str, str]) -> float:
    """What the model makes of a row: a number that depends on every feature."""
    return float(row["age"] or 0) / 1000 + len(row["plan"]) / 100


@dataclass
class FakeRuntime:
    """sagemaker-runtime as it answers CSV; `answer` makes the answer of a request's rows, or raises."""

    answer: Callable[[Rows], str] = lambda rows: "".join(f"{score_of(row):.9g}\n" for row in rows)
    asked: list[Rows] = field(default_factory=list)

    def invoke_endpoint(self, EndpointName: str, ContentType: str, Accept: str, Body: bytes) -> dict[str, Any]:
        assert (EndpointName, ContentType, Accept) == ("sluice-validate-dev-1", "text/csv", "text/csv")
        assert len(Body) <= 4 * 1024 * 1024
        rows = list(csv.DictReader(io.StringIO(Body.decode(), newline="")))
        self.asked.append(rows)
        return {"Body": io.BytesIO(self.answer(rows).encode())}


@dataclass
class Run:
    """A run's files, and the function that looks at them."""

    stage: StageUnderTest
    runtime: FakeRuntime
    seconds_left: Iterator[float] | None = None

    def define(self, **changes: Any) -> None:
        self.stage.put(f"{RUN}/definition/definition.json", definition_document(definition(**changes)))

    def hold_out(self, name: str, rows: Sequence[dict[str, str]]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, ["id", "age", "plan", "churned"], quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.stage.put(f"{RUN}/holdout/{name}", text.getvalue())

    def predict(self, header: str, scores: Sequence[str]) -> None:
        self.stage.put(f"{RUN}/evaluation/predictions.csv", "\n".join([header, *scores, ""]))

    def score(self, max_rows: int = 5000) -> dict[str, Any]:
        left = self.seconds_left
        function = ScoreEndpoint(
            self.stage.objects, EndpointScores(self.runtime), lambda: next(left) if left else RESERVED_SECONDS + 1
        )
        return function.handle(
            ScoreRequest(
                endpoint_name="sluice-validate-dev-1",
                definition_uri=f"{URI}/definition/",
                holdout_uri=f"{URI}/holdout/",
                evaluation_uri=f"{URI}/evaluation/",
                tolerance=1e-5,
                max_rows=max_rows,
            )
        )


def customers(count: int, first: int = 0) -> Rows:
    plans = ("basic", "plus, with a comma", 'the "best"\nof two lines', "")
    return [
        {"id": str(number), "age": str(number % 90), "plan": plans[number % 4], "churned": "yes"}
        for number in range(first, first + count)
    ]


@pytest.fixture
def run(stage: StageUnderTest) -> Run:
    made = Run(stage, FakeRuntime())
    made.define()
    rows = customers(7)
    made.hold_out("holdout.csv", rows)
    made.predict('"label","score"', [f"1,{score_of(row)!r}" for row in rows])
    return made


def test_a_faithful_endpoint_passes(run: Run) -> None:
    answer = run.score()

    assert answer["verdict"] == "pass"
    assert "scored 7 test rows as the evaluate step did" in answer["reason"]


def test_only_the_features_are_sent_as_they_were_uploaded(run: Run) -> None:
    run.score()

    (asked,) = run.runtime.asked
    assert asked == [{"age": row["age"], "plan": row["plan"]} for row in customers(7)]


def test_another_score_fails_and_names_its_row(run: Run) -> None:
    run.runtime.answer = lambda rows: "".join(
        f"{score_of(row) + (0.25 if row['age'] == '4' else 0):.9g}\n" for row in rows
    )

    answer = run.score()

    assert answer["verdict"] == "fail"
    assert "1 of 7 test rows" in answer["reason"]
    assert "row 5 got" in answer["reason"]


def test_files_of_several_hosts_are_one_holdout_in_name_order(run: Run) -> None:
    first, second = customers(600), customers(300, first=600)
    run.stage.s3.delete_object(Bucket=BUCKET, Key=f"{RUN}/holdout/holdout.csv")
    run.hold_out("holdout-algo-2.csv", second)
    run.stage.put(f"{RUN}/holdout/holdout-algo-3.csv", b"")
    run.hold_out("holdout-algo-1.csv", first)
    run.predict("label,score,champion_score", [f"1,{score_of(row)!r},0.5" for row in [*first, *second]])

    assert "scored 900 test rows" in run.score()["reason"]
    assert [len(rows) for rows in run.runtime.asked] == [MOST_ROWS, 400]


def test_at_most_so_many_rows_are_sent(run: Run) -> None:
    assert "scored 3 test rows" in run.score(max_rows=3)["reason"]


def test_the_classes_of_a_multiclass_model_are_compared_in_their_order(run: Run) -> None:
    run.define(data__task="multiclass", data__positive_label=None)
    run.predict("label,predicted,probability_no,probability_yes", ["no,no,0.75,0.25"] * 7)
    run.runtime.answer = lambda rows: "0.75,0.25\n" * len(rows)
    assert run.score()["verdict"] == "pass"

    run.runtime.answer = lambda rows: "0.25,0.75\n" * len(rows)
    assert run.score()["verdict"] == "fail"


def test_a_number_is_compared_relative_to_its_size(run: Run) -> None:
    run.define(data__task="regression", data__positive_label=None)
    run.predict("label,prediction", ["1,1000000"] * 7)
    run.runtime.answer = lambda rows: "1000001\n" * len(rows)

    assert run.score()["verdict"] == "pass"


def model_error(status: int | None, message: str) -> ClientError:
    response: Any = {
        "Error": {"Code": "ModelError", "Message": f"Received an error ({status})"},
        "OriginalMessage": message,
    }
    if status is not None:
        response["OriginalStatusCode"] = status
    return ClientError(response, "InvokeEndpoint")


def raising(error: Exception) -> Callable[[Rows], str]:
    def answer(rows: Rows) -> str:
        raise error

    return answer


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{\"error\": \"row 3, column 'age': 'old' is no number\"}", "row 3, column 'age': 'old' is no number"),
        ("worker died", "worker died"),
        ('["worker died"]', '["worker died"]'),
    ],
)
def test_the_models_own_error_fails_with_its_words(run: Run, body: str, said: str) -> None:
    run.runtime.answer = raising(model_error(400, body))

    reason = f"The temporary endpoint did not score the test rows 1 to 7: it answered 400: {said}"
    assert run.score() == {"verdict": "fail", "reason": reason}


@pytest.mark.parametrize("status", [400, 499])
def test_every_4xx_is_the_models_answer(run: Run, status: int) -> None:
    run.runtime.answer = raising(model_error(status, "no"))

    assert run.score()["verdict"] == "fail"


@pytest.mark.parametrize("status", [500, 503, 399, 0, None])
def test_a_container_that_broke_down_is_asked_again(run: Run, status: int | None) -> None:
    """SageMaker wraps time-outs, restarts and 5xx in ModelError: they need not be the model's doing."""
    run.runtime.answer = raising(model_error(status, "worker died"))

    with pytest.raises(
        TransientError, match=rf"sluice-validate-dev-1 did not score: it answered {status or 0}: worker"
    ):
        run.score()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("0.5\n", "it answered 1 rows to 7"),
        ("0.5,0.5\n" * 7, "it answered 2 numbers to a row, not 1"),
        ("yes\n" * 7, "its answer is not made of numbers"),
        ("", "it answered 0 rows to 7"),
    ],
)
def test_what_is_no_answer_to_the_rows_fails(run: Run, answer: str, said: str) -> None:
    run.runtime.answer = lambda rows: answer

    result = run.score()

    assert result["verdict"] == "fail"
    assert said in result["reason"]


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ModelNotReadyException", "Message": "wait"}}, "InvokeEndpoint"),
        ReadTimeoutError(endpoint_url="https://runtime"),
    ],
)
def test_what_is_not_the_models_doing_is_tried_again(run: Run, error: Exception) -> None:
    run.runtime.answer = raising(error)

    with pytest.raises(TransientError, match="sluice-validate-dev-1"):
        run.score()


def test_a_refusal_by_sagemaker_is_no_verdict(run: Run) -> None:
    run.runtime.answer = raising(
        ClientError({"Error": {"Code": "ValidationError", "Message": "Endpoint not found"}}, "InvokeEndpoint")
    )

    with pytest.raises(ClientError, match="Endpoint not found"):
        run.score()


def test_it_stops_before_its_own_end_with_what_was_compared(run: Run) -> None:
    rows = customers(1200)
    run.hold_out("holdout.csv", rows)
    run.predict("label,score", [f"1,{score_of(row)!r}" for row in rows])
    run.seconds_left = iter([RESERVED_SECONDS + 1, RESERVED_SECONDS + 1, RESERVED_SECONDS - 1])

    answer = run.score()

    assert answer["verdict"] == "undecided"
    assert "scored 1,000 test rows" in answer["reason"]
    assert "Time ran out" in answer["reason"]


def test_a_difference_is_one_however_the_time_ran_out(run: Run) -> None:
    rows = customers(1200)
    run.hold_out("holdout.csv", rows)
    run.predict("label,score", [f"1,{score_of(row) + 0.25!r}" for row in rows])
    run.seconds_left = iter([RESERVED_SECONDS + 1, RESERVED_SECONDS - 1])

    answer = run.score()

    assert answer["verdict"] == "fail"
    assert "500 of 500 test rows" in answer["reason"]


@pytest.mark.parametrize("scores", [3, 9])
def test_a_holdout_of_another_length_than_its_predictions_is_a_defect(run: Run, scores: int) -> None:
    run.predict("label,score", ["1,0.5"] * scores)
    run.runtime.answer = lambda rows: "0.5\n" * len(rows)

    with pytest.raises(DefectError, match="other numbers of rows"):
        run.score()


def test_a_holdout_without_a_feature_is_a_defect(run: Run) -> None:
    run.stage.put(f"{RUN}/holdout/holdout.csv", 'id,plan\n"1","a"\n')

    with pytest.raises(DefectError, match=r"holdout\.csv lacks the column age"):
        run.score()


def test_a_file_of_many_chunks_is_read_as_it_is(run: Run) -> None:
    """Letters of several bytes and line ends within quotes lie across the chunks' borders."""
    rows = [row | {"plan": f"{row['plan']}\n{'üß€' * 1500}"} for row in customers(300)]
    run.hold_out("holdout.csv", rows)
    run.predict("label,score", [f"1,{score_of(row)!r}" for row in rows])

    assert "scored 300 test rows" in run.score()["reason"]
    assert [row["plan"] for asked in run.runtime.asked for row in asked] == [row["plan"] for row in rows]
    assert len(run.runtime.asked) > 2, "no request is longer than a serverless endpoint takes"


def test_a_run_without_predictions_is_told(run: Run) -> None:
    run.stage.s3.delete_object(Bucket=BUCKET, Key=f"{RUN}/evaluation/predictions.csv")

    with pytest.raises(ObjectMissingError, match=r"evaluation/predictions\.csv does not exist"):
        run.score()


def test_an_empty_holdout_decides_nothing(run: Run) -> None:
    run.stage.put(f"{RUN}/holdout/holdout.csv", "id,age,plan,churned\n")
    run.predict("label,score", [])

    assert json.loads(json.dumps(run.score()))["verdict"] == "undecided"
