import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec.arrow import encode_column, encode_table, text_cells
from codec.cells import CellError, cell_text
from codec.codec import CATEGORICAL, NUMERIC, Codec, Feature, cell_encoder, encode_distinct, encode_rows
from tests.unit.training_code.codec.cases import CELLS, CODEC, FILLING, MISSING, TARGET

# A declared missing value that is a number, and one that Arrow would read as NaN.
MORE_MISSING = [MISSING, frozenset({"-999"}), frozenset({"nan", "NaN"}), frozenset()]


# Also powers of ten on both sides of where a spelling changes, and decimals of a few digits.
FLOATS = (
    st.floats()
    | st.integers(-5, 5).map(float)
    | st.integers(-30, 30).map(lambda power: 10.0**power)
    | st.integers(-(10**9), 10**9).map(lambda number: number / 10**6)
)


def _table(rows: list[tuple[str, str]]) -> pa.Table:
    return pa.table({name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(CODEC.names)})


@given(
    st.lists(CELLS | st.none(), max_size=12),
    st.sampled_from([*FILLING.features, *CODEC.features]),
    st.sampled_from(MORE_MISSING),
)
def test_a_column_is_encoded_as_its_cells_are(cells: list[str | None], feature: Feature, missing: frozenset[str]):
    expected, reasons = encode_distinct(cell_encoder(feature, missing), cells)
    values, found = encode_column(feature, missing, pa.array(cells, pa.string()))
    np.testing.assert_array_equal(values, expected)
    assert found == reasons


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=10), st.sampled_from([CODEC, FILLING]))
def test_preprocess_and_the_endpoint_encode_alike(rows: list[tuple[str, str]], codec: Codec):
    """Jobs encode Arrow tables, the endpoint rows of cells: the same numbers, the same row and column in errors."""
    try:
        expected = encode_rows(codec, rows)
    except CellError:
        with pytest.raises(CellError, match=r"row \d+, column '\w+': "):
            encode_table(codec, _table(rows))
    else:
        np.testing.assert_array_equal(encode_table(codec, _table(rows)), expected)


@given(st.lists(st.floats(width=32) | st.integers(-5, 5).map(float) | st.none(), max_size=12))
def test_numbers_of_a_parquet_file(values: list[float | None]):
    """As numbers and as the text that a CSV file would hold: one meaning."""
    column = pa.array(values, pa.float64())
    for feature in (Feature("age", NUMERIC, fill=-1.0), Feature("city", CATEGORICAL, ("1", "0"))):
        expected, reasons = encode_distinct(cell_encoder(feature, MISSING), values)
        encoded, found = encode_column(feature, MISSING, column)
        np.testing.assert_array_equal(encoded, expected)
        assert found.keys() == reasons.keys()


@given(st.lists(FLOATS | st.none(), max_size=12))
def test_floats_become_the_text_that_json_floats_become(values: list[float | None]):
    written = text_cells(pa.array(values, pa.float64())).to_pylist()
    assert [text or "" for text in written] == [cell_text(value) for value in values]


@given(st.lists(st.floats(width=32), max_size=12))
def test_floats_of_32_bits_keep_their_own_digits(values: list[float]):
    """0.1, not the 0.10000000149011612 that it is as a double."""
    written = text_cells(pa.array(values, pa.float32())).to_pylist()
    for text, value in zip(written, values, strict=True):
        exact = value.is_integer() and abs(value) < 2.0**63
        assert (text or "") == cell_text(value if exact else float(str(np.float32(value))))


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-5, "1e-05"), (1e20, "100000000000000000000"), (1e-4, "0.0001"), (-0.0, "0"), (2.0**63, str(2**63))],
)
def test_a_level_of_a_parquet_file_is_the_one_that_a_request_names(value: float, text: str):
    feature = Feature("dose", CATEGORICAL, (text,))
    codes, _ = encode_column(feature, MISSING, pa.array([value, None, value]))
    np.testing.assert_array_equal(codes, [0, math.nan, 0])
    assert cell_encoder(feature, MISSING)(value) == 0


@pytest.mark.parametrize(
    ("column", "codes"),
    [
        (pa.array([1, 2, None], pa.int64()), [0, 2, math.nan]),
        (pa.array([True, False], pa.bool_()), [1, 2]),
        (pa.array(["1", None, " True "]).dictionary_encode(), [0, math.nan, 1]),
        (pa.chunked_array([["1"], ["True", "x"]]), [0, 1, 2]),
        (pa.nulls(2), [math.nan, math.nan]),
    ],
)
def test_levels_of_any_type(column: pa.Array, codes: list[float]):
    feature = Feature("flag", CATEGORICAL, ("1", "True"))
    np.testing.assert_array_equal(encode_column(feature, MISSING, column)[0], codes)


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        (pa.array([1, None, 3], pa.int32()), [1, math.nan, 3]),
        (pa.array(["1", "2"]).dictionary_encode(), [1, 2]),
        (pa.nulls(2), [math.nan, math.nan]),
        (pa.chunked_array([], pa.string()), []),
        (pa.array(["0", "1", "NA", " 2 "]).slice(1), [1, math.nan, 2]),
    ],
)
def test_numbers_of_any_type(column: pa.Array, numbers: list[float]):
    np.testing.assert_array_equal(encode_column(Feature("age", NUMERIC), MISSING, column)[0], numbers)


def test_a_feature_without_a_column_is_missing_and_the_order_is_the_codecs():
    table = pa.table({"other": ["x", "y"], "city": ["Bonn", "Ulm"]})
    np.testing.assert_array_equal(encode_table(CODEC, table), [[math.nan, 0], [math.nan, 3]])


def test_the_first_bad_cell_is_named():
    table = pa.table({"age": ["1", "abc", "def"], "city": ["Bonn"] * 3})
    with pytest.raises(CellError, match=r"^row 2, column 'age': 'abc' is not a number$"):
        encode_table(CODEC, table)


def test_a_table_from_the_middle_of_a_file_names_the_files_row():
    table = pa.table({"age": ["1", "abc"], "city": ["Bonn"] * 2})
    with pytest.raises(CellError, match=r"^row 102, column 'age': 'abc' is not a number$"):
        encode_table(CODEC, table, first_row=101)


def test_the_first_row_counts_before_the_first_column():
    codec = Codec(TARGET, (Feature("a", NUMERIC), Feature("b", NUMERIC)), frozenset(), MISSING)
    table = pa.table({"a": ["1", "x"], "b": ["y", "1"]})
    with pytest.raises(CellError, match=r"^row 1, column 'b': 'y'"):
        encode_table(codec, table)
    with pytest.raises(CellError, match=r"^row 1, column 'b': 'y'"):
        encode_rows(codec, [("1", "y"), ("x", "1")])
