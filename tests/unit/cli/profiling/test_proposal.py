import pandas as pd
import pytest

from cli.errors import BadInputError
from cli.profiling.proposal import propose


def frame(rows: int = 200, **columns: list[str]) -> pd.DataFrame:
    base = {
        "customerID": [f"c{number:04d}" for number in range(rows)],
        "tenure": [str((number * 7) % 60) for number in range(rows)],
        "plan": [("basic", "plus", "max")[number % 3] for number in range(rows)],
        "churned": [("No", "No", "No", "Yes")[(number // 2) % 4] for number in range(rows)],
    }
    return pd.DataFrame(base | columns, dtype=str)


def test_a_plain_table() -> None:
    found = propose(frame(rows=480), "churned")
    assert found.target.task == "binary"
    assert found.target.classes == ("No", "Yes")
    assert found.target.positive == "Yes"
    assert "the word says so" in found.target.evidence
    assert found.key is not None
    assert found.key.name == "customerID"
    assert {feature.name: feature.type for feature in found.features} == {"tenure": "numeric", "plan": "categorical"}
    assert found.dropped == ()
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("labels", "positive", "why"),
    [
        (["0", "0", "0", "1"], "1", "the word says so"),
        (["false", "true", "true", "true"], "true", "the word says so"),
        (["stays", "stays", "stays", "goes"], "goes", "it is the rarer one: check it"),
        (["a", "b", "a", "b"], "b", "both are as frequent and it sorts last: check it"),
    ],
)
def test_positive_label_and_its_reason(labels: list[str], positive: str, why: str) -> None:
    found = propose(frame(churned=[labels[number % 4] for number in range(200)]), "churned")
    assert found.target.positive == positive
    assert found.target.evidence.endswith(why)


def test_a_missing_target_suggests_close_names() -> None:
    with pytest.raises(BadInputError, match=r"--target Churn: no such column\. Did you mean churned\?"):
        propose(frame(), "Churn")


def test_a_target_that_is_nothing_like_a_column_lists_them() -> None:
    with pytest.raises(BadInputError, match="The file has: customerID, tenure, plan, churned"):
        propose(frame(), "zzz")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (["a", "a", "a", "a"], "only one class, 'a'"),
        (["", "", "", ""], "no value in any row"),
    ],
)
def test_targets_that_cannot_be_predicted_are_refused(labels: list[str], reason: str) -> None:
    with pytest.raises(BadInputError, match=reason):
        propose(frame(churned=[labels[number % 4] for number in range(200)]), "churned")


@pytest.mark.parametrize(
    ("values", "task", "evidence"),
    [
        (["red", "green", "blue", "red"], "multiclass", "3 classes: 'red', 'green', 'blue'; the rarest, 'blue', in 50"),
        (["1", "2", "3", "2"], "multiclass", "3 classes: '2', "),
        ([f"{number / 7:.3f}" for number in range(200)], "regression", "numbers from 0 to 28.429, 200 distinct, mean"),
        ([str(number % 50) for number in range(200)], "regression", "numbers from 0 to 49, 50 distinct"),
        (["0.5", "1.5", "2.5", "3.5"], "regression", "4 distinct"),
        (["1", "0", "?", "1"], "binary", "'1' in 100 of 150 rows"),
    ],
)
def test_the_values_decide_the_task(values: list[str], task: str, evidence: str) -> None:
    found = propose(frame(churned=[values[number % len(values)] for number in range(200)]), "churned")
    assert found.target.task == task
    assert evidence in found.target.evidence


def test_small_whole_numbers_may_be_amounts_and_that_is_said() -> None:
    found = propose(frame(churned=[str(number % 5) for number in range(200)]), "churned")
    assert any("5 whole numbers are taken for classes" in warning for warning in found.warnings)


def test_a_class_of_too_few_rows_is_told() -> None:
    colors = ["red"] * 100 + ["green"] * 97 + ["blue"] * 3
    warnings = propose(frame(churned=colors), "churned").warnings
    assert any("rows of 'blue' are rejected, because a class needs 5 rows" in warning for warning in warnings)


