"""The verdict, and the checks that need nobody to compare with."""

import json
import math
from typing import Any

import pytest

from sluice.definition import Gate
from sluice.errors import DefectError
from sluice.gate import Evaluation, decide
from tests.definitions import definition
from tests.evaluations import BINARY, champion, check, counts, decided, measurements


def test_a_first_model_above_its_thresholds_passes_and_says_that_there_was_no_champion() -> None:
    decision = decided({"metrics": {"auc": {"min": 0.8}}})

    assert decision.verdict == "pass"
    assert check(decision, "champion.auc").outcome == "skipped"
    assert "no champion" in check(decision, "champion.auc").reason


def test_every_failed_check_is_named_and_stands_first_in_the_summary() -> None:
    decision = decided({"metrics": {"auc": {"min": 0.9}, "log_loss": {"max": 0.3}}})

    assert decision.verdict == "fail"
    assert decision.summary.startswith("auc is 0.8400, below 0.9. log_loss is 0.4000, above 0.3.")


def test_what_a_person_must_decide_comes_after_what_fails_and_before_what_was_skipped() -> None:
    """Given one check of each outcome: a failure, an alarm, a skipped one, a passed one."""
    policy = {"metrics": {"auc": {"min": 0.9}}, "leakage": {"maximum_auc": 0.8}}

    summary = decided(policy).summary

    places = [summary.index(words) for words in ("below 0.9", "above 0.8", "no champion", "The test split has")]
    assert places == sorted(places)


def test_an_alarm_alone_asks_a_person_and_a_failure_beside_it_fails() -> None:
    alarm = {"leakage": {"maximum_auc": 0.8}}

    assert decided(alarm).verdict == "needs-human"
    assert decided({**alarm, "metrics": {"auc": {"min": 0.9}}}).verdict == "fail"


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_metric_that_is_no_number_never_passes(value: float | None) -> None:
    decision = decided(**{BINARY: measurements(auc=value)})

    assert decision.verdict == "fail"
    assert check(decision, "threshold.auc").reason == "auc could not be computed."


@pytest.mark.parametrize(("rows", "positives"), [(1000, 0), (1000, 1000), (50, 10), (0, 0)])
def test_a_test_split_that_shows_nothing_fails(rows: int, positives: int) -> None:
    decision = decided(dataset={"item_count": rows, "positive_count": positives})

    assert check(decision, "test_set").outcome == "fail"
    assert decision.verdict == "fail"


def test_a_test_split_of_several_classes_that_holds_only_one_fails() -> None:
    metrics = {**measurements(accuracy=1.0), "confusion_matrix": {"a": {"a": 500, "b": 0}, "b": {"a": 0, "b": 0}}}
    policy = Gate.model_validate({"metrics": {"accuracy": {"min": 0.5}}, "champion": None})
    evaluation = Evaluation.from_json({"multiclass_classification_metrics": metrics, "dataset": {"item_count": 500}})

    decision = decide(evaluation, policy)

    assert decision.verdict == "fail"
    assert check(decision, "test_set").reason == "The test split holds rows of one class only: nothing is shown."


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
    document = {key: measurements(**metrics), "dataset": {"item_count": 500}}

    assert decide(Evaluation.from_json(document), policy).verdict == verdict


def test_large_errors_are_written_as_people_read_them() -> None:
    policy = Gate.model_validate({"metrics": {"mae": {"max": 1_000_000}}, "champion": None})
    document = {"regression_metrics": measurements(mae=1234567.891), "dataset": {"item_count": 500}}

    reason = check(decide(Evaluation.from_json(document), policy), "threshold.mae").reason

    assert reason == "mae is 1,234,568, above 1,000,000."


def test_a_metric_with_two_bounds_is_held_to_both() -> None:
    policy = {"metrics": {"auc": {"min": 0.7, "max": 0.8}}}

    assert check(decided(policy), "threshold.auc").bound == 0.8
    assert check(decided(policy), "threshold.auc").outcome == "fail"


def test_an_evaluation_without_metrics_is_our_defect() -> None:
    with pytest.raises(DefectError, match=BINARY):
        Evaluation.from_json({"dataset": {"item_count": 5}})


def test_a_metric_within_two_bounds_names_both() -> None:
    policy = {"metrics": {"auc": {"min": 0.7, "max": 0.9}}}

    assert check(decided(policy), "threshold.auc").reason == "auc is 0.8400, at least 0.7 and at most 0.9."


