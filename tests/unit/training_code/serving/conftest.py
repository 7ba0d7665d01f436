"""A small model of each task, without the scripts that make real ones."""

from typing import Any

import numpy as np
import pytest

from codec.codec import BINARY, CATEGORICAL, MULTICLASS, NUMERIC, REGRESSION, Codec, Feature, Target
from lean_xgboost import xgboost
from serving.artifact import Artifact

MISSING = frozenset({"", "NA", "not known at all"})
FEATURES = (
    Feature("age", NUMERIC),
    Feature(
        "city", CATEGORICAL, ("Bonn", "Köln", "1", "Garmisch-Partenkirchen", "Garmisch-Partenkirche", "Oberhausen")
    ),
    Feature("income", NUMERIC, fill=1200.0),
    Feature("plan", CATEGORICAL, ("a", "Bonn"), fill=1.0),
)
CLASSES = {BINARY: ("No", 'Yes, "really" 100 %'), MULTICLASS: ("blue", "green", "red, dark"), REGRESSION: ()}
OBJECTIVES: dict[str, dict[str, Any]] = {
    BINARY: {"objective": "binary:logistic"},
    MULTICLASS: {"objective": "multi:softprob", "num_class": 3},
    REGRESSION: {"objective": "reg:squarederror"},
}


def make_codec(task: str = BINARY) -> Codec:
    return Codec(Target("left", task, CLASSES[task]), FEATURES, frozenset({"id", "left"}), MISSING)


@pytest.fixture(scope="session", params=[BINARY, MULTICLASS, REGRESSION])
def any_model(request: pytest.FixtureRequest) -> Artifact:
    return _trained(request.param)


@pytest.fixture(scope="session")
def binary() -> Artifact:
    return _trained(BINARY)


@pytest.fixture(scope="session")
def multiclass() -> Artifact:
    return _trained(MULTICLASS)


@pytest.fixture(scope="session")
def regression() -> Artifact:
    return _trained(REGRESSION)


def _trained(task: str) -> Artifact:
    codec = make_codec(task)
    rng = np.random.default_rng(7)
    matrix = np.column_stack(
        [rng.integers(18, 90, 400), rng.integers(0, 7, 400), rng.normal(2000, 500, 400), rng.integers(0, 3, 400)]
    )
    target = {
        BINARY: matrix[:, 0] + 9 * matrix[:, 1] > 80,
        MULTICLASS: (matrix[:, 0] // 30).astype(int) % 3,
        REGRESSION: matrix[:, 0] * 10 + matrix[:, 1],
    }[task]
    data = xgboost.DMatrix(matrix, target, feature_types=codec.xgboost_types, enable_categorical=True)
    booster = xgboost.train({**OBJECTIVES[task], "max_depth": 3, "seed": 1, "nthread": 1}, data, num_boost_round=8)
    return Artifact(booster, codec, {"threshold": 0.25 if task == BINARY else None})
