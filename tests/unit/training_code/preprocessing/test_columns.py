import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.columns import arrow_floats, arrow_mask, distinct_column, floats_of, text_column

FLOATS = st.lists(st.floats(width=32) | st.just(float("nan")), max_size=40)


@given(FLOATS, st.integers(0, 5))
def test_floats_keep_their_values_and_their_gaps_also_in_slices(values: list[float], start: int):
    numbers = np.array(values, dtype=np.float32)
    stored = pa.chunked_array([arrow_floats(numbers.astype(np.float64)).cast(pa.float32())])
    np.testing.assert_array_equal(floats_of(stored.slice(start)), numbers[start:])


def test_missing_numbers_are_null_for_arrow():
    assert arrow_floats(np.array([1.0, np.nan])).to_pylist() == [1.0, None]


@given(st.lists(st.booleans(), max_size=40))
def test_masks(values: list[bool]):
    assert arrow_mask(np.array(values, dtype=bool)).to_pylist() == values


@given(st.lists(st.text(max_size=5), max_size=20), st.integers(0, 5))
def test_text_and_distinct_columns_hold_the_same_cells(texts: list[str], start: int):
    stored = pa.chunked_array([pa.array(texts[:3], pa.string()), pa.array(texts[3:], pa.string())]).slice(start)
    distinct, text = distinct_column(stored), text_column(stored)
    assert [distinct.values[at] for at in distinct.index] == texts[start:]
    cells = [bytes(text.data[a:b]).decode() for a, b in zip(text.offsets[:-1], text.offsets[1:], strict=True)]
    assert cells == texts[start:]


def test_counts_leave_out_values_without_rows():
    column = distinct_column(pa.chunked_array([["a", "b", "a"]]))
    assert column.take(np.array([True, False, True])).counts() == {"a": 2}
