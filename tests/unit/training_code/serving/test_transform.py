"""A transform job's portions: as many lines out as in, whatever the portion, and the header named once."""

import csv
import io
import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import inference
from serving.artifact import Artifact
from serving.bad_request import BadRequest, Refusal
from serving.media_types import wanted
from serving.transform import VARIABLE, answer_lines, declared_columns

COLUMNS = ("plan", "id", "income", "left", "age", "city")
HEADER = ",".join(COLUMNS)
ROWS = ["a,k1,100,No,30,Bonn", ",k2,,Yes,41,Köln", '"Bonn",k3,"1",No,18,"Garmisch-Partenkirchen"', "x,k4,2e3,No,NA,1"]


def asked(model: Artifact, text: str, accept: str = "text/csv") -> str:
    answer = inference.transform_fn(replace(model, transformed_columns=COLUMNS), text, "text/csv", accept)
    assert not isinstance(answer, Refusal), answer
    assert answer[1] == "text/csv"
    return answer[0]


def refused(model: Artifact, text: str, accept: str = "text/csv") -> str:
    answer = inference.transform_fn(replace(model, transformed_columns=COLUMNS), text, "text/csv", accept)
    assert isinstance(answer, Refusal), answer
    return answer.message


def served(model: Artifact, lines: list[str]) -> list[list[str]]:
    """What an endpoint answers to the same rows under their header."""
    output = "" if model.codec.target.task == "regression" else "; output=both"
    answer = inference.transform_fn(model, "\n".join([HEADER, *lines]), "text/csv", f"text/csv{output}")
    assert not isinstance(answer, Refusal), answer
    return list(csv.reader(io.StringIO(answer[0])))


NAMES = {
    "binary": ["probability", "label"],
    "multiclass": ["probability_blue", "probability_green", "probability_red, dark", "label"],
    "regression": ["prediction"],
}


@pytest.mark.parametrize("end", ["", "\n"])
def test_every_portion_gets_what_the_endpoint_answers(any_model: Artifact, end: str) -> None:
    whole = list(csv.reader(io.StringIO(asked(any_model, "\n".join([HEADER, *ROWS]) + end))))

    assert whole[0] == NAMES[any_model.codec.target.task]
    assert whole[1:] == served(any_model, ROWS)
    for row, expected in zip(ROWS, whole[1:], strict=True):
        assert list(csv.reader(io.StringIO(asked(any_model, row + end)))) == [expected]


@given(cuts=st.sets(st.integers(0, 60)), count=st.integers(1, 60), crlf=st.booleans())
@settings(max_examples=30, deadline=None)
def test_portions_together_are_the_whole(binary: Artifact, cuts: set[int], count: int, crlf: bool) -> None:
    end = "\r\n" if crlf else "\n"
    lines = [HEADER, *(ROWS[number % len(ROWS)] for number in range(count))]
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(lines)), len(lines)]
    portions = ["".join(line + end for line in lines[begin:stop]) for begin, stop in pairwise(edges)]

    answers = [asked(binary, portion) for portion in portions]

    assert [answer.count("\n") for answer in answers] == [portion.count("\n") for portion in portions]
    assert "".join(answers) == asked(binary, end.join(lines))


def test_large_portions_take_the_quick_way_to_the_same_answer(binary: Artifact) -> None:
    plain = [row.replace('"', "") for row in ROWS] * 200

    assert asked(binary, "\n".join(plain)) == asked(binary, "\n".join(plain[:4])) * 200


def test_a_portion_may_be_the_header_alone(binary: Artifact) -> None:
    assert asked(binary, HEADER) == asked(binary, f"\ufeff{HEADER}\r\n") == "probability,label\n"


def test_a_row_that_looks_like_a_header_of_another_order_is_a_row(binary: Artifact) -> None:
    """No guessing: what an endpoint would take for a header is refused as the row that it is."""
    assert "row 1, column 'age'" in refused(binary, "id,plan,city,income,age,left")


@pytest.mark.parametrize(
    ("accept", "columns"),
    [("text/csv; output=probability", "probability"), ("text/csv; output=label", "label"), ("*/*", None)],
)
def test_accept_may_ask_for_less_and_only_for_csv(binary: Artifact, accept: str, columns: str | None) -> None:
    if columns is None:
        assert "ask for that in Accept" in refused(binary, HEADER, accept)
    else:
        assert asked(binary, HEADER, accept) == f"{columns}\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{ROWS[0]}\n\n{ROWS[1]}\n", "3 lines hold 2 rows"),
        (f'{ROWS[0]}\na,k1,100,No,30,"Bo\nnn"\n', "3 lines hold 2 rows"),
        (f"{ROWS[0]}\na,k1\n", "row 2 has 2 values"),
        (f"{ROWS[0]}\na,k1,100,No,old,Bonn\n", "row 2, column 'age'"),
        ("a,k1,much,No,30,Bonn\n" * 400, "row 1, column 'income'"),
        ('a,"k1\n', "cannot be read as CSV"),
    ],
)
def test_what_has_no_line_of_its_own_is_refused(binary: Artifact, text: str, reason: str) -> None:
    assert reason in refused(binary, text)


def test_a_name_that_the_file_has_already_is_not_used_twice(binary: Artifact) -> None:
    codec = replace(binary.codec, ignored=binary.codec.ignored | {"label", "label_"})
    model = replace(binary, codec=codec)

    names = (*COLUMNS, "label", "label_")

    assert answer_lines(model, names, ",".join(names), wanted("text/csv")) == "probability,label__\n"


def test_other_content_types_are_answered_as_ever(binary: Artifact) -> None:
    record = json.dumps({"age": 30, "city": "Bonn"})
    job = replace(binary, transformed_columns=COLUMNS)

    assert inference.transform_fn(job, record, "application/json", None) == inference.transform_fn(
        binary, record, "application/json", None
    )


@pytest.mark.parametrize(
    ("environment", "columns"), [({}, None), ({VARIABLE: ""}, None), ({VARIABLE: '["a", "b,\\u00fc"]'}, ("a", "b,ü"))]
)
def test_the_environment_names_the_columns(environment: dict[str, str], columns: Any) -> None:
    assert declared_columns(environment) == columns


@pytest.mark.parametrize("text", ["id,age", '{"id": 1}', "[1]"])
def test_an_environment_that_names_none_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match=VARIABLE):
        declared_columns({VARIABLE: text})


def test_columns_that_the_model_does_not_know_are_refused(binary: Artifact) -> None:
    model = replace(binary, transformed_columns=("id", "color"))

    answer = inference.transform_fn(model, "1,red", "text/csv", "text/csv")

    assert isinstance(answer, Refusal)
    assert "'color'" in answer.message
