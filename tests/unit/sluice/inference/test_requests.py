"""What a request's headers may say, and what its caller is told when they say something else."""

import json

import pytest

from sluice.inference.inference_id import inference_id
from sluice.inference.media_types import kind_of
from sluice.inference.problem import Problem, ProblemError
from sluice.inference.records import SHOWN, check_records
from sluice.inference.schema import Schema
from sluice.plan import definition_document
from tests.definitions import definition

SCHEMA = Schema.from_json(definition_document(definition()))


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("application/json", "json"),
        ("Application/JSON; charset=utf-8", "json"),
        ("text/csv", "csv"),
        ("application/x-ndjson", "json-lines"),
    ],
)
def test_a_content_type_is_known_whatever_its_parameters(content_type: str, kind: str) -> None:
    assert kind_of(content_type) == kind


@pytest.mark.parametrize("content_type", ["", "application/xml", "multipart/form-data; boundary=x"])
def test_another_content_type_is_415(content_type: str) -> None:
    with pytest.raises(ProblemError) as refused:
        kind_of(content_type)

    assert refused.value.problem.status == 415
    assert "send application/json, text/csv, application/jsonlines" in refused.value.problem.detail


def test_an_id_is_the_callers_or_a_new_one() -> None:
    assert inference_id("order:4711") == "order:4711"
    assert inference_id(None) != inference_id("")


@pytest.mark.parametrize("given", [" ", "../up", "a b", "x" * 65, "ü", "-a", "a\n"])
def test_an_id_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(ProblemError) as refused:
        inference_id(given)

    assert refused.value.problem.status == 400


def test_mistakes_are_told_together_with_their_places() -> None:
    rows = [{"age": "old", "plan": ["a"]}, {"agee": 3}]

    with pytest.raises(ProblemError) as refused:
        check_records(SCHEMA, "json", json.dumps(rows).encode())

    assert refused.value.problem.errors == (
        "row 1, column 'age': 'old' is not a finite number.",
        "row 1, column 'plan': a list is not a single value.",
        "row 2, column 'agee': the model does not know it; it knows age, plan.",
        "row 2 names none of the model's columns: age, plan.",
    )
    assert refused.value.problem.detail == f"{refused.value.problem.errors[0]} There are more: see errors."


def test_not_more_mistakes_are_told_than_a_person_reads() -> None:
    with pytest.raises(ProblemError) as refused:
        check_records(SCHEMA, "json", json.dumps([{"age": "x" * 1000}] * 50).encode())

    assert len(refused.value.problem.errors) == SHOWN
    assert all(len(error) < 120 for error in refused.value.problem.errors)


def test_missing_features_new_levels_and_ignored_columns_are_no_mistakes() -> None:
    for body in (b'{"plan": "never seen", "id": 7, "churned": "yes"}', b'{"age": null}', b'{"age": "NA"}'):
        check_records(SCHEMA, "json", body)


def test_a_container_of_the_users_own_is_not_second_guessed() -> None:
    own = Schema.from_json(
        definition_document(
            definition(training={"algorithm": "custom", "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1"})
        )
    )

    check_records(own, "json", b"whatever it is")
    with pytest.raises(ProblemError):
        check_records(own, "json", b" ")


def test_a_schema_says_what_a_record_may_hold() -> None:
    assert SCHEMA.describe() == {
        "task": "binary",
        "target": "churned",
        "positive_label": "yes",
        "features": [{"name": "age", "type": "numeric"}, {"name": "plan", "type": "categorical"}],
        "ignored_columns": ["churned", "id"],
        "missing_values": sorted(definition().data.missing_values),
        "prediction": {"probability": "of the positive label", "label": "by the model's threshold"},
    }


def test_a_problem_is_a_document_of_rfc_9457() -> None:
    document = json.loads(Problem(400, "bad-request", "No", "Why", ("row 1",)).to_json("JKJaXmPLvHcESHA="))

    assert document == {
        "type": "urn:sluice:problem:bad-request",
        "title": "No",
        "status": 400,
        "detail": "Why",
        "instance": "urn:sluice:request:JKJaXmPLvHcESHA=",
        "errors": ["row 1"],
    }
