import json
from typing import Any

import pytest

from sluice.drift import FeatureFigures, ReportError, Violation, model_monitor_findings, read_findings
from tests.drift_reports import drift_document, violations_document


def written(document: Any) -> bytes:
    return json.dumps(document).encode()


def test_what_monitor_py_found_is_read() -> None:
    found = read_findings(written(drift_document("age")))

    assert (found.verdict, found.rows, found.labelled_rows) == ("drift", 1200, 640)
    assert found.judged == {"data-quality", "predictions", "model-quality"}
    assert [(each.dimension, each.name) for each in found.violations] == [("data-quality", "age")]
    assert found.features[0] == FeatureFigures("age", 0.31, 0.02)
    assert found.outputs[0].name == "score"
    assert found.metrics == {"auc": 0.81}
    assert found.figures["features"] == {"age": {"distance": 0.31}}
    assert "check_id" not in found.figures


def test_a_features_name_may_be_a_whole_question() -> None:
    name = "On a scale from 1 to 10, how likely are you to recommend us? " * 10
    (violation,) = read_findings(written(drift_document(name))).violations
    assert violation.name == name


def test_a_check_of_too_few_rows_judges_nothing() -> None:
    document = drift_document() | {"verdict": "not-enough-data"}
    document["dimensions"] = {name: {"status": "not-enough-data"} for name in document["dimensions"]}

    assert read_findings(written(document)).judged == frozenset()


def test_labels_of_hours_before_are_judged_although_this_one_was_quiet() -> None:
    document = drift_document() | {"verdict": "not-enough-data"}
    thin = {name: {"status": "not-enough-data"} for name in document["dimensions"]}
    document["dimensions"] = thin | {"model-quality": {"status": "no-drift"}}

    assert read_findings(written(document)).judged == {"model-quality"}


@pytest.mark.parametrize(
    ("violation", "read"),
    [
        (
            {"feature_name": "age", "constraint_check_type": "baseline_drift_check", "description": "far"},
            Violation("data-quality", "age", "baseline_drift_check", "far"),
        ),
        (
            {"metric_name": "auc", "constraint_check_type": "LessThanThreshold", "description": "low"},
            Violation("model-quality", "auc", "LessThanThreshold", "low"),
        ),
    ],
)
def test_a_violation_of_model_monitors_belongs_to_its_dimension(violation: Any, read: Violation) -> None:
    found = model_monitor_findings(written({"violations": [violation]}), read.dimension)  # type: ignore[arg-type]

    assert found.violations == (read,)
    assert found.violations[0].to_json() == violation | {"dimension": read.dimension}
    assert (found.verdict, found.judged) == ("drift", {read.dimension})


def test_model_monitors_verdict_is_made_of_its_violations() -> None:
    names = [f"f{number}" for number in range(7)]

    assert model_monitor_findings(written(violations_document(*names)), "data-quality").summary == (
        "Model Monitor found 7 violations of the data-quality constraints: f0, f1, f2, f3, f4 and 2 more."
    )
    assert model_monitor_findings(b'{"violations": []}', "model-quality").verdict == "no-drift"


@pytest.mark.parametrize(
    ("violations", "why"),
    [
        (b"<html>", "constraint_violations.json is no JSON document"),
        (b"[]", "constraint_violations.json"),
        (b'{"violations": [{"feature_name": "a"}]}', "violations.0.constraint_check_type"),
    ],
)
def test_what_is_no_file_of_violations_is_refused_with_the_place(violations: bytes, why: str) -> None:
    with pytest.raises(ReportError, match=why):
        model_monitor_findings(violations, "data-quality")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"verdict": "maybe"}, "drift.json: verdict"),
        ({"format_version": 2}, "drift.json: format_version"),
        ({"summary": "x" * 5000}, "drift.json: summary"),
        ({"violations": [{"feature_name": "a"}]}, "drift.json: violations.0.constraint_check_type"),
    ],
)
def test_what_is_no_report_is_refused_with_the_place(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ReportError, match=why):
        read_findings(written(drift_document() | change))


def test_a_feature_that_is_none_is_refused() -> None:
    document = drift_document()
    document["dimensions"]["data-quality"]["features"] = [{"name": 3}]

    with pytest.raises(ReportError, match="features: name"):
        read_findings(written(document))


def test_each_violation_keeps_its_dimension() -> None:
    """constraint_violations.json has none: it follows Model Monitor's schema."""
    document = drift_document("age")
    document["violations"] += [
        {
            "feature_name": "score",
            "constraint_check_type": "prediction_drift_check",
            "description": "",
            "dimension": "predictions",
        },
        {"feature_name": "plan", "constraint_check_type": "bias_drift_check", "description": "", "dimension": "bias"},
    ]

    found = read_findings(written(document))

    assert {(each.dimension, each.name) for each in found.violations} == {
        ("data-quality", "age"),
        ("predictions", "score"),
        ("bias", "plan"),
    }
