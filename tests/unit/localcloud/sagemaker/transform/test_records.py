"""Filters and joins, record by record."""

import pytest

from localcloud.sagemaker.transform.paths import parse
from localcloud.sagemaker.transform.records import DataProcessing, Format, RecordError


def processing(kind: Format, *, join: bool = True, before: str = "$", after: str = "$") -> DataProcessing:
    return DataProcessing(kind, join, parse(before), parse(after))


def test_a_csv_row_without_its_id_and_the_id_with_the_score() -> None:
    rows = processing("csv", before="$[1:]", after="$[0,-1]")

    assert rows.request(b'7,"a,b",2', 1) == b'"a,b",2'
    assert rows.answers([b'7,"a,b",2', b"8,c,3"], b"0.1\n0.2\n", 1, lines=True) == [b"7,0.1", b"8,0.2"]


def test_json_gets_the_answer_as_an_attribute() -> None:
    records = processing("json")

    assert records.answers([b'{"id":1}', b"[2]"], b'{"score":0.5}\n0.25', 1, lines=True) == [
        b'{"id":1,"SageMakerOutput":{"score":0.5}}',
        b'{"SageMakerInput":[2],"SageMakerOutput":0.25}',
    ]


def test_a_json_document_is_one_record() -> None:
    records = processing("json", before="$.instances", after="$['id','SageMakerOutput']")
    document = b'{"id": "x",\n "instances": [[1, 2]]}'

    assert records.request(document, 1) == b"[[1,2]]"
    assert records.answers([document], b"[0.5]\n", 1, lines=False) == [b'{"id":"x","SageMakerOutput":[0.5]}']


def test_a_join_needs_an_answer_for_each_record() -> None:
    with pytest.raises(RecordError, match="answered 1 records to the 2 from record 5 on"):
        processing("csv").answers([b"id,a", b"1,2"], b"0.5", 5, lines=True)


def test_an_output_filter_works_without_a_join() -> None:
    assert processing("json", join=False, after="$.score").answers(
        [b"x"], b'{"score":1}\n{"score":2}', 1, lines=True
    ) == [
        b"1",
        b"2",
    ]


def test_without_processing_the_answer_goes_out_as_it_came() -> None:
    untouched = DataProcessing(None, False, parse("$"), parse("$"))

    assert untouched.request(b"\xff\x00", 1) == b"\xff\x00"
    assert untouched.answers([b"a", b"b"], b"\xff\n", 1, lines=True) == [b"\xff\n"]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (b'1,"open', "input record 3 is not CSV"),
        (b"\xff,1", "input record 3 is not CSV"),
        (b"1", "input record 3: index 1"),
    ],
)
def test_a_record_that_cannot_be_filtered_is_named(record: bytes, said: str) -> None:
    with pytest.raises(RecordError, match=said):
        processing("csv", before="$[1]").request(record, 3)
