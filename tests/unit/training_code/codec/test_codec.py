import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec.cells import CellError, parse_number
from codec.codec import CATEGORICAL, NUMERIC, Codec, Feature, cell_encoder, encode_distinct, encode_rows
from codec.features_json import CodecFormatError, read_codec, write_codec
from preprocessing.vocabulary import learn_levels, level_counts

MISSING = frozenset({"", "NA"})
FEATURES = (Feature("age", NUMERIC), Feature("city", CATEGORICAL, ("Bonn", "Köln", "1")))
CODEC = Codec("left", "Yes", "No", FEATURES, frozenset({"id", "left"}), MISSING)

CELLS = st.one_of(
    st.text(max_size=12),
    st.floats().map(repr),
    st.integers(-(10**6), 10**6).map(str),
    st.sampled_from(["", " ", "NA", " NA ", "nan", "inf", "1_000", "1e39", "-0", "+5", "٣", "Bonn", " Bonn ", "1"]),
)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        *[("3", 3.0), (" 3.5 ", 3.5), ("-1e3", -1000.0), (3, 3.0), (3.5, 3.5)],
        *[(cell, math.nan) for cell in ("", " ", "NA", None, math.nan)],
    ],
)
def test_numbers(cell: Any, number: float):
    assert parse_number(cell, MISSING) == pytest.approx(number, nan_ok=True)


@pytest.mark.parametrize("cell", ["abc", "1,000", "1_000", "0x10", True, "True", "12 months"])
def test_what_is_no_number(cell: Any):
    with pytest.raises(CellError, match="is not a number"):
        parse_number(cell, MISSING)


@pytest.mark.parametrize("cell", ["nan", "inf", "-Infinity", "1e39", 1e300, 10**400, math.inf])
def test_numbers_that_the_model_cannot_hold(cell: Any):
    with pytest.raises(CellError, match="is not a finite number"):
        parse_number(cell, MISSING)


@pytest.mark.parametrize("cell", [[1], {"a": 1}])
@pytest.mark.parametrize("feature", FEATURES)
def test_what_is_no_single_value(cell: Any, feature: Feature):
    with pytest.raises(CellError, match="is not a single value"):
        cell_encoder(feature, MISSING)(cell)


@pytest.mark.parametrize(
    ("cell", "code"),
    [("Bonn", 0), (" Köln ", 1), ("1", 2), (1, 2), (1.0, 2), ("Ulm", 3), (True, 3), ("NA", math.nan), (None, math.nan)],
)
def test_levels(cell: Any, code: float):
    assert cell_encoder(FEATURES[1], MISSING)(cell) == pytest.approx(code, nan_ok=True)


def test_spellings_of_a_level_count_together_and_missing_cells_do_not_count():
    assert level_counts({"a": 2, " a": 3, "NA": 9, " ": 9, "b": 1}, MISSING) == {"a": 5, "b": 1}


def test_rare_levels_and_those_beyond_the_maximum_get_no_code():
    assert learn_levels({"b": 9, "a": 5, "rare": 4}, max_categories=8, rare_level_min_count=5) == ("a", "b")
    assert learn_levels({"b": 9, "a": 7, "c": 8}, max_categories=2, rare_level_min_count=1) == ("b", "c")


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=10))
def test_preprocess_and_the_endpoint_encode_alike(rows: list[tuple[str, str]]):
    """preprocess encodes a column's distinct values, the endpoint row after row: the same numbers, the same errors."""
    encoded, failed = {}, False
    for position, feature in enumerate(FEATURES):
        column = [row[position] for row in rows]
        distinct = sorted(set(column))
        codes, reasons = encode_distinct(cell_encoder(feature, MISSING), distinct)
        failed = failed or bool(reasons)
        encoded[feature.name] = codes[[distinct.index(cell) for cell in column]].astype(np.float32)
    if failed:
        with pytest.raises(CellError, match=r"row \d+, column '\w+': "):
            encode_rows(CODEC, rows)
    else:
        np.testing.assert_array_equal(encode_rows(CODEC, rows), np.column_stack([encoded["age"], encoded["city"]]))


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_a_codec_that_was_written_and_read_encodes_alike(tmp_path_factory: Any, rows: list[tuple[str, str]]):
    path = tmp_path_factory.mktemp("codec") / "features.json"
    write_codec(CODEC, path)
    again = read_codec(path)
    assert again == CODEC
    for feature, same in zip(FEATURES, again.features, strict=True):
        cells = [cell for row in rows for cell in row]
        np.testing.assert_array_equal(
            encode_distinct(cell_encoder(feature, MISSING), cells)[0],
            encode_distinct(cell_encoder(same, again.missing_values), cells)[0],
        )


def test_an_error_names_row_and_column():
    with pytest.raises(CellError, match=r"^row 2, column 'age': 'abc' is not a number$"):
        encode_rows(CODEC, [("1", "Bonn"), ("abc", "Bonn")])


def test_no_rows_are_a_matrix_without_rows():
    assert encode_rows(CODEC, []).shape == (0, 2)


def test_labels():
    assert [CODEC.label(cell) for cell in ("Yes", " No", "maybe", "")] == [1, 0, None, None]


def test_another_format_is_refused(tmp_path: Path):
    path = tmp_path / "features.json"
    with pytest.raises(CodecFormatError, match=r"no features.json"):
        read_codec(path)
    path.write_text("{")
    with pytest.raises(CodecFormatError, match="is not JSON"):
        read_codec(path)
    path.write_text(json.dumps({"format_version": 99}))
    with pytest.raises(CodecFormatError, match="format version 99, this code reads 1: train again"):
        read_codec(path)
