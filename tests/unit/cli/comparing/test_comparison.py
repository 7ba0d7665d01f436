import pytest

from cli.comparing.comparison import MetricRow, compare
from cli.comparing.data_rows import Row
from cli.comparing.facts import own_hyperparameters
from cli.comparing.features import FeatureChanges
from tests.unit.cli.comparing.versions import (
    champion,
    counts,
    definition,
    evaluation,
    facts,
    metric,
    on_new_data,
    part,
)


def row_of(name: str, rows: tuple[MetricRow, ...]) -> MetricRow:
    return next(row for row in rows if row.metric == name)


def test_differences_are_the_second_minus_the_first_and_lower_is_better_for_losses() -> None:
    found = compare(facts(1), facts(2, evaluation=evaluation(auc=0.86, log_loss=0.45)))
    assert found.not_comparable == ()
    auc, loss = (row_of(name, found.metrics) for name in ("auc", "log_loss"))
    assert auc.difference == pytest.approx(0.02)
    assert auc.better == "right"
    assert loss.difference == pytest.approx(0.05)
    assert loss.better == "left"


def test_a_metric_that_only_one_has_makes_no_difference() -> None:
    found = compare(facts(1), facts(2, evaluation=evaluation(auc=None)))
    row = row_of("auc", found.metrics)
    assert (row.left, row.right) == (metric(0.84), metric(None))
    assert (row.difference, row.better) == (None, None)


def test_other_data_is_no_comparison() -> None:
    found = compare(facts(1), on_new_data(2, evaluation=evaluation(auc=0.9)))
    assert found.not_comparable == (
        "v1 was measured on churn.csv (version aaaaaaaa), v2 on churn.csv (version bbbbbbbb).",
    )
    assert row_of("auc", found.metrics).better is None
    assert row_of("auc", found.metrics).difference == pytest.approx(0.06)


def test_the_same_file_split_in_another_way_is_no_comparison() -> None:
    found = compare(facts(1), facts(2, definition=definition(split_seed=7), evaluation=evaluation(rows=990)))
    assert found.not_comparable == (
        "data.split differs, and with it the rows of the test split.",
        "v1's test split has 1,000 rows, v2's 990.",
    )


def test_a_version_whose_data_is_not_known_is_not_compared() -> None:
    found = compare(facts(1, metadata={}), facts(2, metadata={}))
    assert found.not_comparable == ("v1 was measured on data that is not known, v2 on data that is not known.",)


def test_the_champions_paired_difference_has_an_interval_and_what_it_shows() -> None:
    told = champion(1, auc=(0.04, 0.01), log_loss=(0.03, 0.01), f1=(0.01, 0.02), recall=(0.2, None))
    found = compare(facts(1), on_new_data(2, evaluation=evaluation(champion=told)))
    assert found.paired is not None
    assert (found.paired.champion, found.paired.challenger) == (1, 2)
    shown = {one.metric: one.shown for one in found.paired.differences}
    assert shown == {"auc": "better", "log_loss": "worse", "f1": "nothing", "recall": "nothing"}
    auc = found.paired.differences[0]
    assert (auc.low, auc.high) == (pytest.approx(0.0204, abs=1e-4), pytest.approx(0.0596, abs=1e-4))
    assert (auc.champion, auc.challenger) == (0.8, 0.84)


def test_the_challenger_may_be_the_first_of_the_two() -> None:
    found = compare(facts(2, evaluation=evaluation(champion=champion(1, auc=(-0.1, 0.01)))), facts(1))
    assert found.paired is not None
    assert (found.paired.challenger, found.paired.differences[0].shown) == (2, "worse")


def test_another_champion_is_none_of_the_two() -> None:
    told = champion(7, auc=(0.04, 0.01))
    assert compare(facts(1), facts(2, evaluation=evaluation(champion=told))).paired is None


def test_a_champion_that_could_not_be_scored_is_told() -> None:
    told = {"package_arn": facts(1).arn, "error": "Its artifact is gone."}
    found = compare(facts(1), facts(2, evaluation=evaluation(champion=told)))
    assert found.paired is None
    assert found.notes == ("v2's run could not score v1 on its test rows: Its artifact is gone.",)


def test_hyperparameters_that_differ_are_named_with_both_values() -> None:
    found = compare(facts(1), facts(2, hyperparameters={"eta": "0.05", "max_depth": "4.0", "subsample": "0.8"}))
    assert found.hyperparameters == (Row("eta", "0.1", "0.05"), Row("subsample", None, "0.8"))


def test_what_the_platform_sends_along_is_no_hyperparameter() -> None:
    sent = {"eta": "0.1", "sagemaker_program": "train.py", "_tuning_objective_metric": "validation:auc"}
    assert own_hyperparameters(sent) == {"eta": "0.1"}


