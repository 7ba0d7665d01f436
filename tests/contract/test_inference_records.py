"""The inference API refuses what the model refuses, and nothing else: both judge the same requests here."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codec.cells import CellError
from serving.artifact import Artifact
from serving.bad_request import BadRequest
from serving.encoding import encode_quickly
from serving.predicting import encode_csv
from serving.records import json_cells
from serving.requests import read_request
from sluice.inference.media_types import Kind, kind_of
from sluice.inference.problem import ProblemError
from sluice.inference.records import CHECKED_ROWS, check_records
from sluice.inference.schema import Schema
from tests.unit.training_code.serving.conftest import FEATURES, MISSING, make_codec

CODEC = make_codec()
MODEL = Artifact(None, CODEC, {"threshold": 0.5})  # type: ignore[arg-type]  # nothing is scored here
SCHEMA = Schema(
    task="binary",
    features={feature.name: feature.type for feature in FEATURES},
    ignored=CODEC.ignored,
    missing_values=MISSING,
)
NAMES = [*SCHEMA.features, *CODEC.ignored]

TEXTS = st.one_of(
    st.text(max_size=8),
    st.text("0123456789.-+eE_ ", max_size=8),
    st.sampled_from(["", " NA ", "nan", "inf", "1_0", "1e39", "3.4028236e38", "٣", "true", "not known at all"]),
)
CELLS = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)
COLUMNS = st.one_of(st.sampled_from(NAMES), st.sampled_from(NAMES), st.text(max_size=4))
RECORDS = st.dictionaries(COLUMNS, CELLS, max_size=6)
NUMBERS = st.one_of(st.none(), st.floats(-1e38, 1e38), st.integers(-9, 9), st.sampled_from(["", " 1.5 ", "NA", "1e39"]))
LIKELY = st.fixed_dictionaries(
    {"age": NUMBERS}, optional={"income": NUMBERS, "city": TEXTS, "plan": st.booleans(), "id": CELLS}
)
POSITIONAL = st.lists(CELLS, min_size=3, max_size=5)
ROWS = st.one_of(
    st.lists(LIKELY, max_size=3),
    st.lists(st.tuples(NUMBERS, TEXTS, NUMBERS, TEXTS), max_size=3),
    st.lists(RECORDS, max_size=4),
    st.lists(POSITIONAL, max_size=4),
    st.lists(st.one_of(RECORDS, POSITIONAL, CELLS), max_size=4),
)
DOCUMENTS = st.one_of(ROWS, ROWS, LIKELY, RECORDS, CELLS, ROWS.map(lambda rows: {"instances": rows}))


def refused_by_api(kind: Kind, body: bytes) -> bool:
    try:
        check_records(SCHEMA, kind, body)
    except ProblemError:
        return True
    return False


def refused_by_model(content_type: str, body: bytes) -> bool:
    try:
        request = read_request(body, content_type)
        if kind_of(content_type) == "csv":
            encode_csv(MODEL, request.text)
        else:
            encode_quickly(CODEC, MODEL.cells, json_cells(CODEC, request.rows))
    except (BadRequest, CellError):
        return True
    return False


@given(DOCUMENTS)
@example({"instances": []})
@example([])
@example([{"age": 10**400}])
@example({"id": 3})
def test_json(document: Any) -> None:
    body = json.dumps(document).encode()

    assert refused_by_api("json", body) == refused_by_model("application/json", body)


@given(st.one_of(st.lists(LIKELY, max_size=3), st.lists(st.one_of(RECORDS, POSITIONAL), max_size=4)))
def test_json_lines(rows: list[Any]) -> None:
    body = "".join(f"{json.dumps(row)}\n" for row in rows).encode()

    assert refused_by_api("json-lines", body) == refused_by_model("application/jsonlines", body)


NUMBER_TEXTS = st.one_of(st.floats().map(repr), st.sampled_from(["", "NA", " 2 ", "1_0", "x"]))
CSV_ROWS = st.one_of(
    st.lists(st.tuples(NUMBER_TEXTS, TEXTS, NUMBER_TEXTS, TEXTS).map(list), max_size=3),
    st.lists(st.lists(st.one_of(TEXTS, COLUMNS), min_size=3, max_size=5), max_size=4),
)


@given(CSV_ROWS, st.booleans())
def test_csv(rows: list[list[str]], headed: bool) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["age", "city", "income", "plan"], *rows] if headed else rows)
    body = text.getvalue().encode("utf-8", "replace")

    assert refused_by_api("csv", body) == refused_by_model("text/csv", body)


@given(st.binary(max_size=40))
@example(b"\xff")
@example(b'[{"age": NaN}]')
@example(b"[" * 100_000)
@example(b"\n\n")
@example(b'age,city\n"1')
@example(b"age,age\n1,2\n")
@example(b"age,city\n")
def test_whatever_is_sent(body: bytes) -> None:
    for kind, content_type in (("json", "application/json"), ("json-lines", "application/jsonlines")):
        assert refused_by_api(kind, body) == refused_by_model(content_type, body)  # type: ignore[arg-type]
    assert refused_by_api("csv", body) == refused_by_model("text/csv", body)


@pytest.mark.parametrize("last", [{"age": "old"}, {"unknown": 1}])
def test_of_a_long_request_the_model_judges_the_rest(last: dict[str, Any]) -> None:
    body = json.dumps([{"age": 1}] * CHECKED_ROWS + [last]).encode()

    assert not refused_by_api("json", body)
    assert refused_by_model("application/json", body)
