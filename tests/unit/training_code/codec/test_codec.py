import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec.cells import CellError, any_is_a_number, parse_number
from codec.codec import REGRESSION, Feature, Target, cell_encoder, encode_distinct, encode_rows
from codec.features_json import CodecFormatError, read_codec, write_codec
from tests.unit.training_code.codec.cases import CELLS, CODEC, FEATURES, FILLING, MISSING, TARGET


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


@pytest.mark.parametrize(
    ("texts", "found"),
    [(["", "NA", "nan", "inf", "-", "1_0"], False), (["NA", "-999"], True), ([" 1e3 "], True), ([], False)],
)
def test_missing_values_that_are_numbers(texts: list[str], found: bool):
    assert any_is_a_number(texts) is found


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


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_a_codec_that_was_written_and_read_encodes_alike(tmp_path_factory: Any, rows: list[tuple[str, str]]):
    path = tmp_path_factory.mktemp("codec") / "features.json"
    write_codec(FILLING, path)
    again = read_codec(path)
    assert again == FILLING
    for feature, same in zip(FILLING.features, again.features, strict=True):
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


def test_a_missing_cell_takes_the_fill_and_another_level_does_not():
    rows = [("", ""), ("NA", "NA"), ("3", "Bonn"), (None, "Ulm")]
    np.testing.assert_array_equal(encode_rows(FILLING, rows), [[41.5, 2], [41.5, 2], [3, 0], [41.5, 1]])


@pytest.mark.parametrize("spelling", ["True", "true", "TRUE"])
def test_a_json_boolean_is_the_level_that_the_file_spelled(spelling: str):
    encode = cell_encoder(Feature("paperless", "categorical", ("No", spelling)), MISSING)
    assert (encode(True), encode(False), encode(spelling)) == (1, 2, 1)


def test_classes_by_their_code():
    assert [TARGET.value(cell) for cell in ("Yes", " No", "maybe", "")] == [1, 0, None, None]


def test_numbers_to_predict():
    target = Target("price", REGRESSION)
    assert [target.value(cell) for cell in (" 3.5", "-1e3", "cheap", "", "inf")] == [3.5, -1000, None, None, None]


def test_another_format_is_refused(tmp_path: Path):
    path = tmp_path / "features.json"
    with pytest.raises(CodecFormatError, match=r"no features.json"):
        read_codec(path)
    path.write_text("{")
    with pytest.raises(CodecFormatError, match="is not JSON"):
        read_codec(path)
    path.write_text("[]")
    with pytest.raises(CodecFormatError, match="format version None"):
        read_codec(path)
    path.write_text(json.dumps({"format_version": 99}))
    with pytest.raises(CodecFormatError, match="format version 99, this code reads 2: train again"):
        read_codec(path)
