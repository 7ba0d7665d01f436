import math

import pytest

from sluice.smoke_test import MOST_RECORDS, GoldenRecords, compare_golden


def golden(*scores: float | list[float]) -> GoldenRecords:
    return GoldenRecords.of({"records": [{"a": "1"} for _ in scores], "scores": list(scores)})


def test_the_same_scores_pass_and_are_counted() -> None:
    outcome = compare_golden(golden(0.25, 0.75), [[0.25], [0.75 + 1e-7]])

    assert outcome.passed
    assert "2 golden records" in outcome.reason


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        ([[0.25], [0.9]], "golden record 2 with 0.9 where 0.75"),
        ([[0.25]], "1 records where 2 were asked"),
        ([[0.25], [math.nan]], "nan"),
        ([[0.25, 0.75], [0.75]], "golden record 1 with 0.25, 0.75 where 0.25"),
    ],
)
def test_other_answers_fail_with_the_first_of_them(answered: list[list[float]], said: str) -> None:
    outcome = compare_golden(golden(0.25, 0.75), answered)

    assert not outcome.passed
    assert said in outcome.reason


def test_classes_are_compared_one_by_one_and_large_numbers_relatively() -> None:
    assert compare_golden(golden([0.2, 0.8]), [[0.2, 0.8]]).passed
    assert not compare_golden(golden([0.2, 0.8]), [[0.8, 0.2]]).passed
    assert compare_golden(golden(1e9), [[1e9 + 1]]).passed


def test_no_more_records_are_asked_than_one_request_holds() -> None:
    assert len(golden(*[0.5] * 500).records) == MOST_RECORDS
