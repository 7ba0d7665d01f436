"""A converted forest predicts what scikit-learn predicts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from lean_xgboost import xgboost
from training.forest_model import breadth_first, first_above, to_booster

FEATURES = ("a", "b", "c")


def _data(seed: int, classes: int, missing: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(300, 3)).astype(np.float32)
    # Few distinct values: many rows lie exactly on a threshold's neighbours.
    x[:, 1] = rng.integers(0, 4, 300)
    x[rng.random(x.shape) < missing] = np.nan
    score = np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 1], nan=2.0) + rng.normal(size=300)
    return x, np.digitize(score, np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1])) if classes else score


def _probes(forest, x: np.ndarray, seed: int) -> np.ndarray:
    """The data, missing cells anywhere, and values on every threshold and one step beside it."""
    rng = np.random.default_rng(seed)
    holes = np.where(rng.random(x.shape) < 0.3, np.nan, x).astype(np.float32)
    cuts = np.unique(np.concatenate([tree.tree_.threshold for tree in forest.estimators_])).astype(np.float32)
    cuts = cuts[np.isfinite(cuts)]
    around = np.concatenate([cuts, np.nextafter(cuts, np.float32(np.inf)), np.nextafter(cuts, np.float32(-np.inf))])
    return np.concatenate([x, holes, rng.choice(around, size=(400, 3))])


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("classes", [0, 2, 4])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=8)
def test_the_booster_predicts_what_the_forest_does(classes: int, missing: float, seed: int):
    """Many rows at once, each alone (XGBoost walks a tree otherwise then), and by its explanation's sum."""
    x, y = _data(seed, classes, missing)
    kind = RandomForestClassifier if classes else RandomForestRegressor
    forest = kind(n_estimators=7, max_depth=14, random_state=seed).fit(x, y)
    outputs = {0: [0], 2: [1]}.get(classes, list(range(classes)))
    booster = to_booster([tree.tree_ for tree in forest.estimators_], outputs, FEATURES)
    probes = _probes(forest, x, seed)
    expected = forest.predict_proba(probes)[:, outputs] if classes else forest.predict(probes)[:, None]
    predicted = booster.inplace_predict(probes, validate_features=False)
    assert predicted.shape == ((len(probes),) if len(outputs) == 1 else expected.shape)
    np.testing.assert_allclose(predicted.reshape(expected.shape), expected, atol=2e-6, rtol=2e-6)
    alone = [booster.inplace_predict(row[None, :], validate_features=False) for row in probes[::20]]
    np.testing.assert_allclose(np.reshape(alone, (-1, len(outputs))), expected[::20], atol=2e-6, rtol=2e-6)
    explained = booster.predict(xgboost.DMatrix(probes, feature_names=FEATURES), pred_contribs=True)
    np.testing.assert_allclose(explained.sum(axis=-1).reshape(expected.shape), expected, atol=1e-4, rtol=1e-4)


def test_children_lie_side_by_side():
    left, right = np.array([1, 2, -1, -1, 5, -1, -1]), np.array([4, 3, -1, -1, 6, -1, -1])
    assert breadth_first(left, right).tolist() == [0, 1, 4, 2, 3, 5, 6]


def test_the_model_file_gives_the_same(tmp_path):
    x, y = _data(1, 3, 0.1)
    forest = RandomForestClassifier(n_estimators=5, max_depth=4, random_state=1).fit(x, y)
    booster = to_booster([tree.tree_ for tree in forest.estimators_], [0, 1, 2], FEATURES)
    booster.save_model(tmp_path / "model.ubj")
    loaded = xgboost.Booster(model_file=tmp_path / "model.ubj")
    assert loaded.feature_names == list(FEATURES)
    assert (loaded.inplace_predict(x) == booster.inplace_predict(x)).all()


def test_a_split_on_missing_alone_is_kept():
    """All that is known goes left, what is missing right: scikit-learn's threshold is infinite."""
    x = np.array([[1.0], [5.0], [3.4e38], [np.nan], [np.nan]], dtype=np.float32)
    y = np.array([0, 0, 0, 1, 1])
    forest = RandomForestClassifier(n_estimators=3, bootstrap=False, random_state=0).fit(x, y)
    booster = to_booster([tree.tree_ for tree in forest.estimators_], [1], ("a",))
    assert booster.inplace_predict(x).tolist() == [0, 0, 0, 1, 1]


@given(st.floats(width=64, allow_nan=False), arrays(np.float32, 4, elements=st.floats(width=32, allow_nan=False)))
def test_below_the_next_number_is_at_most_the_threshold(threshold: float, values: np.ndarray):
    with np.errstate(over="ignore"):
        near = np.float32(threshold)
        around = [near, np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(-np.inf))]
        finite = np.array([value for value in [*values, *around] if np.isfinite(value)], dtype=np.float32)
        above = first_above(np.array([threshold]))
    assert ((finite < above) == (finite.astype(np.float64) <= threshold)).all()
