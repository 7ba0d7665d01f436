from pathlib import Path

import numpy as np
import pytest

from preprocessing.spill import Block, Spill


def test_columns_come_back_as_they_were(tmp_path: Path):
    first, second = Block(3, 1), Block.without(2, 5, np.array([6]))
    with Spill(tmp_path / "rows") as spill:
        spill.add_block(first, {"a": np.array([1.5, np.nan, 2.0]), "b": np.array([1, 2, 3], dtype=np.uint8)})
        spill.add_block(second, {"a": np.array([7.0, 8.0]), "b": np.array([300, 4], dtype=np.uint16)})
        spill.add_column(first, "later", np.array([True, False, True]))
        spill.add_column(second, "bytes", np.frombuffer(b"any length", dtype=np.uint8))
        assert spill.blocks == [first, second]
        np.testing.assert_array_equal(spill.read(first, "a"), [1.5, np.nan, 2.0])
        assert [spill.read(block, "b").tolist() for block in spill.blocks] == [[1, 2, 3], [300, 4]]
        assert spill.read(first, "later").tolist() == [True, False, True]
        assert spill.read(second, "bytes").tobytes() == b"any length"


def test_row_numbers_leave_out_malformed_rows():
    assert Block(3, 10).numbers().tolist() == [10, 11, 12]
    assert Block.without(3, 10, np.array([11, 14])).numbers().tolist() == [10, 12, 13]
    assert Block.without(9, 10, np.array([10, 19])).numbers().tolist() == [11, 12, 13, 14, 15, 16, 17, 18, 20]


def test_a_block_holds_a_bit_per_row_however_many_are_malformed():
    """Blocks stay in memory as long as the job runs."""
    malformed = np.arange(1, 80_001, 2)
    block = Block.without(40_000, 1, malformed)
    assert block.left_out == 40_000
    assert len(block.left_out_bits) == 10_000
    assert block.numbers().tolist() == list(range(2, 80_001, 2))


def test_a_file_that_lost_its_end_is_noticed(tmp_path: Path):
    block = Block(1000, 1)
    with Spill(tmp_path / "rows") as spill:
        spill.add_block(block, {"a": np.zeros(1000)})
        with (tmp_path / "rows").open("r+b") as stream:
            stream.truncate(100)
        with pytest.raises(OSError, match="7900 bytes too early"):
            spill.read(block, "a")
