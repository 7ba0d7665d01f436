"""Labels by request: which one counts, and whether they fit the answers."""

import pytest

from sluice.trial.captures import Captured
from sluice.trial.ground_truth import GroundTruth, UnreadableLabelError
from sluice.trial.label_files import LabelLine
from sluice.trial.truths import Truths


def told(*truths: GroundTruth) -> Truths:
    made = Truths()
    for number, truth in enumerate(truths, start=1):
        made.add(LabelLine("a.csv", number, truth), truth)
    return made


def row(number: int, label: str) -> GroundTruth:
    return GroundTruth("e", (label,), number)


def test_of_two_labels_the_later_one_counts() -> None:
    truths = told(GroundTruth("e", ("yes",)), GroundTruth("e", ("no",)))

    assert (truths["e"].of_rows(1), truths["e"].line, len(truths), truths.rows) == (("no",), 2, 1, 1)


def test_labels_of_single_rows_complete_each_other() -> None:
    truths = told(row(3, "yes"), row(1, "no"), row(3, "maybe"))

    assert truths["e"].of_rows(4) == ("no", None, "maybe", None)
    assert truths.rows == 2


@pytest.mark.parametrize(
    ("truths", "labels"),
    [
        ((row(2, "yes"), GroundTruth("e", ("no", "no"))), ("no", "no")),
        ((GroundTruth("e", ("no", "no")), row(2, "yes")), ("no", "yes")),
    ],
)
def test_a_label_of_a_row_changes_that_row_and_one_of_the_request_all(
    truths: tuple[GroundTruth, ...], labels: tuple[str | None, ...]
) -> None:
    assert told(*truths)["e"].of_rows(2) == labels


@pytest.mark.parametrize(
    ("truth", "reason"), [(GroundTruth("e", ("no",)), "1 labels for 2 answers"), (row(3, "no"), "row 3 of 2 answers")]
)
def test_labels_must_fit_the_answers(truth: GroundTruth, reason: str) -> None:
    with pytest.raises(UnreadableLabelError, match=reason):
        told(truth)["e"].of_rows(2)


def test_the_callers_own_id_comes_first() -> None:
    captured = Captured("e", "mine", ())

    assert told(GroundTruth("e", ("no",)), GroundTruth("mine", ("no",))).key_of(captured) == "mine"
    assert told(GroundTruth("e", ("no",))).key_of(captured) == "e"
    assert told(GroundTruth("other", ("no",))).key_of(captured) is None
