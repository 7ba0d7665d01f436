from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from codec.codec import BINARY, MULTICLASS, REGRESSION
from job import BadData
from tests.unit.training_code.training.splits import codec_of, make_split, write_split
from training.channels import open_channel
from training.matrices import read_arrays


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", [BINARY, MULTICLASS, REGRESSION])
@pytest.mark.parametrize(("suffix", "files"), [("csv", 1), ("csv", 3), ("parquet", 1), ("parquet", 3)])
def test_what_was_written_is_read(tmp_path: Path, task: str, weighted: bool, suffix: str, files: int):
    codec, split = codec_of(task, weighted), make_split(task, 500, 1)
    channel = open_channel(write_split(tmp_path / "train", codec, split, suffix, files), codec)
    target, weight, features = read_arrays(channel)
    np.testing.assert_array_equal(target, split.target)
    np.testing.assert_array_equal(features, split.features)
    if weighted:
        np.testing.assert_array_equal(weight, split.weight)
    else:
        assert weight is None
    assert 500 * 4 * (4 + weighted) <= channel.float_bytes <= 510 * 4 * (4 + weighted)
    np.testing.assert_array_equal(np.concatenate([part for part, _ in channel.targets()]), split.target)


def test_a_channel_without_files_is_refused(tmp_path: Path):
    with pytest.raises(BadData, match=r"no \.csv or \.parquet file in the channel"):
        open_channel(tmp_path, codec_of(BINARY))


def test_a_channel_of_two_formats_is_refused(tmp_path: Path):
    codec, split = codec_of(BINARY), make_split(BINARY, 9, 1)
    folder = write_split(tmp_path / "train", codec, split)
    write_split(tmp_path / "train" / "more", codec, split, "parquet")
    with pytest.raises(BadData, match=r"holds \.csv and \.parquet files"):
        open_channel(folder, codec)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0,1,2\n", r"train\.csv is not what features\.json describes \(the target and 3 features, all numbers\)"),
        ("0,1,2,old\n", r"train\.csv .*old"),
        ("2,1,2,0\n", r"train\.csv .*: the target 2\.0 is not a code below 2"),
        (",1,2,0\n", r"train\.csv .*: the target nan is not a code below 2"),
        ("0.5,1,2,0\n", r"the target 0\.5 is not a code"),
        ("", r"train\.csv holds no row"),
    ],
)
def test_a_csv_file_of_another_codec_is_refused(tmp_path: Path, text: str, reason: str):
    (tmp_path / "train.csv").write_text(text)
    with pytest.raises(BadData, match=reason):
        read_arrays(open_channel(tmp_path, codec_of(BINARY)))


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"outcome": [1.0], "age": [1.0], "load": [2.0]}, "its columns are outcome, age, load"),
        ({"outcome": [1.0], "age": ["old"], "load": [2.0], "city": [1]}, "old"),
    ],
)
def test_a_parquet_file_of_another_codec_is_refused(tmp_path: Path, columns: dict[str, list[object]], reason: str):
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "train.parquet")
    with pytest.raises(BadData, match=rf"train\.parquet is not what features\.json describes.*{reason}"):
        read_arrays(open_channel(tmp_path, codec_of(BINARY)))


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path):
    (tmp_path / "train.parquet").write_text("no")
    with pytest.raises(BadData, match=r"train\.parquet is not what"):
        open_channel(tmp_path, codec_of(BINARY))


@pytest.mark.parametrize("weight", ["-1", ""])
def test_a_weight_that_is_none_is_refused(tmp_path: Path, weight: str):
    (tmp_path / "train.csv").write_text(f"1,{weight},1,1,1\n")
    with pytest.raises(BadData, match="the column importance holds a weight that is missing or below 0"):
        read_arrays(open_channel(tmp_path, codec_of(BINARY, weighted=True)))


def test_a_number_to_predict_must_be_one(tmp_path: Path):
    (tmp_path / "train.csv").write_text(",1,1,1\n")
    with pytest.raises(BadData, match="the target nan is not a number"):
        read_arrays(open_channel(tmp_path, codec_of(REGRESSION)))
