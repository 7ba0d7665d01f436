import numpy as np
import pytest

from codec.codec import MULTICLASS
from lean_xgboost import xgboost
from serving.artifact import Artifact
from serving.booster import contributions_of, scores_of


def _matrix(rows: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    matrix = np.column_stack([rng.integers(0, 9, rows) for _ in range(4)]).astype(np.float32)
    matrix[rng.random(matrix.shape) < 0.1] = np.nan
    return matrix


@pytest.mark.parametrize("rows", [1, 2, 257])
def test_scores_are_those_of_inplace_predict(any_model: Artifact, rows: int):
    matrix = _matrix(rows)
    expected = any_model.booster.inplace_predict(matrix)
    first, second = scores_of(any_model.booster, matrix), scores_of(any_model.booster, matrix[:1])
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, expected)
    np.testing.assert_array_equal(second, expected[:1])


def test_an_error_of_the_library_is_raised(binary: Artifact):
    with pytest.raises(xgboost.core.XGBoostError):
        scores_of(binary.booster, np.zeros((2, 99), dtype=np.float32))


def test_no_rows_have_no_scores(binary: Artifact):
    assert scores_of(binary.booster, _matrix(0)).shape == (0,)


def test_contributions_sum_to_the_margin(any_model: Artifact):
    matrix = _matrix(20)
    found = contributions_of(any_model.booster, matrix, any_model.codec.xgboost_types)
    assert found.shape == ((20, 3, 5) if any_model.codec.target.task == MULTICLASS else (20, 5))
    margin = any_model.booster.inplace_predict(matrix, predict_type="margin")
    np.testing.assert_allclose(found.sum(axis=-1), margin, rtol=1e-4, atol=1e-4)
