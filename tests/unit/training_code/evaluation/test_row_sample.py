import numpy as np
import pytest

from evaluation.row_sample import RowSample


def _rows(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.float32)[:, None]


def _sampled(count: int, size: int, batch: int, seed: int = 1) -> list[float]:
    sample = RowSample(size, seed)
    for start in range(0, count, batch):
        sample.add(_rows(count)[start : start + batch])
    return sample.rows()[:, 0].tolist()


@pytest.mark.parametrize("batch", [7, 100, 1000])
def test_how_the_rows_come_does_not_matter(batch: int):
    found = _sampled(1000, 50, batch)
    assert found == _sampled(1000, 50, 333)
    assert len(set(found)) == 50
    assert found != _sampled(1000, 50, batch, seed=2)


def test_fewer_rows_are_all_kept():
    assert sorted(_sampled(30, 50, 7)) == list(range(30))


def test_each_row_is_as_likely_also_among_the_first():
    found = [_sampled(200, 20, 64, seed) for seed in range(300)]
    for part in (found, [rows[:5] for rows in found]):
        drawn = np.bincount(np.array(part, dtype=int).ravel(), minlength=200) / 300
        share = len(part[0]) / 200
        assert abs(drawn[:100].mean() - share) < 0.1 * share
        assert drawn.max() < share + 6 * np.sqrt(share / 300)
