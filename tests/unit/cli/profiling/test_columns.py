import pandas as pd
import pytest

from cli.profiling.choices import DropChoice, FeatureChoice
from cli.profiling.columns import judge, profile


def column(*cells: str, name: str = "column") -> pd.Series:
    return pd.Series(list(cells), name=name, dtype=str)


def judged(*cells: str) -> FeatureChoice | DropChoice:
    return judge(profile(column(*cells)))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2", "5"] * 5, "numeric"),
        (["1.5", " ", "2.5", ""] * 5, "numeric"),
        (["1", "NA", "3"] * 5, "numeric"),
        (["0", "1"] * 5, "numeric"),
        (["1e3", "-2", "+3"] * 5, "numeric"),
        (["Yes", "No"] * 5, "categorical"),
        (["0", "1", "unknown", "x"] * 5, "categorical"),
        (["true", "false"] * 5, "categorical"),
    ],
)
def test_type_follows_what_the_cells_hold(cells: list[str], kind: str) -> None:
    choice = judged(*cells)
    assert isinstance(choice, FeatureChoice)
    assert choice.type == kind


def test_blanks_among_numbers_are_counted_as_missing() -> None:
    choice = judged("1", " ", "3", "4", "")
    assert choice.evidence == "1 to 4, 3 distinct, 2 missing"


def test_a_word_for_not_known_among_numbers_is_found() -> None:
    found = profile(column("1", "?", "3", "?", "7"))
    assert found.extra_missing == ("?",)
    assert found.is_numeric
    assert found.missing == 2


def test_the_same_word_among_categories_stays_a_level() -> None:
    found = profile(column("red", "?", "blue", "?"))
    assert found.extra_missing == ()
    assert found.distinct == 3


def test_few_unreadable_numbers_are_told_and_tolerated() -> None:
    choice = judged(*[str(number) for number in range(1, 400, 2)], "12o")
    assert isinstance(choice, FeatureChoice)
    assert choice.type == "numeric"
    assert "1 not numbers ('12o'): those rows are rejected" in choice.evidence


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["x"] * 6, "constant: always 'x'"),
        (["7"] * 6, "constant: always '7'"),
        (["", " ", "NA"], "no value in any row"),
        ([f"user-{number}" for number in range(30)], "like an id: 30 distinct values in 30 rows"),
        ([str(number) for number in range(1, 30)], "counts the rows"),
        ([f"2024-01-{day:02d}" for day in range(1, 29)], "dates, such as '2024-01-01'"),
        (["1,200.50", "3,400.00", "900,000.10"] * 4, "numbers written for people"),
        ([f"customer number {n} called about his bill" for n in range(20)], "free text: 7 words"),
    ],
)
def test_columns_without_use_are_dropped_with_the_reason(cells: list[str], reason: str) -> None:
    choice = judged(*cells)
    assert isinstance(choice, DropChoice)
    assert choice.evidence.startswith(reason)


def test_one_value_and_blanks_still_tell_something() -> None:
    assert isinstance(judged("gold", "", "gold", ""), FeatureChoice)


def test_unique_but_unordered_numbers_are_measurements() -> None:
    assert isinstance(judged("812", "17", "90", "455", "3"), FeatureChoice)


def test_many_categories_say_what_happens_to_them() -> None:
    choice = judged(*[f"zip{number % 100}" for number in range(1000)])
    assert isinstance(choice, FeatureChoice)
    assert "100 categories" in choice.evidence
    assert "the 64 most frequent are told apart" in choice.evidence
