import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from cli.errors import BadInputError, OperationFailedError
from cli.scoring import Prediction, chunks, score_file


class Endpoint:
    """A runtime client that answers one prediction per line of CSV after the header."""

    def __init__(self, error: ClientError | None = None, short: bool = False) -> None:
        self.bodies: list[str] = []
        self._error = error
        self._short = short

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        if self._error:
            raise self._error
        body = request["Body"].decode()
        self.bodies.append(body)
        rows = body.splitlines()[1:]
        answers = [{"probability": 0.25, "label": "No"} for _ in rows[: -1 if self._short else None]]
        return {"Body": io.BytesIO(json.dumps({"predictions": answers}).encode())}


def file(folder: Path, text: str) -> Path:
    path = folder / "rows.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_row_gets_a_prediction_with_its_number_and_key(tmp_path: Path) -> None:
    path = file(tmp_path, "id,tenure\na,1\nb,2\n\nc,3\n")
    found = list(score_file(Endpoint(), "endpoint", path, key="id"))
    assert [(one.row, one.key) for one in found] == [(1, "a"), (2, "b"), (3, "c")]
    assert {(one.answer["probability"], one.answer["label"]) for one in found} == {(0.25, "No")}


@pytest.mark.parametrize(
    ("answer", "columns"),
    [
        ({"probability": 0.25, "label": "No"}, ["row", "key", "probability", "label"]),
        ({"prediction": 12.5}, ["row", "key", "prediction"]),
        (
            {"label": "a", "probabilities": {"a": 0.7, "b": 0.3}},
            ["row", "key", "label", "probability_a", "probability_b"],
        ),
    ],
)
def test_each_task_has_its_columns(answer: dict[str, Any], columns: list[str]) -> None:
    prediction = Prediction(1, "k", answer)
    assert list(prediction.as_columns()) == columns
    assert prediction.as_json() == {"row": 1, "key": "k", **answer}


def test_packed_text_and_parquet_are_sent_as_csv(tmp_path: Path) -> None:
    packed, columns = tmp_path / "rows.csv.gz", tmp_path / "rows.parquet"
    packed.write_bytes(gzip.compress(b"id|tenure\na|1\n"))
    pq.write_table(pa.table({"id": ["a"], "tenure": [1]}), columns)
    for path in (packed, columns):
        endpoint = Endpoint()
        assert [one.key for one in score_file(endpoint, "endpoint", path, key="id")] == ["a"]
        assert endpoint.bodies == ["id,tenure\na,1\n"]


def test_a_key_that_the_file_lacks_is_left_out(tmp_path: Path) -> None:
    found = list(score_file(Endpoint(), "endpoint", file(tmp_path, "x,y\n1,2\n"), key="id"))
    assert found[0].key is None


def test_pieces_stay_below_the_limit_and_each_has_the_header(tmp_path: Path) -> None:
    rows = "".join(f"{number},{'x' * 20}\n" for number in range(100))
    pieces = list(chunks(file(tmp_path, "n,text\n" + rows), max_bytes=500))
    assert len(pieces) > 4
    assert all(len(piece.body) <= 500 + len("n,text\n") for piece in pieces)
    assert [piece.first_row for piece in pieces][:2] == [1, 1 + len(pieces[0].rows)]
    sent = [row for piece in pieces for row in piece.body.decode().splitlines()[1:]]
    assert sent == rows.splitlines()


def test_pieces_hold_a_number_of_rows_at_most(tmp_path: Path) -> None:
    pieces = list(chunks(file(tmp_path, "a,b\n" + "1,2\n" * 10), max_rows=4))
    assert [len(piece.rows) for piece in pieces] == [4, 4, 2]


def test_cells_with_commas_quotes_and_line_ends_arrive_whole(tmp_path: Path) -> None:
    endpoint = Endpoint()
    list(score_file(endpoint, "endpoint", file(tmp_path, 'a;b\n"x,y";"say ""hi"""\n'), key=None))
    assert endpoint.bodies == ['a,b\n"x,y","say ""hi"""\n']


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no row below it"):
        list(chunks(file(tmp_path, "a,b\n")))


def model_error(status: int, message: str) -> ClientError:
    response: Any = {
        "Error": {"Code": "ModelError", "Message": "Received client error"},
        "OriginalStatusCode": status,
        "OriginalMessage": message,
    }
    return ClientError(response, "InvokeEndpoint")


def test_a_row_that_the_model_refuses_is_bad_input(tmp_path: Path) -> None:
    endpoint = Endpoint(model_error(400, "row 3, column 'tenure': 'abc' is not a number"))
    with pytest.raises(BadInputError, match="row 3, column 'tenure': 'abc' is not a number"):
        list(score_file(endpoint, "endpoint", file(tmp_path, "a,b\n1,2\n"), key=None))


def test_a_model_that_breaks_points_at_its_log(tmp_path: Path) -> None:
    endpoint = Endpoint(model_error(500, "boom"))
    with pytest.raises(OperationFailedError, match=r"failed with 500: boom.*/aws/sagemaker/Endpoints/endpoint"):
        list(score_file(endpoint, "endpoint", file(tmp_path, "a,b\n1,2\n"), key=None))


def test_too_few_answers_are_never_matched_to_the_wrong_rows(tmp_path: Path) -> None:
    with pytest.raises(OperationFailedError, match="answered 1 predictions for 2 rows"):
        list(score_file(Endpoint(short=True), "endpoint", file(tmp_path, "a,b\n1,2\n3,4\n"), key=None))