def test_the_data_is_told_by_rows_and_class_shares() -> None:
    left, right = (
        facts(number, evaluation=evaluation(data={"counts": counts(yes, 900)})) for number, yes in ((1, 100), (2, 300))
    )
    rows = {row.name: (row.left, row.right) for row in compare(left, right).data}
    assert rows["all rows"] == ("1,003", "1,203")
    assert rows["rejected rows"] == ("3", "3")
    assert rows["share of Yes"] == ("10.0%", "25.0%")


def test_of_an_older_evaluation_only_the_test_rows_are_known() -> None:
    rows = {row.name: (row.left, row.right) for row in compare(facts(1), facts(2)).data}
    assert rows["test rows"] == ("1,000", "1,000")
    assert rows["all rows"] == (None, None)


def test_a_number_is_told_by_its_mean() -> None:
    told = {"counts": {"rows": 10, "test": 2, "target_mean": {"train": 12.5}}}
    rows = compare(facts(1, evaluation=evaluation(data=told)), facts(2, evaluation=evaluation(data=told))).data
    assert rows[-1] == Row("target's mean in training", "12.5", "12.5")


def test_many_classes_are_those_whose_share_changed_most() -> None:
    def of(more: str) -> dict[str, object]:
        classes = {f"c{number}": 100 for number in range(30)} | {more: 1000}
        return {"counts": {"rows": 1, "test": 1, "classes": {"train": classes}}}

    left, right = (facts(n, evaluation=evaluation(data=of(c))) for n, c in ((1, "c7"), (2, "c21")))
    shares = [row.name for row in compare(left, right).data if row.name.startswith("share")]
    assert len(shares) == 12
    assert shares[:2] == ["share of c7", "share of c21"]


def test_features_are_added_removed_and_retyped() -> None:
    right = facts(2, definition=definition(age="categorical", plan="categorical", region="categorical"))
    left = facts(1, definition=definition(age="numeric", plan="categorical", tenure="numeric"))
    assert compare(left, right).features == FeatureChanges(("region",), ("tenure",), ("age: numeric → categorical",))


def test_slices_that_differ_most_come_first_and_unlike_ones_are_left_out() -> None:
    left = evaluation(slices=[part("a", 0.8), part("b", 0.8), part("c", None), part("gone", 0.5)])
    right = evaluation(slices=[part("a", 0.81), part("b", 0.6, rows=90), part("c", 0.7), part("b", 0.9, kind="other")])
    found = compare(facts(1, evaluation=left), facts(2, evaluation=right)).slices
    assert [(one.part, one.left_rows, one.right_rows) for one in found] == [
        ("plan = b", 200, 90),
        ("plan = a", 200, 200),
    ]
    assert found[0].difference == pytest.approx(-0.2)


def test_slices_of_another_task_are_not_compared() -> None:
    right = {"regression_metrics": {"r2": metric(0.4)}, "dataset": {"item_count": 9}, "slices": [part("a", 0.8)]}
    left = evaluation(slices=[part("a", 0.8)])
    found = compare(facts(1, evaluation=left), facts(2, evaluation=right))
    assert found.slices == ()
    assert [row.metric for row in found.metrics] == ["auc", "log_loss", "r2"]


def test_gain_is_told_of_the_features_that_carry_most_in_either() -> None:
    left = evaluation(importance={"gain": {"age": 0.9, "plan": 0.1}})
    right = evaluation(importance={"gain": {"region": 0.95, "age": 0.05, "plan": 0.0}})
    found = compare(facts(1, evaluation=left), facts(2, evaluation=right)).gain
    assert [(one.feature, one.left, one.right) for one in found] == [
        ("region", None, 0.95), ("age", 0.9, 0.05), ("plan", 0.1, 0.0),
    ]  # fmt: skip


def test_documents_that_are_gone_leave_the_rest_to_compare() -> None:
    right = facts(2, evaluation=None, definition=None, decision=None, missing=("evaluation.json of v2 is gone.",))
    found = compare(facts(1), right)
    assert found.notes == ("evaluation.json of v2 is gone.",)
    assert row_of("auc", found.metrics).right is None
    assert (found.features, found.slices, found.right.threshold) == (FeatureChanges(), (), None)


def test_the_gates_reasons_stand_beside_the_verdict() -> None:
    decision = {
        "verdict": "fail",
        "checks": [
            {"name": "a", "outcome": "pass", "reason": "fine", "on_failure": "fail"},
            {"name": "b", "outcome": "fail", "reason": "drifted", "on_failure": "needs-human"},
            {"name": "c", "outcome": "fail", "reason": "too low", "on_failure": "fail"},
        ],
    }
    side = compare(facts(1, decision=decision), facts(2)).left
    assert (side.verdict, side.reasons) == ("fail", ("fail: too low", "needs-human: drifted"))
