import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import inference
from serving.artifact import Artifact
from serving.bad_request import BadRequest, Refusal
from tests.unit.training_code.tiny import Pipeline, write_rows

RECORD = {"income": 3000.5, "visits": 3, "city": "Ulm"}


@pytest.fixture(scope="module")
def model(pipeline: Pipeline) -> Artifact:
    return inference.model_fn(str(pipeline.model))


def _ask(model: Artifact, body: Any, content_type: str = "application/json") -> list[float]:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    answer, _ = _answered(model, text, content_type, "text/csv")
    return [float(line) for line in answer.splitlines()]


def _answered(model: Artifact, text: str | bytes, content_type: str, accept: str) -> tuple[str, str]:
    return inference.write_answer(inference.score_request(inference.read_request(text, content_type), model), accept)


def test_every_way_to_send_a_row_gives_the_same_score(model: Artifact):
    score = _ask(model, RECORD)
    assert len(score) == 1
    for body in ([RECORD], {"instances": [RECORD]}, {"instances": [[3000.5, 3, "Ulm"]]}, [[3000.5, 3, "Ulm"]]):
        assert _ask(model, body) == score
    for body in (
        "3000.5,3,Ulm\n",
        "3000.5,3,Ulm",
        "city,visits,income\r\nUlm,3,3000.5\r\n",
        "id,income,visits,city,left,note\nk1,3000.5,3,Ulm,Yes,n\n",
        "\ufeffincome,visits,city\n3000.5,3,Ulm\n\n",
    ):
        assert _ask(model, body, "text/csv") == score
        assert _ask(model, body.encode(), "text/csv; charset=utf-8") == score


def test_numbers_may_be_text_and_what_the_model_does_not_use_is_ignored(model: Artifact):
    score = _ask(model, RECORD)
    assert _ask(model, {"income": "3000.5", "visits": " 3 ", "city": "Ulm "}) == score
    assert _ask(model, {**RECORD, "id": "k1", "left": None, "note": ["anything"]}) == score


def test_null_empty_and_absent_are_missing(model: Artifact):
    ways = [
        {**RECORD, "income": None},
        {**RECORD, "income": ""},
        {**RECORD, "income": "NA"},
        {"visits": 3, "city": "Ulm"},
    ]
    scores = _ask(model, ways)
    assert len(set(scores)) == 1
    for body in ("income,visits,city\n,3,Ulm\n", "visits,city\n3,Ulm\n", "city,id,visits\nUlm,k1,3\n"):
        assert _ask(model, body, "text/csv") == scores[:1]
    assert not math.isnan(scores[0])


def test_every_unseen_level_is_the_same_one(model: Artifact):
    scores = _ask(model, [{**RECORD, "city": city} for city in ("Atlantis", "Rareville", "Oz", 17)])
    assert len(set(scores)) == 1


