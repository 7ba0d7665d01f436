"""Answers of each task, as serving/answers.py writes them."""

import json
import math

import pytest

from codec.codec import NUMERIC, Codec, Feature, Target
from monitoring.answered import NO_CODE, AnswerReader, NoAnswer
from monitoring.captures import Payload

FEATURES = (Feature("a", NUMERIC), Feature("b", NUMERIC))


def _reader(task: str, *classes: str) -> AnswerReader:
    codec = Codec(Target("y", task, classes), FEATURES, frozenset(), frozenset({""}))
    return AnswerReader(codec, threshold=0.4)


def _json(*predictions: object) -> Payload:
    return Payload("application/json", "JSON", json.dumps({"predictions": predictions, "model_version": 7}))


def _csv(text: str) -> Payload:
    return Payload("text/csv; charset=utf-8", "CSV", text)


def test_a_label_that_was_not_asked_for_follows_from_the_threshold() -> None:
    found = _reader("binary", "No", "Yes").read(_json({"probability": 0.4}, {"probability": 0.39}), 2)
    assert (list(found.codes), found.version) == ([1, 0], "7")
    assert list(_reader("binary", "No", "Yes").read(_csv("0.4\n0.39\n"), 2).codes) == [1, 0]


@pytest.mark.parametrize("more", ["", ",0.1,0.2,0.3"], ids=["plain", "with contributions"])
def test_csv_of_two_classes(more: str) -> None:
    found = _reader("binary", "No", "Yes").read(_csv(f"0.9,No{more}\n"), 1)
    assert (list(found.scores), list(found.codes), found.version) == ([0.9], [0], None)
    assert list(_reader("binary", "No", "Yes").read(_csv(f"0.9{more}\n"), 1).scores) == [0.9]


def test_classes_called_0_and_1() -> None:
    found = _reader("binary", "0", "1").read(_csv("1\n"), 1)
    assert math.isnan(found.scores[0])  # type: ignore[arg-type]
    assert list(found.codes) == [1]
    assert list(_reader("binary", "0", "1").read(_csv("0.25\n"), 1).scores) == [0.25]


@pytest.mark.parametrize("more", ["", ",1,2,3,1,2,3,1,2,3"], ids=["plain", "with contributions"])
def test_several_classes(more: str) -> None:
    reader = _reader("multiclass", "a", "b", "c")
    for text, codes in ((f"0.1,0.7,0.2{more}\n", [1]), (f"0.1,0.7,0.2,c{more}\n", [2])):
        found = reader.read(_csv(text), 1)
        assert (list(found.scores), list(found.codes)) == ([(0.1, 0.7, 0.2)], codes)
    by_name = reader.read(_json({"label": "a", "probabilities": {"c": 0.2, "b": 0.7, "a": 0.1}}), 1)
    assert (list(by_name.scores), list(by_name.codes)) == ([(0.1, 0.7, 0.2)], [0])
    only_label = reader.read(_csv("c\n"), 1)
    assert (math.isnan(only_label.scores[0][0]), list(only_label.codes)) == (True, [2])  # type: ignore[index]


def test_a_number() -> None:
    reader = _reader("regression")
    assert list(reader.read(_json({"prediction": -3.5}), 1).scores) == [-3.5]
    found = reader.read(_csv("1e3,1,2,3\n2\n"), 2)
    assert (list(found.scores), list(found.codes)) == ([1000.0, 2.0], [NO_CODE, NO_CODE])


@pytest.mark.parametrize(
    "answered",
    [
        _json(),
        _json({"probability": 0.5}, {"probability": 0.5}),
        _json({"label": "Maybe"}),
        _json({}),
        _json({"probability": "NaN"}),
        _json(None),
        _csv("high\n"),
        _csv("1,2,3,4,5,6,7\n"),
        Payload("application/json", "JSON", '{"error": "no"}'),
        Payload("application/json", "JSON", "[1]"),
        Payload("application/json", "JSON", "nonsense"),
        Payload("application/json", "BASE64", "%%%"),
        Payload("text/html", "BASE64", "YQ=="),
    ],
)
def test_what_is_no_answer_for_every_row_is_none(answered: Payload) -> None:
    with pytest.raises(NoAnswer):
        _reader("binary", "No", "Yes").read(answered, 1)