def test_what_an_older_evaluation_lacks_is_for_a_person_where_there_is_a_champion() -> None:
    """Given an evaluation.json as it was before champions, slices and data were measured like this."""
    older = {"package_arn": "arn", BINARY: measurements(auc=0.9)}
    policy = {"slices": {}, "calibration": {}}

    decision = decided(policy, champion=older, slices=..., data=..., importance=...)

    unmade = {one.name: one.reason for one in decision.checks if one.outcome == "fail"}
    assert set(unmade) == {"champion.features", "champion.auc", "slices", "data", "leakage.gain"}
    assert all("older version" in reason for reason in unmade.values())
    assert decision.verdict == "needs-human"


def test_what_an_older_evaluation_lacks_is_skipped_where_it_would_replace_nothing() -> None:
    decision = decided(slices=..., data=..., importance=...)

    skipped = {one.name for one in decision.checks if one.outcome == "skipped"}
    assert skipped == {"champion.auc", "data", "leakage.gain"}
    assert decision.verdict == "pass"


@pytest.mark.parametrize(
    ("error", "deviation", "outcome"),
    [(0.05, 0.02, "pass"), (0.11, 0.02, "pass"), (0.15, 0.02, "fail"), (0.11, None, "fail"), (None, None, "fail")],
    ids=["below", "above, not shown", "above, shown", "above, deviation unknown", "undefined"],
)
def test_calibration_fails_by_what_the_test_set_shows(
    error: float | None, deviation: float | None, outcome: str
) -> None:
    metrics = measurements(deviation, auc=0.84, calibration_error=error)

    decision = decided({"calibration": {"maximum_error": 0.1}}, **{BINARY: metrics})

    assert check(decision, "calibration").outcome == outcome
    assert decision.verdict == outcome


def test_a_suspiciously_good_model_is_for_a_person_to_look_at() -> None:
    decision = decided(**{BINARY: measurements(auc=0.999)})

    assert decision.verdict == "needs-human"
    assert "hold what is to be predicted" in check(decision, "leakage.auc").reason


def test_a_feature_that_carries_the_whole_model_is_named() -> None:
    """A model that uses its leak only: the other features gain nothing, and count all the same."""
    importance = {"gain": {"refund_paid": 1.0, "age": 0.0, "plan": 0.0}}

    decision = decided(importance=importance)

    assert decision.verdict == "needs-human"
    assert check(decision, "leakage.gain").reason.startswith("refund_paid carries 100 % of the model's gain")


@pytest.mark.parametrize(
    ("importance", "words"),
    [
        ({"gain": {"age": 1.0, "plan": 0.0}}, "fewer than 3"),
        ({"gain": {}, "shap": {"a": 0.0, "b": 0.0, "c": 0.0}}, "uses none"),
        ({"gain": {"a": None, "b": None, "c": None}}, "uses none"),
    ],
)
def test_gains_that_say_nothing_are_skipped(importance: dict[str, Any], words: str) -> None:
    found = check(decided(importance=importance), "leakage.gain")

    assert found.outcome == "skipped"
    assert words in found.reason


def test_only_features_that_shap_knows_count_too() -> None:
    importance = {"gain": {"refund_paid": 1.0}, "shap": {"refund_paid": 2.0, "age": 0.0, "plan": 0.0}}

    assert check(decided(importance=importance), "leakage.gain").outcome == "fail"


def test_checks_that_are_switched_off_are_not_made() -> None:
    decision = decided({"champion": None, "data": None, "leakage": None}, champion=champion(auc=-0.5))

    assert [one.name for one in decision.checks] == ["test_set", "threshold.auc"]


def test_names_out_of_a_file_stay_on_one_line_and_short() -> None:
    """An approval description may hold no line break."""
    feature = "first\nsecond\t\x00" + "x" * 300
    importance = {"gain": {feature: 1.0, "age": 0.0, "plan": 0.0}}
    shares = {"no\nway": 100, "yes": 900}
    data = {"counts": counts(**shares), "previous": {"run_id": "r", "counts": counts()}, "drift": None}

    summary = decided(importance=importance, data=data).summary

    assert summary.isprintable()
    assert len(summary) < 1500


def test_a_decision_is_json_with_a_summary() -> None:
    decision = decided()

    written = json.loads(json.dumps(decision.to_json(), allow_nan=False))

    assert written["summary"] == decision.summary
    assert written["checks"][0] == {
        "name": "test_set",
        "outcome": "pass",
        "value": 1000,
        "bound": 100,
        "reason": "The test split has 1,000 rows, 300 of them positive.",
        "on_failure": "fail",
    }
