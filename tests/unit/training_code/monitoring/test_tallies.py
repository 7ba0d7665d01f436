"""Counts of values: exact, whatever the order and the blocks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.distributions import LevelCounts, NumberCounts
from monitoring.tallies import COUNTED_TEXTS, LevelTally, NumberTally, TextCounts
from tests.unit.training_code.monitoring.traffic import same

BASELINE = NumberCounts(np.array([1.0, 2.0, 5.0]), np.array([2, 2, 2, 0]), 0, 0.5, 5.0, 2.0, 1.0)
LEVELS = LevelCounts({"1": 3, "true": 2, "Ulm": 1}, 0)
MISSING = frozenset({"", "NA"})
CELLS = st.lists(
    st.one_of(
        st.none(),
        st.integers(-5, 9),
        st.floats(-1e3, 1e3),
        st.sampled_from(["NA", " 2 ", "x", "", "1e999"]),
        st.booleans(),
    ),
    max_size=30,
)


@given(CELLS, st.integers(0, 30))
def test_cut_anywhere_and_joined_the_counts_are_the_same(cells: list[object], cut: int) -> None:
    for kind, baseline in ((NumberTally, BASELINE), (LevelTally, LEVELS)):
        whole, first, second = (kind(baseline, MISSING) for _ in range(3))  # type: ignore[arg-type]
        whole.add_cells(cells)
        first.add_cells(cells[cut:])
        second.add_cells(cells[:cut])
        first.join(second)  # type: ignore[arg-type]

        assert same(first.counts(), whole.counts())


def test_a_value_at_an_edge_is_below_it() -> None:
    tally = NumberTally(BASELINE, MISSING)
    tally.add_cells([0.4, 1, 1.1, 2, 5, 5.1, None, "NA", "none", 1e39])
    found = tally.counts()
    assert found.counts.tolist() == [2, 2, 1, 1]
    assert (found.missing, found.unreadable, found.below, found.above, found.whole) == (2, 2, 1, 1, False)
    present = [0.4, 1, 1.1, 2, 5, 5.1]
    assert (found.mean, found.deviation) == pytest.approx((np.mean(present), np.std(present)))


def test_the_deviation_of_large_numbers_close_together_is_exact() -> None:
    values = 1e12 + np.array([0.0, 1.0, 2.0, 3.0])
    baseline = NumberCounts(values, np.array([1, 1, 1, 1, 0]), 0, values[0], values[-1], 1e12, 1.0)
    tally = NumberTally(baseline)
    tally.add(values)
    assert tally.counts().deviation == pytest.approx(np.std([0.0, 1.0, 2.0, 3.0]))


def test_without_values_there_is_no_mean() -> None:
    found = NumberTally(BASELINE).counts()
    assert all(math.isnan(value) for value in (found.minimum, found.maximum, found.mean, found.deviation))
    assert not found.whole


def test_levels_as_the_codec_reads_them() -> None:
    tally = LevelTally(LEVELS, MISSING)
    tally.add_cells([1, 1.0, "1", True, " Ulm ", None, "NA", "Bonn", ["a"], {"b": 1}])
    found = tally.counts()
    assert found.counts == {"1": 3, "true": 1, "Ulm": 1}
    assert (found.missing, found.unseen) == (2, 3)
    assert found.unseen_examples == {"Bonn": 1, "a dict": 1, "a list": 1}


def test_many_different_texts_take_no_more_memory_and_keep_whole_counts() -> None:
    counts = TextCounts()
    for round_number in range(3):
        for number in range(COUNTED_TEXTS * 3):
            counts.add(f"t{number:06d}", 2 if number == 7 and round_number else 1)
    assert counts.most(2) == {"t000007": 5, "t000000": 3}
    assert len(counts._counts) <= 2 * COUNTED_TEXTS
