"""One encoding, four ways to compute it: the codec's row by row, Arrow's, the endpoint's, and that of large CSV."""

import csv
import io
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec.arrow import encode_table
from codec.cells import CellError
from codec.codec import BINARY, CATEGORICAL, NUMERIC, Codec, Feature, Target, encode_rows
from serving.artifact import Artifact
from serving.encoding import Matrix, encode_quickly, feature_cells
from serving.plain_csv import PlainCsv
from serving.predicting import encode_csv
from serving.records import Columns
from tests.unit.training_code.serving.conftest import FEATURES, make_codec

KNOWN = [level for feature in FEATURES for level in feature.levels]
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text("0123456789.-+eE_ ", max_size=10),
    st.floats().map(repr),
    st.decimals(-(10**6), 10**6, places=2, allow_nan=False).map(str),
    st.integers(-(10**12), 10**12).map(str),
    st.sampled_from(
        [
            *KNOWN,
            "",
            " ",
            "NA",
            " NA ",
            "not known at all",
            "nan",
            "inf",
            "1_000",
            "1e39",
            "-0",
            "+5",
            "٣",
            ".",
            "-",
            "5.",
        ]
    ),
    st.sampled_from(KNOWN).flatmap(lambda level: st.integers(0, len(level)).map(lambda end: level[:end])),
)
CELLS = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)
CODECS = [
    make_codec(),
    # Where a number means "missing", no short cut may read it as one.
    Codec(Target("left", BINARY, ("No", "Yes")), FEATURES, frozenset(), frozenset({"-999", "0", "12.50"})),
]


def _rows(cells: st.SearchStrategy[Any], largest: int = 6) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(st.lists(cells, min_size=len(FEATURES), max_size=len(FEATURES)), min_size=1, max_size=largest)


def _outcome(encode: Any, *arguments: Any) -> Matrix | str:
    try:
        return encode(*arguments)
    except CellError as error:
        return str(error)


def _assert_same(found: Matrix | str, expected: Matrix | str) -> None:
    if isinstance(expected, str) or isinstance(found, str):
        assert found == expected
    else:
        assert found.dtype == expected.dtype == np.float32
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("codec", CODECS)
@given(rows=_rows(CELLS))
def test_any_cells_have_the_codecs_numbers_and_errors(codec: Codec, rows: list[list[Any]]):
    _assert_same(_outcome(encode_quickly, codec, feature_cells(codec), rows), _outcome(encode_rows, codec, rows))


@pytest.mark.parametrize("codec", CODECS)
@given(rows=_rows(st.one_of(TEXTS.filter(lambda text: "\0" not in text), st.none())))
def test_texts_mean_the_same_to_preprocess_and_to_the_endpoint(codec: Codec, rows: list[list[str | None]]):
    table = pa.table(
        {name: pa.array(column, pa.string()) for name, column in zip(codec.names, zip(*rows, strict=True), strict=True)}
    )
    expected = _outcome(encode_rows, codec, rows)
    _assert_same(_outcome(encode_table, codec, table), expected)
    _assert_same(_outcome(encode_quickly, codec, feature_cells(codec), rows), expected)


@pytest.mark.parametrize("codec", CODECS)
@given(rows=_rows(TEXTS.filter(lambda text: not set(text) & set(',"\r\n\0'))))
def test_plain_csv_is_encoded_as_its_cells_are(codec: Codec, rows: list[list[str]]):
    model = Artifact(None, codec, {})
    data = "".join(f"{','.join(row)}\n" for row in rows).encode()
    columns = Columns(len(FEATURES), range(len(FEATURES)), has_header=False)
    _assert_same(_outcome(model.plain_csv.encode, data, columns), _outcome(encode_rows, codec, rows))


@given(
    rows=_rows(TEXTS.filter(lambda text: "\r" not in text), largest=3),
    times=st.integers(1, 400),
    header=st.booleans(),
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_large_and_small_csv_are_encoded_alike(rows: list[list[str]], times: int, header: bool, ends: str):
    codec = CODECS[0]
    many = rows * times
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator=ends)
    # Without a header, a first row of mostly names would be one.
    writer.writerow(["plan", "id", "age", "income", "city"] if header else ["1", "Bonn", "2", "a"])
    writer.writerows([[row[3], "k", row[0], row[2], row[1]] for row in many] if header else many)
    expected = _outcome(encode_rows, codec, many if header else [["1", "Bonn", "2", "a"], *many])
    _assert_same(_outcome(encode_csv, Artifact(None, codec, {}), stream.getvalue()), expected)


def test_a_cell_of_no_level_is_never_taken_for_one():
    """Levels and cells that agree in their first, last or middle bytes, and in their length."""
    levels = [
        "abcdefgh",
        "a\0",
        "abcdefghi",
        "abcdefgh12345678",
        "abcdefghXXXXXXXX12345678",
        "abcdefghXXXXXXXXYYYYYYYY12345678",
    ]
    codec = Codec(
        Target("t", BINARY, ("a", "b")),
        (Feature("x", CATEGORICAL, tuple(levels)), Feature("n", NUMERIC)),
        frozenset(),
        frozenset(),
    )
    others = [
        *(level[:at] + "#" + level[at + 1 :] for level in levels for at in range(len(level))),
        *(level + "#" for level in levels),
        *(level[:-1] for level in levels),
    ]
    rows = [[cell, "1"] for cell in [*levels, *others, "a"] if "\0" not in cell]
    found = encode_csv(Artifact(None, codec, {}), "".join(f"{','.join(row)}\n" for row in rows * 9))
    np.testing.assert_array_equal(found, encode_rows(codec, rows * 9))
    assert found[: len(levels) - 1, 0].tolist() == [0, 2, 3, 4, 5]


def test_thousands_of_levels_that_share_slots_keep_their_codes():
    levels = tuple(f"level {number}" for number in range(20_000))
    codec = Codec(
        Target("t", BINARY, ("a", "b")), (Feature("x", CATEGORICAL, levels), FEATURES[0]), frozenset(), frozenset()
    )
    found = encode_csv(Artifact(None, codec, {}), "".join(f"{level},1\n" for level in levels))
    np.testing.assert_array_equal(found[:, 0], np.arange(20_000))


def test_rows_of_every_block_are_numbered_from_the_first():
    codec = CODECS[0]
    lines = ["30,Bonn,2000,a"] * 30_000
    assert len(encode_csv(Artifact(None, codec, {}), "\n".join(lines))) == 30_000
    lines[29_998] = "30,Bonn,much,a"
    with pytest.raises(CellError, match=r"^row 29999, column 'income': 'much' is not a number$"):
        encode_csv(Artifact(None, codec, {}), "\n".join(lines))


def test_one_cell_may_be_larger_than_a_block():
    row = f"30,{'x' * 300_000},2000,a\n"
    assert encode_csv(Artifact(None, CODECS[0], {}), row * 3)[:, 1].tolist() == [6, 6, 6]


def test_a_row_of_another_width_is_left_to_who_can_say_which():
    plain: PlainCsv = Artifact(None, CODECS[0], {}).plain_csv
    columns = Columns(len(FEATURES), range(len(FEATURES)), has_header=False)
    assert plain.encode(b"1,Bonn,2,a\n1,Bonn,2\n", columns) is None
    assert plain.encode(b"1,Bonn,2,a,1\n1,Bonn,2\n", columns) is None
    assert plain.encode(b"1,Bonn,2,a\n\n1,Bonn,2,a\n", columns) is None
    assert not math.isnan(plain.encode(b"1,Bonn,,a\n", columns)[0, 2])
