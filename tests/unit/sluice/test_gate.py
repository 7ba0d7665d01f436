import math
from typing import Any

import pytest

from sluice.definition import Gate
from sluice.errors import DefectError
from sluice.gate import Check, Evaluation, GateDecision, decide
from tests.definitions import definition


def evaluation(
    metrics: dict[str, float | None] | None = None,
    champion: dict[str, Any] | None = None,
    rows: int = 1000,
    positives: int = 300,
) -> Evaluation:
    return Evaluation.from_json(
        {
            "binary_classification_metrics": {
                name: {"value": value, "standard_deviation": 0.01}
                for name, value in (metrics or {"auc": 0.84, "log_loss": 0.4}).items()
            },
            "dataset": {"item_count": rows, "positive_count": positives},
            "champion": champion,
        }
    )


def champion(**metrics: float) -> dict[str, Any]:
    return {"binary_classification_metrics": {name: {"value": value} for name, value in metrics.items()}}


def check(decision: GateDecision, name: str) -> Check:
    return next(check for check in decision.checks if check.name == name)


def test_a_first_model_above_its_thresholds_passes_and_says_that_there_was_no_champion() -> None:
    decision = decide(evaluation(), Gate.model_validate({"metrics": {"auc": {"min": 0.8}}}))

    assert decision.verdict == "pass"
    assert check(decision, "champion.auc").outcome == "skipped"


def test_every_failed_check_is_named_and_stands_first_in_the_summary() -> None:
    policy = Gate.model_validate({"metrics": {"auc": {"min": 0.9}, "log_loss": {"max": 0.3}}})
    decision = decide(evaluation(), policy)

    assert decision.verdict == "fail"
    assert decision.summary.startswith("auc is 0.8400, below 0.9. log_loss is 0.4000, above 0.3.")


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_metric_that_is_no_number_never_passes(value: float | None) -> None:
    decision = decide(evaluation({"auc": value}), Gate())

    assert decision.verdict == "fail"
    assert check(decision, "threshold.auc").reason == "auc could not be computed."


@pytest.mark.parametrize(("rows", "positives"), [(1000, 0), (1000, 1000), (50, 10), (0, 0)])
def test_a_test_split_that_shows_nothing_fails(rows: int, positives: int) -> None:
    assert check(decide(evaluation(rows=rows, positives=positives), Gate()), "test_set").outcome == "fail"


@pytest.mark.parametrize(
    ("metric", "ours", "theirs", "minimum_gain", "outcome"),
    [
        ("auc", 0.84, 0.83, 0.0, "pass"),
        ("auc", 0.83, 0.84, 0.0, "fail"),
        ("auc", 0.835, 0.84, -0.01, "pass"),
        ("log_loss", 0.40, 0.45, 0.0, "pass"),
        ("log_loss", 0.45, 0.40, 0.0, "fail"),
    ],
)
def test_the_challenger_must_gain_on_the_champion_in_the_better_direction(
    metric: str, ours: float, theirs: float, minimum_gain: float, outcome: str
) -> None:
    policy = Gate.model_validate(
        {"metrics": {"auc": {"min": 0.0}}, "champion": {"metric": metric, "minimum_gain": minimum_gain}}
    )
    decision = decide(evaluation({"auc": 0.8, metric: ours}, champion(**{metric: theirs})), policy)

    assert check(decision, f"champion.{metric}").outcome == outcome


def test_a_champion_that_could_not_be_scored_fails_the_gate() -> None:
    decision = decide(evaluation(champion={"error": "its artifact is gone."}), Gate())

    assert decision.verdict == "fail"
    assert "its artifact is gone" in check(decision, "champion.auc").reason


@pytest.mark.parametrize(
    ("task", "key", "metrics", "verdict"),
    [
        ("multiclass", "multiclass_classification_metrics", {"auc": 0.7, "accuracy": 0.5}, "pass"),
        ("multiclass", "multiclass_classification_metrics", {"auc": 0.55}, "fail"),
        ("regression", "regression_metrics", {"r2": 0.2, "rmse": 12.5}, "pass"),
        ("regression", "regression_metrics", {"r2": -0.1}, "fail"),
    ],
)
def test_every_task_has_a_gate_of_its_own_that_guessing_does_not_pass(
    task: str, key: str, metrics: dict[str, float], verdict: str
) -> None:
    policy = definition(data__task=task, data__positive_label=None).gate
    document = {key: {name: {"value": value} for name, value in metrics.items()}, "dataset": {"item_count": 500}}

    assert decide(Evaluation.from_json(document), policy).verdict == verdict


def test_an_error_of_a_regression_gains_by_falling() -> None:
    policy = Gate.model_validate({"metrics": {"rmse": {"max": 3}}, "champion": {"metric": "rmse", "minimum_gain": 0.1}})
    document = {
        "regression_metrics": {"rmse": {"value": 2.0}},
        "dataset": {"item_count": 500},
        "champion": {"regression_metrics": {"rmse": {"value": 2.05}}},
    }

    decision = decide(Evaluation.from_json(document), policy)

    assert check(decision, "threshold.rmse").outcome == "pass"
    assert check(decision, "champion.rmse").reason.endswith("a gain of +0.0500, below +0.1.")


def test_large_errors_are_written_as_people_read_them() -> None:
    policy = Gate.model_validate({"metrics": {"mae": {"max": 1_000_000}}, "champion": None})
    document = {"regression_metrics": {"mae": {"value": 1234567.891}}, "dataset": {"item_count": 500}}

    reason = check(decide(Evaluation.from_json(document), policy), "threshold.mae").reason

    assert reason == "mae is 1,234,568, above 1,000,000."


def test_a_champion_of_another_task_is_no_comparison() -> None:
    other = {"regression_metrics": {"r2": {"value": 0.5}}}

    assert check(decide(evaluation(champion=other), Gate()), "champion.auc").outcome == "fail"


def test_an_evaluation_without_metrics_is_our_defect() -> None:
    with pytest.raises(DefectError, match="binary_classification_metrics"):
        Evaluation.from_json({"dataset": {"item_count": 5}})
