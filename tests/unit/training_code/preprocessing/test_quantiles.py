from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.quantiles import Part, order_statistics
from tests.unit.training_code.preprocessing.hosts import Alone, in_threads

VALUES = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3), min_size=1, max_size=40)


@given(VALUES, st.data())
def test_the_value_of_a_rank(values: list[int], data: st.DataObject):
    rank = data.draw(st.integers(0, len(values) - 1))
    part: Part = (0, np.array(values, dtype=np.uint64))
    found = order_statistics(lambda: [part], np.array([[rank, len(values) - 1]]), Alone())
    assert found.tolist() == [[sorted(values)[rank], max(values)]]


@pytest.mark.parametrize("groups", [1, 3, 1000])
def test_groups_are_apart_and_hosts_are_not(groups: int):
    rng = np.random.default_rng(groups)
    values, group = rng.integers(0, 2**64, 5000, dtype=np.uint64), rng.integers(0, groups, 5000)
    counts = np.bincount(group, minlength=groups)
    ranks = np.stack([counts // 3, counts // 2], axis=1)

    def parts(rank: int) -> Iterable[Part]:
        for start in range(rank, 50, 2):
            yield group[start::50], values[start::50]

    expected = [[np.sort(values[group == g])[r] for r in ranks[g]] for g in range(groups) if counts[g]]
    for found in in_threads(2, lambda meeting: order_statistics(lambda: parts(meeting.rank), ranks, meeting)):
        assert found[counts > 0].tolist() == expected
