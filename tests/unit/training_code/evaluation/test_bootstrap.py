import numpy as np
import pytest

from evaluation.binary import Binary
from evaluation.bootstrap import CHUNK_ROWS, Bootstrap, deviation, measurements, ratio, shrink
from evaluation.multiclass import Multiclass
from evaluation.regression import Regression


def test_each_replicate_holds_as_many_rows_as_the_test_set():
    counts = np.array([[3.0, 0, 5], [1, 2, 0]])
    drawn = Bootstrap(50).counts(counts)
    assert drawn.shape == (50, 2, 3)
    assert (drawn.sum(axis=(1, 2)) == 11).all()
    assert (drawn[:, counts == 0] == 0).all()


def test_rows_are_drawn_with_replacement_and_no_more_than_asked():
    (drawn,) = Bootstrap(3).rows(1000, most=100)
    assert drawn.shape == (3, 100)
    assert not np.array_equal(drawn[0], drawn[1])
    chunks = list(Bootstrap(5).rows(CHUNK_ROWS // 2, most=CHUNK_ROWS))
    assert [len(rows) for rows in chunks] == [2, 2, 1]
    assert shrink(1000, most=100) == pytest.approx(np.sqrt(0.1))
    assert shrink(50, most=100) == 1


def test_replicates_without_a_value_do_not_count():
    assert deviation([1, np.nan, 3]) == pytest.approx(np.std([1, 3], ddof=1))
    assert deviation([1, np.nan]) is None
    found = measurements(["a", "b"], {"a": np.nan, "b": 2.0}, {"a": [1, 2], "b": [1, 2]})
    assert found["a"] == {"value": None, "standard_deviation": None}
    assert found["b"]["value"] == 2.0


@pytest.mark.parametrize("task", [Binary(0.5), Multiclass(("a", "b")), Regression()])
@pytest.mark.parametrize("replicates", [0, 1])
def test_without_replicates_there_are_values_and_no_deviations(task: Binary | Multiclass | Regression, replicates: int):
    labels, scores = np.array([0.0, 1, 0, 1]), np.array([0.2, 0.7, 0.6, 0.4], np.float32)
    if isinstance(task, Multiclass):
        scores = np.stack([1 - scores, scores], axis=1)
    found = task.metrics(labels, scores, Bootstrap(replicates))
    assert all(metric["standard_deviation"] is None for metric in found.values())
    assert all(metric["value"] is not None for name, metric in found.items() if name != "mape")


def test_a_ratio_to_nothing_is_what_is_asked():
    assert np.isnan(ratio([1, 0], [2, 0])[1])
    assert ratio([1, 0], [2, 0], otherwise=0.0).tolist() == [0.5, 0]
