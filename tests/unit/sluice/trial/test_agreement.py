"""A shadow's answers beside the champion's."""

import pytest

from sluice.definition.data import Task
from sluice.trial.agreement import Pairs
from sluice.trial.answers import Answer


@pytest.mark.parametrize(
    ("task", "champion", "shadow", "agree"),
    [
        ("binary", Answer((0.5,)), Answer((0.59,)), True),
        ("binary", Answer((0.5,)), Answer((0.61,)), False),
        ("binary", Answer((0.5,), "yes"), Answer((0.9,), "yes"), True),
        ("binary", Answer((0.5,), "yes"), Answer((0.51,), "no"), False),
        ("binary", Answer((0.5,), "yes"), Answer((0.51,)), True),
        ("binary", Answer((), "yes"), Answer((), "yes"), True),
        ("binary", Answer((), "yes"), Answer((0.5,)), False),
        ("multiclass", Answer((0.2, 0.8), "b"), Answer((0.4, 0.6), "b"), True),
        ("multiclass", Answer((0.2, 0.8)), Answer((0.1, 0.4, 0.5)), False),
        ("regression", Answer((1000.0,)), Answer((1090.0,)), True),
        ("regression", Answer((1000.0,)), Answer((1110.0,)), False),
        ("regression", Answer((0.0,)), Answer((0.09,)), True),
    ],
)
def test_labels_agree_where_both_have_one_and_scores_within_the_tolerance(
    task: Task, champion: Answer, shadow: Answer, agree: bool
) -> None:
    pairs = Pairs(task, tolerance=0.1)
    pairs.add([champion], [shadow])

    assert pairs.agreement().share_percent == (100.0 if agree else 0.0)


def test_differences_are_told_by_their_distribution() -> None:
    pairs = Pairs("binary", tolerance=0.1)
    for place in range(1, 101):
        pairs.add([Answer((0.0,))], [Answer((place / 100,))])

    found = pairs.agreement()

    assert (found.pairs, found.agreed, found.share_percent) == (100, 10, 10.0)
    assert (found.median_difference, found.p95_difference, found.largest_difference) == (0.5, 0.95, 1.0)
    assert found.mean_difference == pytest.approx(0.505)


def test_what_cannot_be_compared_does_not_agree() -> None:
    pairs = Pairs("binary", tolerance=0.1)
    pairs.add([Answer((0.5,))], [Answer((0.5,))])
    pairs.add([Answer((0.5,))], [Answer((0.5,)), Answer((0.5,))])

    found = pairs.agreement()

    assert (found.pairs, found.unlike, found.share_percent) == (1, 1, 50.0)


def test_no_pairs_agree_on_nothing() -> None:
    found = Pairs("binary", tolerance=0.1).agreement()

    assert (found.share_percent, found.largest_difference) == (0.0, None)