def test_a_word_for_not_known_among_the_targets_numbers_is_a_missing_value() -> None:
    assert "?" in propose(frame(churned=["1", "0", "?", "1"] * 50), "churned").extra_missing_values


def test_too_many_texts_are_no_classes() -> None:
    with pytest.raises(BadInputError, match="200 different texts"):
        propose(frame(churned=[f"name {number}" for number in range(200)]), "churned")


def test_a_column_that_orders_the_rows_as_a_number_does_is_pointed_out() -> None:
    amounts = [str((number * 37) % 199 + 0.5) for number in range(200)]
    found = propose(frame(churned=amounts, after=[str(float(one) * 2 + 1) for one in amounts]), "churned")
    assert any(warning.startswith("after: orders the rows almost as the target does") for warning in found.warnings)
    assert not any(warning.startswith("tenure") for warning in found.warnings)


def test_a_column_that_knows_every_class_is_pointed_out_and_one_that_knows_one_is_not() -> None:
    colors = [("red", "green", "blue")[number % 3] for number in range(200)]
    table = frame(churned=colors, after=[color[:1] for color in colors], hint=[str(color == "red") for color in colors])
    warnings = propose(table.drop(columns="plan"), "churned").warnings
    assert any(warning.startswith("after: separates the classes almost alone") for warning in warnings)
    assert not any(warning.startswith("hint") for warning in warnings)


def test_a_given_key_must_be_unique() -> None:
    with pytest.raises(BadInputError, match=r"--key plan: 'basic' appears 67 times"):
        propose(frame(), "churned", key="plan")


def test_a_given_key_must_exist() -> None:
    with pytest.raises(BadInputError, match="--key id: no such column"):
        propose(frame(), "churned", key="id")


def test_the_target_is_no_key() -> None:
    with pytest.raises(BadInputError, match="that is the target"):
        propose(frame(), "churned", key="churned")


def test_without_a_key_the_consequence_is_told() -> None:
    found = propose(frame().drop(columns="customerID"), "churned")
    assert found.key is None
    assert any("no key" in warning for warning in found.warnings)


def test_a_second_key_is_dropped() -> None:
    found = propose(frame(row_id=[str(number) for number in range(200)]), "churned")
    assert found.key is not None
    assert found.key.name == "customerID"
    assert [dropped.name for dropped in found.dropped] == ["row_id"]


def test_words_that_end_like_a_key_are_not_one() -> None:
    found = propose(frame(paid=[f"{number * 3.5}" for number in range(200)]).drop(columns="customerID"), "churned")
    assert found.key is None
    assert "paid" in {feature.name for feature in found.features}


@pytest.mark.parametrize(
    "leak",
    [
        lambda label: "left" if label == "Yes" else "here",
        lambda label: "2024" if label == "Yes" else "",
        lambda label: "9.5" if label == "Yes" else "1.5",
    ],
)
def test_a_column_that_knows_the_answer_is_pointed_out(leak) -> None:
    table = frame()
    table["after"] = [leak(label) for label in table["churned"]]
    found = propose(table, "churned")
    assert any(warning.startswith("after: separates the classes almost alone") for warning in found.warnings)
    assert not any(warning.startswith("tenure") for warning in found.warnings)


def test_nothing_to_learn_from_is_refused_with_the_reasons() -> None:
    table = frame()[["customerID", "churned"]].assign(country="DE")
    with pytest.raises(BadInputError, match=r"no column to learn from: country: constant"):
        propose(table, "churned")


def test_few_rows_of_a_class_are_told() -> None:
    assert any("only 50 rows of 'Yes'" in warning for warning in propose(frame(), "churned").warnings)


def test_rows_without_target_above_the_limit_are_told() -> None:
    labels = ["" if number < 20 else ("Yes", "No")[number % 2] for number in range(200)]
    found = propose(frame(churned=labels), "churned")
    assert any("20 of 200 rows have no target" in warning for warning in found.warnings)