def test_json_answers_have_probability_and_label(model: Artifact):
    request = inference.read_request(json.dumps([{**RECORD, "visits": 0}, {**RECORD, "visits": 19}]))
    answer = json.loads(inference.write_answer(inference.score_request(request, model), "application/json")[0])
    leaves, stays = answer["predictions"]
    assert (leaves["label"], stays["label"]) == ("Yes", "No")
    assert leaves["probability"] > 0.5 > stays["probability"]


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [(None, True), ("*/*", True), ("text/html, application/json;q=0.9", True), ("text/csv", False), ("text/*", False)],
)
def test_accept(model: Artifact, accept: str, is_json: bool):
    answer, _ = _answered(model, json.dumps(RECORD), "application/json", accept)
    assert answer.startswith("{") == is_json


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ([RECORD, RECORD, {**RECORD, "visits": "abc"}], "row 3, column 'visits': 'abc' is not a number"),
        ([{**RECORD, "visits": [1]}], "row 1, column 'visits': a list is not a single value"),
        ([{**RECORD, "visits": True}], "row 1, column 'visits': 'True' is not a number"),
        ([RECORD, {**RECORD, "vists": 3}], "row 2, column 'vists': the model does not know it"),
        ({}, "row 1 names none of the model's columns: income, visits, city"),
        ({"id": "k1"}, "row 1 names none of the model's columns"),
        ([RECORD, [1, 2, "Ulm"]], "row 2 is a list, row 1 a dict: send one kind"),
        ([[1, 2]], "row 1 has 2 values, the model takes 3: income, visits, city"),
        ([1, 2, 3], "row 1 is a int: send records by name or lists by position"),
        ([], "The request holds no row"),
        ({"instances": []}, "The request holds no row"),
        ("3", "Send a record"),
        ("{", "The request is not JSON"),
        ("", "The request is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff\xfe", "not UTF-8"),
        ('{"income": 1e400, "visits": 1, "city": "Ulm"}', "row 1, column 'income': inf is not a finite number"),
        ('{"income": NaN, "visits": 1, "city": "Ulm"}', "row 1, column 'income': 'NaN' is not a finite number"),
        ('[[1, 2, "Ulm"], [1, -Infinity, "Ulm"]]', "row 2, column 'visits': '-Infinity' is not a finite number"),
    ],
)
def test_malformed_json_says_where(model: Artifact, body: Any, sentence: str):
    with pytest.raises(ValueError, match=sentence):
        _ask(model, body)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("1,2,Ulm\n1,abc,Ulm\n", "row 2, column 'visits': 'abc' is not a number"),
        ("income,visits,city\n1,2,Ulm\nx,2,Ulm\n", "row 2, column 'income': 'x' is not a number"),
        ("income,visits,town\n1,2,Ulm\n", "the header, column 'town': the model does not know it"),
        ("income,visits,visits\n1,2,3\n", "names a column twice"),
        ("income,visits,city\n1,2\n", "row 1 has 2 values, the header 3"),
        ("1,2,Ulm\n1,2\n", "row 2 has 2 values, the model takes 3"),
        ("income,visits,city\n", "a header and no row"),
        ("\n\n", "The request holds no row"),
        ('1,2,"Ulm\n', "cannot be read as CSV"),
    ],
)
def test_malformed_csv_says_where(model: Artifact, body: str, sentence: str):
    with pytest.raises(BadRequest, match=sentence):
        _ask(model, body, "text/csv")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("1,2", "row 5001 has 2 values, the model takes 3"),
        ("1,2,Ulm,4", "row 5001 has 4 values"),
        ("1,abc,Ulm", "row 5001, column 'visits': 'abc' is not a number"),
        ("1,inf,Ulm", "row 5001, column 'visits': 'inf' is not a finite number"),
        ('1,"abc",Ulm', "row 5001, column 'visits': 'abc' is not a number"),
    ],
)
def test_a_malformed_row_among_many_is_named(model: Artifact, line: str, sentence: str):
    body = "3000.5,3,Ulm\n" * 5000 + f"{line}\n" + "3000.5,3,Ulm\n" * 5000
    with pytest.raises(BadRequest, match=sentence):
        _ask(model, body, "text/csv")


def test_a_body_of_six_megabytes_is_scored(model: Artifact):
    line = "3000.5,3,Ulm\n"
    count = 6 * 1024 * 1024 // len(line)
    expected = _ask(model, line, "text/csv") * count
    assert _ask(model, line * count, "text/csv") == expected
    assert _ask(model, ("income,city,visits\n" + "3000.5,Ulm,3\n" * count).encode(), "text/csv") == expected
    assert _ask(model, '[3000.5, 3, "Ulm"]\n' * 1000, "application/jsonlines") == expected[:1000]


def test_types_that_are_not_spoken(model: Artifact):
    with pytest.raises(BadRequest, match="Content type 'image/png' is not supported: send text/csv"):
        inference.read_request(b"", "image/png")
    with pytest.raises(BadRequest, match="Accept 'image/png' is not supported"):
        _answered(model, json.dumps(RECORD), "application/json", "image/png")


