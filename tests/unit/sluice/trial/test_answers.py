"""What endpoints answer, in every shape that Sluice's models have and some that others have."""

import base64
import json
from typing import Any

import pytest

from sluice.definition.data import Task
from sluice.trial.answers import Answer, UnreadableAnswerError, read_answers
from sluice.trial.captures import read_capture
from sluice.trial.ground_truth import GroundTruth, UnreadableLabelError, read_ground_truth, true_number


@pytest.mark.parametrize(
    ("task", "content_type", "text", "answers"),
    [
        ("binary", "text/csv", "0.25\n0.75\n", [Answer((0.25,)), Answer((0.75,))]),
        ("binary", "text/csv; charset=utf-8", "0.25,yes\n", [Answer((0.25,), "yes")]),
        ("binary", "text/csv", "yes\n", [Answer((), "yes")]),
        ("binary", "text/csv", "0.25,0.1,-0.2\n", [Answer((0.25,))]),
        ("binary", "application/json", '{"predictions": [{"probability": 0.5, "label": "a"}]}', [Answer((0.5,), "a")]),
        ("binary", "application/json", '{"predictions": [], "model_version": "7"}', []),
        ("binary", "application/jsonlines", '{"label": 1}\n{"probability": 0.5}\n', [Answer((), "1"), Answer((0.5,))]),
        ("regression", "text/csv", "1e3\n", [Answer((1000.0,))]),
        ("regression", "application/json", '{"predictions": [{"prediction": -2.5}]}', [Answer((-2.5,))]),
        ("regression", "application/json", "17", [Answer((17.0,))]),
        ("multiclass", "text/csv", "0.2,0.8\n", [Answer((0.2, 0.8))]),
        ("multiclass", "text/csv", '0.2,0.8,"b, c"\n', [Answer((0.2, 0.8), "b, c")]),
        ("multiclass", "text/csv", "b\n", [Answer((), "b")]),
        (
            "multiclass",
            "application/json",
            '{"predictions": [{"probabilities": {"a": 0.2, "b": 0.8}}]}',
            [Answer((0.2, 0.8), "b")],
        ),
    ],
)
def test_every_shape_is_read(task: Task, content_type: str, text: str, answers: list[Answer]) -> None:
    assert list(read_answers(text, content_type, task)) == answers


@pytest.mark.parametrize(
    ("task", "content_type", "text"),
    [
        ("regression", "text/csv", "yes\n"),
        ("binary", "text/csv", "nan\n"),
        ("binary", "text/csv", "inf,yes\n"),
        ("binary", "application/json", '{"error": "row 3"}'),
        ("binary", "application/json", "{"),
        ("binary", "application/json", '{"predictions": 3}'),
        ("regression", "application/json", '{"predictions": [{"prediction": null}]}'),
        ("multiclass", "application/json", '{"predictions": [{}]}'),
        ("multiclass", "text/csv", "a,b\n"),
    ],
)
def test_what_is_no_answer_is_told(task: Task, content_type: str, text: str) -> None:
    with pytest.raises(UnreadableAnswerError, match=f"no answer to a {task} task"):
        read_answers(text, content_type, task)


def capture(data: str = "0.25\n", encoding: str = "CSV", **about: Any) -> dict[str, Any]:
    return {
        "captureData": {"endpointOutput": {"observedContentType": "text/csv", "data": data, "encoding": encoding}},
        "eventMetadata": {"eventId": "e-1", "inferenceTime": "2026-11-20T20:45:00Z", **about},
        "eventVersion": "0",
    }


def test_a_capture_is_known_by_the_callers_id_where_there_is_one() -> None:
    assert read_capture(json.dumps(capture()), "binary").key == "e-1"
    named = read_capture(json.dumps(capture(inferenceId="mine")), "binary")
    assert (named.key, named.event_id, named.answers) == ("mine", "e-1", (Answer((0.25,)),))


def test_a_capture_in_base64_is_read() -> None:
    data = base64.b64encode(b"0.75\n").decode()

    assert read_capture(json.dumps(capture(data, "BASE64")), "binary").answers == (Answer((0.75,)),)


@pytest.mark.parametrize(
    "line",
    ["", "[]", "null", "{}", json.dumps({**capture(), "captureData": {}}), json.dumps(capture("%%", "BASE64"))],
)
def test_a_line_that_is_no_capture_is_told(line: str) -> None:
    with pytest.raises(UnreadableAnswerError):
        read_capture(line, "binary")


def truth(data: Any, encoding: str = "CSV") -> str:
    about = {"eventId": "e-1"}
    return json.dumps({"groundTruthData": {"data": data, "encoding": encoding}, "eventMetadata": about})


@pytest.mark.parametrize(
    ("data", "labels"), [("1", ("1",)), ("yes\nno\n", ("yes", "no")), (1, ("1",)), ('"a, b"', ("a, b",))]
)
def test_ground_truth_has_a_line_for_each_row(data: Any, labels: tuple[str, ...]) -> None:
    assert read_ground_truth(truth(data)) == GroundTruth("e-1", labels)


@pytest.mark.parametrize("line", ["", "[]", "{}", truth("1", "JSON")])
def test_what_is_no_ground_truth_is_told(line: str) -> None:
    with pytest.raises(UnreadableLabelError):
        read_ground_truth(line)


@pytest.mark.parametrize(
    ("text", "positive", "number"),
    [
        ("yes", "yes", 1.0),
        ("no", "yes", 0.0),
        ("1", "yes", 1.0),
        ("0", "yes", 0.0),
        ("1.0", 1, 1.0),
        ("0", "0", 1.0),
        ("1", "0", 0.0),
        ("2", 2, 1.0),
    ],
)
def test_a_class_is_told_by_its_word_or_by_1_and_0(text: str, positive: str | int, number: float) -> None:
    assert true_number(text, "binary", positive) == number


def test_a_number_must_be_one() -> None:
    assert true_number(" 12.5", "regression", None) == 12.5
    with pytest.raises(UnreadableLabelError, match="'dear' is no number"):
        true_number("dear", "regression", None)
