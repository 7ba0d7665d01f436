import weakref
from pathlib import Path

import numpy as np
import pytest

from codec.codec import BINARY
from tests.unit.training_code.training.splits import codec_of, make_split, write_split
from training.channels import Channel, Rows, open_channel
from training.matrices import Matrices, _thinned

ROWS = 900


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    codec = codec_of(BINARY, weighted=True)
    return open_channel(write_split(tmp_path / "train", codec, make_split(BINARY, ROWS, 1), "parquet"), codec)


@pytest.mark.parametrize("on_disk", [False, True])
def test_training_metrics_are_measured_on_rows_that_lie_evenly(tmp_path: Path, channel: Channel, on_disk: bool):
    cache = tmp_path / "cache"
    cache.mkdir()
    matrices = Matrices(channel.codec, 1, 64, cache if on_disk else None)
    matrix, sample = matrices.make_with_sample(channel, step=9)
    split = make_split(BINARY, ROWS, 1)
    assert (matrix.num_row(), sample.num_row()) == (ROWS, 100)
    np.testing.assert_array_equal(matrix.get_label(), split.target)
    np.testing.assert_array_equal(sample.get_label(), split.target[::9])
    np.testing.assert_array_equal(sample.get_weight(), split.weight[::9])
    assert sample.feature_types == matrix.feature_types == channel.codec.xgboost_types


def test_few_rows_are_their_own_sample(channel: Channel):
    matrix, sample = Matrices(channel.codec, 1, 64).make_with_sample(channel, step=1)
    assert sample is matrix


def test_hosts_share_rows_without_a_gap(channel: Channel):
    matrices = Matrices(channel.codec, 1, 64)
    whole = matrices.make(channel)
    parts = [matrices.make_part(channel, whole, step=3, start=rank).get_label() for rank in range(3)]
    np.testing.assert_array_equal(np.stack(parts).T.ravel(), whole.get_label())


def test_of_a_batch_that_was_sampled_nothing_else_stays_in_memory(channel: Channel):
    class Watched(Channel):
        def batches(self):
            seen: list[weakref.ref[np.ndarray]] = []
            for number in range(5):
                # The loop that reads batches holds on to the last one until it gets the next.
                assert [batch() for batch in seen[:-1]] == [None] * max(0, number - 1)
                columns = [np.full(1000, number, dtype=np.float32) for _ in self.codec.features]
                seen.append(weakref.ref(columns[0]))
                yield Rows(columns[0], columns[0], columns)
                del columns

    sample = _thinned(Watched(channel.files, channel.codec, 5000), 10)
    assert sample.features.shape == (500, 3)