def test_the_server_is_handed_a_response_of_400_that_says_why(model: Artifact):
    """The containers answer 500 to any exception, so the refusal is returned, as a WSGI application."""
    refusal = inference.transform_fn(model, json.dumps({**RECORD, "visits": "many"}), "application/json", "text/csv")
    assert isinstance(refusal, Refusal)
    started: list[tuple[str, dict[str, str]]] = []
    body = b"".join(refusal({}, lambda status, headers: started.append((status, dict(headers)))))
    assert started == [("400 Bad Request", {"Content-Type": "application/json"})]
    assert json.loads(body) == {"error": "row 1, column 'visits': 'many' is not a number"}


def test_a_served_answer_names_its_media_type(model: Artifact):
    assert inference.transform_fn(model, json.dumps(RECORD), "application/json", "text/csv")[1] == "text/csv"
    assert inference.transform_fn(model, json.dumps(RECORD), "application/json", "*/*")[1] == "application/json"


LINES = st.lists(
    st.sampled_from(["1,2,Ulm", "1,2", ",,", "x,2,Ulm", "", '"', "income,visits,city", "NaN", "é"]), max_size=4
)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["income", "visits", "x"]), inner),
    max_leaves=8,
).map(json.dumps)
BODIES = st.one_of(st.text(max_size=60), st.binary(max_size=60), LINES.map("\n".join), LINES.map("\r\n".join), JSONS)


@given(
    body=BODIES,
    times=st.sampled_from([1, 700]),
    content_type=st.sampled_from(["text/csv", "application/json", "application/jsonlines"]),
    accept=st.sampled_from(["text/csv", "application/json", "text/csv;output=label", "text/csv;contributions=true"]),
)
def test_whatever_is_sent_is_scored_or_refused(
    model: Artifact, body: str | bytes, times: int, content_type: str, accept: str
):
    found = inference.transform_fn(model, body * times, content_type, accept)
    if isinstance(found, Refusal):
        assert json.loads(b"".join(found({}, lambda _status, _headers: None)))["error"]
        return
    assert "nan" not in found[0].lower()
    if accept == "text/csv":
        assert all(0 <= float(line) <= 1 for line in found[0].splitlines())


def test_a_row_has_the_same_score_alone_and_among_others(model: Artifact, pipeline: Pipeline):
    golden = pipeline.read("evaluation/golden.json")
    together = _ask(model, golden["records"])
    np.testing.assert_array_equal(np.float32(together), np.float32(golden["scores"]))
    assert [_ask(model, record)[0] for record in golden["records"][:20]] == together[:20]


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".csv"])
def test_runs_as_a_command(pipeline: Pipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str):
    golden = pipeline.read("evaluation/golden.json")
    path = tmp_path / f"records{suffix}"
    if suffix == ".csv":
        write_rows(path, golden["records"])
    else:
        lines = "\n".join(json.dumps(record) for record in golden["records"])
        path.write_text(lines if suffix == ".jsonl" else f"[{','.join(lines.splitlines())}]")
    assert inference.run(["--model-dir", str(pipeline.model), "--input", str(path)]) == 0
    scores = [float(line) for line in capsys.readouterr().out.splitlines()]
    np.testing.assert_array_equal(np.float32(scores), np.float32(golden["scores"]))


@pytest.mark.parametrize(
    ("name", "content", "accept", "message"),
    [
        ("records.txt", "", "text/csv", "the name must end in .csv, .json, .jsonl, .ndjson"),
        ("records.csv", "1,many,Ulm\n", "text/csv", "row 1, column 'visits': 'many' is not a number"),
        ("records.csv", "1,2,Ulm\n", "text/csv;output=all", "output='all'"),
        ("absent.csv", None, "text/csv", "No such file"),
    ],
)
def test_a_command_that_fails_says_why_in_one_line(
    pipeline: Pipeline,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: str | None,
    accept: str,
    message: str,
):
    if content is not None:
        (tmp_path / name).write_text(content)
    arguments = ["--model-dir", str(pipeline.model), "--input", str(tmp_path / name), "--accept", accept]
    assert inference.run(arguments) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert said.err.count("\n") == 1


def test_a_folder_without_a_model_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "records.csv").write_text("1,2,Ulm\n")
    assert inference.run(["--model-dir", str(tmp_path), "--input", str(tmp_path / "records.csv")]) == 1
    assert f"There is no features.json in {tmp_path}" in capsys.readouterr().err
