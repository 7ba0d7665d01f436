import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.errors import DefectError
from sluice.validation import Batch, Comparison, HeldOutRow, approval_after, batches, compare, judge, score_columns

TOLERANCE = 1e-5


def batch(*expected: float, first_row: int = 1) -> Batch:
    return Batch(first_row, [HeldOutRow(["x"], [number]) for number in expected])


@pytest.mark.parametrize(
    ("task", "header", "places"),
    [
        ("binary", ["label", "score", "champion_score"], [1]),
        ("regression", ["label", "prediction", "champion_score"], [1]),
        ("multiclass", ["label", "predicted", "probability_a", "probability_b", "champion_predicted"], [2, 3]),
    ],
)
def test_the_scores_of_each_task_are_found(task, header, places):
    assert score_columns(task, header) == places


def test_predictions_of_another_task_are_a_defect():
    with pytest.raises(DefectError, match="no scores of a regression task: its columns are label, score"):
        score_columns("regression", ["label", "score"])


def test_equal_scores_pass_and_say_how_near_they_are():
    compared = compare(batch(0.25, 0.5), [[0.25], [0.500001]], TOLERANCE)

    judgement = judge(compared, TOLERANCE, cut_off=False)

    assert judgement.verdict == "pass"
    assert judgement.reason == (
        "The temporary endpoint scored 2 test rows as the evaluate step did: the largest difference is 1e-06."
    )


def test_other_scores_fail_and_name_the_first_row():
    compared = compare(batch(0.25, 0.5, 0.75, first_row=501), [[0.25], [0.4], [0.1]], TOLERANCE)

    judgement = judge(compared, TOLERANCE, cut_off=False)

    assert judgement.verdict == "fail"
    assert judgement.reason == (
        "The temporary endpoint scored 2 of 3 test rows otherwise than the evaluate step, by up to 0.65 where 1e-05 is "
        "allowed: row 502 got 0.4 instead of 0.5."
    )


def test_of_several_classes_the_worst_counts():
    rows = Batch(1, [HeldOutRow(["x"], [0.2, 0.3, 0.5])])

    compared = compare(rows, [[0.2, 0.4, 0.4 - 1e-3]], TOLERANCE)

    assert compared.first is not None
    assert (compared.first.expected, compared.first.answered) == (0.5, 0.4 - 1e-3)


@pytest.mark.parametrize("answered", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_never_equal(answered):
    compared = compare(batch(0.5), [[answered]], 1.0)

    assert compared.differing == 1
    assert judge(compared, 1.0, cut_off=False).verdict == "fail"


def test_nothing_compared_decides_nothing():
    assert judge(Comparison(), TOLERANCE, cut_off=False).verdict == "undecided"


@pytest.mark.parametrize(("answered", "verdict"), [(0.5, "undecided"), (0.75, "fail")])
def test_a_validation_that_ran_out_of_time_does_not_pass(answered, verdict):
    judgement = judge(compare(batch(0.5), [[answered]], TOLERANCE), TOLERANCE, cut_off=True)

    assert judgement.verdict == verdict
    assert "1 test row" in judgement.reason
    assert judgement.reason.endswith("Time ran out before the other rows.")


@given(
    expected=st.floats(-1e12, 1e12),
    share=st.floats(-1, 1),
    tolerance=st.floats(1e-9, 1),
)
def test_the_tolerance_is_absolute_up_to_one_and_relative_above(expected, share, tolerance):
    answered = expected + share * 0.99 * tolerance * max(1.0, abs(expected))
    beyond = expected + 2 * tolerance * max(1.0, abs(expected))

    assert compare(batch(expected), [[answered]], tolerance).differing == 0
    assert compare(batch(expected), [[beyond]], tolerance).differing == 1


@given(
    lengths=st.lists(st.integers(0, 40), max_size=60),
    most_rows=st.integers(1, 10),
    most_bytes=st.integers(1, 100),
)
def test_batches_keep_every_row_in_order_within_their_bounds(lengths, most_rows, most_bytes):
    rows = [HeldOutRow(["x" * length, str(number)], [0.5]) for number, length in enumerate(lengths)]

    made = list(batches(rows, most_rows, most_bytes))

    assert [row for one in made for row in one.rows] == rows
    for one in made:
        assert rows[one.first_row - 1] is one.rows[0]
        assert rows[one.last_row - 1] is one.rows[-1]
        sizes = [max(sum(len(cell) + 3 for cell in row.cells), 16) for row in one.rows]
        assert len(one.rows) == 1 or (len(one.rows) <= most_rows and sum(sizes) <= most_bytes)


def test_an_answers_length_bounds_a_batch_too():
    rows = [HeldOutRow(["x"], [0.0] * 1000) for _ in range(4)]

    assert [len(one.rows) for one in batches(rows, 500, 40_000)] == [2, 2]


@given(st.lists(st.lists(st.floats(0, 1), min_size=1), min_size=1), st.floats(0, 1))
def test_rows_compared_in_batches_compare_as_rows_at_once(groups, answer):
    together = [number for group in groups for number in group]
    at_once = compare(batch(*together), [[answer]] * len(together), 0.1)

    folded, first_row = Comparison(), 1
    for group in groups:
        folded = folded.plus(compare(batch(*group, first_row=first_row), [[answer]] * len(group), 0.1))
        first_row += len(group)

    assert folded == at_once


@pytest.mark.parametrize(
    ("verdict", "gate", "approval", "status"),
    [
        ("pass", "pass", "automatic", "Approved"),
        ("pass", "pass", "manual", "PendingManualApproval"),
        ("pass", "needs-human", "automatic", "PendingManualApproval"),
        ("undecided", "pass", "automatic", "PendingManualApproval"),
        ("fail", "pass", "automatic", "Rejected"),
        ("fail", "needs-human", "manual", "Rejected"),
    ],
)
def test_what_becomes_of_the_version(verdict, gate, approval, status):
    assert approval_after(verdict, gate, approval) == status
