import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from codec.arrow import floats_of
from preprocessing.columns import arrow_digits, arrow_numbers, text_column


@given(st.lists(st.floats() | st.none(), max_size=40), st.integers(0, 5))
def test_numbers_keep_their_values_and_their_gaps_also_in_slices(values: list[float | None], start: int):
    numbers = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    stored = arrow_numbers(numbers, pa.float64(), np.isnan(numbers))
    assert stored.null_count == np.isnan(numbers).sum()
    np.testing.assert_array_equal(floats_of(stored.slice(start)), numbers[start:])


@given(st.lists(st.integers(0, 9) | st.none(), max_size=40))
def test_digits(values: list[int | None]):
    codes = np.array([value or 0 for value in values], dtype=np.uint8)
    missing = np.array([value is None for value in values], dtype=bool)
    assert arrow_digits(codes, missing).to_pylist() == [None if v is None else str(v) for v in values]


@given(st.lists(st.text(max_size=5) | st.none(), max_size=20), st.integers(0, 5))
def test_text_columns_hold_the_same_cells(texts: list[str | None], start: int):
    text = text_column(pa.array(texts, pa.string()).slice(start))
    cells = [bytes(text.data[a:b]).decode() for a, b in zip(text.offsets[:-1], text.offsets[1:], strict=True)]
    assert cells == [text or "" for text in texts[start:]]
