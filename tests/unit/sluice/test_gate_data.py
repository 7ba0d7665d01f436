"""Training data that is not what it was: a person decides."""

from typing import Any

import pytest

from tests.evaluations import champion, check, counts, decided
from tests.evaluations import drift as drift_of

PREVIOUS = {"run_id": "r0", "counts": counts()}


def data(**changes: Any) -> dict[str, Any]:
    return {"data": {"counts": counts(), "previous": PREVIOUS, "drift": None, **changes}}


def drift(**psi: float | None) -> dict[str, Any]:
    return data(drift=drift_of(**psi))


@pytest.mark.parametrize(("rows", "outcome"), [(1500, "pass"), (500, "pass"), (499, "fail")])
def test_much_fewer_rows_than_in_the_last_run_ask_a_person(rows: int, outcome: str) -> None:
    decision = decided(**data(counts=counts(rows=rows)))

    assert check(decision, "data.rows").outcome == outcome
    assert decision.verdict == ("pass" if outcome == "pass" else "needs-human")


def test_the_class_whose_share_changed_most_is_named() -> None:
    now = counts(no=500, yes=500)

    found = check(decided(**data(counts=now)), "data.classes")

    assert found.outcome == "fail"
    assert found.value == pytest.approx(0.2)
    assert found.reason == (
        "The share of class 'no' went from 70 % to 50 % since the last run; a change of 10 % is accepted."
    )


def test_a_class_that_is_new_had_a_share_of_nothing() -> None:
    decision = decided(**data(counts=counts(no=600, yes=250, maybe=150)))

    found = check(decision, "data.classes")
    assert (found.outcome, found.value) == ("fail", pytest.approx(0.15))
    assert "'maybe' went from 0 % to 15 %" in found.reason


def test_classes_are_counted_over_all_splits() -> None:
    """Splits of other sizes are no shift."""
    moved = {
        "rows": 1000,
        "rejected": 0,
        "classes": {
            "train": {"no": 100, "yes": 200},
            "validation": {"no": 600, "yes": 0},
            "test": {"no": 0, "yes": 100},
        },
    }

    assert check(decided(**data(counts=moved)), "data.classes").value == pytest.approx(0.0)


def test_a_regression_has_no_classes() -> None:
    document: dict[str, Any] = {
        "binary_classification_metrics": ...,
        "regression_metrics": {"auc": {"value": 0.9}, "r2": {"value": 0.9}},
        "dataset": {"item_count": 1000},
    }
    decision = decided({"metrics": {"r2": {"min": 0}}, "champion": {"metric": "r2"}}, **document)

    assert check(decision, "data.classes").reason == "A regression has no classes to compare."
    assert check(decision, "data.rows").outcome == "pass"


@pytest.mark.parametrize(("rejected", "outcome"), [(0, "pass"), (10, "pass"), (11, "fail")])
def test_rows_that_could_not_be_read_ask_a_person_even_in_a_first_run(rejected: int, outcome: str) -> None:
    decision = decided(**data(counts=counts(rejected=rejected), previous=None))

    assert check(decision, "data.rejected").outcome == outcome
    assert {check(decision, name).outcome for name in ("data.rows", "data.classes")} == {"skipped"}


def test_drifted_features_are_named_the_worst_first() -> None:
    decision = decided(**drift(age=0.05, fee=0.4, tenure=0.9, note=None))

    found = check(decision, "data.drift")
    assert decision.verdict == "needs-human"
    assert (found.value, found.bound) == (0.9, 0.25)
    assert found.reason == (
        "Drifted more than 0.25 (PSI) from the champion's training data: tenure 0.90, fee 0.40. Not measured: note."
    )


def test_many_drifted_features_are_counted() -> None:
    found = check(decided(**drift(**{f"f{number}": 1.0 for number in range(9)})), "data.drift")

    assert found.reason.endswith("f4 1.00 and 4 more.")


@pytest.mark.parametrize("changes", [data(), drift(age=None), drift()], ids=["no champion", "unmeasured", "empty"])
def test_drift_with_nothing_to_compare_with_is_skipped(changes: dict[str, Any]) -> None:
    found = check(decided(**changes), "data.drift")

    assert found.outcome == "skipped"
    assert found.reason.startswith("Drift was not judged: ")


@pytest.mark.parametrize(
    "changes",
    [data(drift={"error": "statistics.json is damaged."}), {"champion": champion(auc=0.0), **data()}],
    ids=["unreadable", "no baseline of the champion"],
)
def test_drift_that_should_have_been_measured_is_for_a_person(changes: dict[str, Any]) -> None:
    decision = decided(**changes)

    assert check(decision, "data.drift").outcome == "fail"
    assert check(decision, "data.drift").reason.startswith("Drift was not judged: ")
    assert decision.verdict == "needs-human"


def entry(name: str, psi: float | None, **told: Any) -> dict[str, Any]:
    return {"feature": name, "type": "numeric", "psi": psi, **told}


@pytest.mark.parametrize("told", [{"comparable": True}, {}], ids=["comparable", "older"])
def test_a_feature_that_should_have_been_measured_and_was_not_is_for_a_person(told: dict[str, Any]) -> None:
    others = [entry("fee", 0.1, comparable=True), entry("new", None, comparable=False)]

    decision = decided(**data(drift={"features": [*others, entry("age", None, **told)]}))

    found = check(decision, "data.drift")
    assert (decision.verdict, found.outcome, found.value) == ("needs-human", "fail", 0.1)
    assert found.reason == (
        "No measured feature drifted more than 0.25 (PSI) from the champion's training data. "
        "Could not be compared with the champion's: age. Not measured: new."
    )
    alone = check(decided(**data(drift={"features": [entry("age", None, **told)]})), "data.drift")
    assert (alone.outcome, alone.value) == ("fail", None)


def test_counts_that_are_not_known_are_for_a_person() -> None:
    decision = decided(**data(counts=None))

    assert {check(decision, f"data.{name}").outcome for name in ("rows", "classes", "rejected")} == {"fail"}
    assert decision.verdict == "needs-human"


def test_counts_without_classes_are_not_known_where_there_are_classes() -> None:
    found = check(decided(**data(counts={"rows": 1000, "rejected": 0})), "data.classes")

    assert (found.outcome, found.on_failure) == ("fail", "needs-human")
