"""The codec over whole Arrow columns: the same numbers and the same reasons as cell by cell, many times faster."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from codec.cells import LARGEST_NUMBER, CellError, any_is_a_number, cell_text
from codec.codec import NUMERIC, Codec, Feature, Floats, cell_encoder, encode_distinct
from lean_arrow import pyarrow as pa

Reasons = dict[int, str]


def encode_table(codec: Codec, table: pa.Table | pa.RecordBatch, first_row: int = 1) -> npt.NDArray[np.float32]:
    """(rows, features). A feature without a column is missing. CellError names row and column.

    first_row: the number of the table's first row in the file that a person looks at.
    """
    matrix = np.empty((table.num_rows, len(codec.features)), dtype=np.float32)
    present = set(table.schema.names)
    bad: list[tuple[int, int, str]] = []
    for position, feature in enumerate(codec.features):
        column = table[feature.name] if feature.name in present else pa.nulls(table.num_rows, pa.string())
        values, reasons = encode_column(feature, codec.missing_values, column)
        bad += [(row, position, reasons[row]) for row in sorted(reasons)[:1]]
        matrix[:, position] = values
    for row, position, reason in sorted(bad)[:1]:
        raise CellError(f"row {first_row + row}, column {codec.names[position]!r}: {reason}")
    return matrix


def encode_column(
    feature: Feature, missing_values: frozenset[str], column: pa.Array | pa.ChunkedArray
) -> tuple[Floats, Reasons]:
    """The column's codes, and by row the reasons of cells that cannot be encoded (their code is NaN).

    Null is missing. Columns of text, of numbers and of any type that Arrow can write as text.
    """
    array = one_array(column)
    if feature.type != NUMERIC:
        return _by_distinct(feature, missing_values, array)
    numbers = _numbers(array, missing_values)
    if numbers is None:
        return _by_distinct(feature, missing_values, array)
    if feature.fill is not None:
        numbers = np.where(np.isnan(numbers), feature.fill, numbers)
    return numbers, {}


def one_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined


def text_cells(column: pa.Array) -> pa.Array:
    """A column as cells.cell_text writes its cells: whole floats lose their ".0", booleans are True and False."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_boolean(column.type):
        return pc.if_else(column, "True", "False")
    if pa.types.is_floating(column.type):
        return _float_texts(pc.if_else(pc.is_nan(column), None, column))
    return pc.cast(column, pa.string())


def _float_texts(column: pa.Array) -> pa.Array:
    """Arrow spells some floats otherwise than Python (0.00001, 1.5e+10): cell_text writes those, each once."""
    size = pc.abs(column)
    whole = pc.and_(pc.equal(column, pc.floor(column)), pc.less(size, 2.0**63))
    as_integer = pc.cast(pc.if_else(whole, column, None), pa.int64(), safe=False)
    texts = pc.if_else(whole, pc.cast(as_integer, pa.string()), pc.cast(column, pa.string()))
    alike = pc.or_(whole, pc.and_(pc.greater_equal(size, 1e-4), pc.less(size, 1e9)))
    otherwise = pc.fill_null(pc.invert(alike), False)
    if not pc.any(otherwise).as_py():
        return texts
    # By way of the text: a 32-bit 1e-05 must not show the digits that it has as a double.
    distinct = pc.cast(texts.filter(otherwise), pa.float64()).dictionary_encode()
    spelled = pa.array([cell_text(value) for value in distinct.dictionary.to_pylist()], pa.string())
    return pc.replace_with_mask(texts, otherwise, spelled.take(distinct.indices))


def floats_of(column: pa.Array) -> Floats:
    """A column of doubles, null as NaN."""
    floats: Floats = np.from_dlpack(pc.fill_null(column, np.nan) if column.null_count else column)
    return floats


def _by_distinct(feature: Feature, missing_values: frozenset[str], column: pa.Array) -> tuple[Floats, Reasons]:
    """Each distinct cell goes through the codec once."""
    encoded = text_cells(column).dictionary_encode(null_encoding="encode")
    codes, reasons = encode_distinct(cell_encoder(feature, missing_values), encoded.dictionary.to_pylist())
    index = np.from_dlpack(encoded.indices)
    values = codes[index] if len(codes) else np.empty(0)
    if not reasons:
        return values, {}
    bad = np.flatnonzero(np.isin(index, list(reasons)))
    return values, {int(row): reasons[int(index[row])] for row in bad}


def _numbers(column: pa.Array, missing_values: frozenset[str]) -> Floats | None:
    """NaN where missing; None where some cell needs the closer look of parse_number.

    Arrow reads fewer spellings than Python (no "+5") and some that the codec refuses ("nan", "inf"): it is believed
    only where every cell that is not missing became a finite number.
    """
    if not pa.types.is_string(column.type):
        return _finite(pc.cast(column, pa.float64())) if _is_number(column.type) else None
    if not any_is_a_number(missing_values):
        numbers = _cast(column)
        if numbers is not None:
            return numbers
    trimmed = pc.utf8_trim_whitespace(column)
    missing = pc.is_in(trimmed, value_set=pa.array([*missing_values, ""], pa.string()))
    return _cast(pc.if_else(missing, None, trimmed))


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _cast(column: pa.Array) -> Floats | None:
    try:
        return _finite(pc.cast(column, pa.float64()), nan_is_missing=False)
    except pa.ArrowInvalid:
        return None


def _finite(column: pa.Array, nan_is_missing: bool = True) -> Floats | None:
    """Null as NaN. None where a number is too large, or NaN where a text must have said so."""
    values = floats_of(column)
    missing = int(np.count_nonzero(np.isnan(values)))
    if not nan_is_missing and missing != column.null_count:
        return None
    if missing < len(values) and not np.nanmax(np.abs(values)) <= LARGEST_NUMBER:
        return None
    return values
