import numpy as np
import pytest

from job import BadData
from preprocessing import distinct
from preprocessing.distinct import DistinctCells


def test_a_cell_has_one_code_in_all_blocks():
    cells = DistinctCells("city")
    first = cells.encode(np.array([1, 0, 1], dtype=np.int32), ["Ulm", None])
    second = cells.encode(np.array([0, 1], dtype=np.int32), [None, "Bonn"])
    assert [cells.values[code] for code in [*first, *second]] == [None, "Ulm", None, None, "Bonn"]
    assert first.dtype == np.uint8


def test_codes_are_as_wide_as_needed():
    cells = DistinctCells("city")
    assert cells.encode(np.arange(300, dtype=np.int32), [str(n) for n in range(300)]).dtype == np.uint16
    assert cells.encode(np.array([0], dtype=np.int32), ["299"]).tolist() == [299]
    assert cells.encode(np.zeros(0, dtype=np.int32), []).tolist() == []


def test_a_column_that_identifies_rows_is_refused():
    cells = DistinctCells("street")
    with pytest.raises(BadData, match=r"'street' holds more than 200,000 different values.*data.drop"):
        cells.encode(np.zeros(1, dtype=np.int32), [str(n) for n in range(distinct.MOST_VALUES + 1)])
