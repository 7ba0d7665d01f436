import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.exact_sum import as_float, exact_sum

FLOATS = st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=30)


@given(FLOATS, FLOATS)
def test_parts_add_up_to_the_exact_sum(left: list[float], right: list[float]):
    total = exact_sum(np.array(left)) + exact_sum(np.array(right))
    assert Fraction(total, 2**1126) == sum(map(Fraction, left + right))


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=30))
def test_rounded_once(values: list[float]):
    assert as_float(exact_sum(np.array(values))) == math.fsum(values)


def test_many_values():
    values = np.random.default_rng(0).lognormal(3, 5, 200_000)
    assert as_float(exact_sum(values), len(values)) == pytest.approx(values.mean(), rel=1e-12)
    assert exact_sum(values) == exact_sum(values[::-1])
