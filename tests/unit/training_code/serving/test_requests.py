import pytest

from serving.bad_request import BadRequest
from serving.media_types import CSV, JSON, JSON_LINES
from serving.requests import csv_rows, read_request


def test_json_lines():
    body = '{"age": 1}\r\n\n  \n{"age": 2}'
    assert read_request(body, JSON_LINES).rows == [{"age": 1}, {"age": 2}]
    assert read_request(body.encode(), "application/x-ndjson").rows == [{"age": 1}, {"age": 2}]
    assert read_request("[1, 2]\n", JSON_LINES).rows == [[1, 2]]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('{"age": 1}\n{"age"\n', "^row 2 is not JSON: "),
        ("[" * 100_000, "^row 1 is not a record: its JSON is nested too deeply"),
        ("\n \n", "holds no row"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_json_lines_that_cannot_be_read(body: str | bytes, sentence: str):
    with pytest.raises(BadRequest, match=sentence):
        read_request(body, JSON_LINES)


def test_json_that_is_none_is_read_as_words():
    assert read_request('[[NaN, -Infinity, "x"]]', JSON).rows == [["NaN", "-Infinity", "x"]]


@pytest.mark.parametrize("body", ["a,b\n1,2\n", 'a,"b"\r\n1,2\n\n', "\ufeffa,b\r1,2"])
def test_csv(body: str):
    assert csv_rows(read_request(body, CSV).text) == [["a", "b"], ["1", "2"]]
    assert csv_rows(read_request(body.encode(), CSV).text) == [["a", "b"], ["1", "2"]]
