"""A small binary model in production, its reference, and windows of its traffic: made from arrays."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from benchmarks.sides.traffic import Version, version_of
from codec.codec import BINARY, Codec, Feature, Target
from lean_xgboost import xgboost
from monitoring.check_plan import CheckPlan, MonitoringSettings
from monitoring.findings import find
from monitoring.observed import Observed
from serving.artifact import Artifact

PLAN = CheckPlan(
    check_id="261121110500-abcd",
    model="churn",
    version=6,
    start="2026-11-21T10:00:00+00:00",
    end="2026-11-21T11:00:00+00:00",
    asked_at="2026-11-21T11:05:00+00:00",
    endpoint_name="sluice-dev-churn",
)
SETTINGS = MonitoringSettings("auc")
CITIES = ("Bonn", "Köln", "Ulm")
CODEC = Codec(
    Target("left", BINARY, ("No", "Yes")),
    (Feature("visits", "numeric"), Feature("income", "numeric"), Feature("city", "categorical", CITIES)),
    frozenset({"id"}),
    frozenset({"", "NA"}),
)
VISITS, INCOME, CITY = range(3)


def draw(count: int, seed: int) -> Any:
    """Encoded rows. One income of twenty is missing."""
    rng = np.random.default_rng(seed)
    visits, city = rng.integers(0, 20, count), rng.choice(3, count, p=(0.5, 0.3, 0.2))
    income = np.where(rng.random(count) < 0.05, np.nan, rng.lognormal(8, 0.4, count))
    return np.stack([visits, income, city], axis=1).astype(np.float32)


def labels_of(rows: Any, seed: int) -> Any:
    """More visits, fewer leave; in Ulm more do."""
    chance = 1 / (1 + np.exp(0.4 * (rows[:, VISITS] - 8) - (rows[:, CITY] == 2)))
    return (np.random.default_rng(seed).random(len(rows)) < chance).astype(np.float64)


@cache
def version() -> Version:
    training, test = draw(5000, 1), draw(700, 2)
    data = xgboost.DMatrix(training, labels_of(training, 3), feature_types=CODEC.xgboost_types, enable_categorical=True)
    booster = xgboost.train({"objective": "binary:logistic", "nthread": 1, "max_depth": 3}, data, 20)
    artifact = Artifact(booster, CODEC, {"threshold": 0.5})
    return version_of(artifact, training, test, labels_of(test, 4), "city")


def check(rows: Any, labels: Any = None, plan: CheckPlan = PLAN, **observed: Any) -> dict[str, Any]:
    return judge(replace(version().window(rows, labels), **observed), plan)


def judge(observed: Observed, plan: CheckPlan = PLAN, settings: MonitoringSettings = SETTINGS) -> dict[str, Any]:
    return find(plan, settings, version().reference, observed, version().artifact)


def feature(findings: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (entry for entry in findings["dimensions"]["data-quality"]["features"] if entry["name"] == name)
    return dict(found)


def checks(findings: dict[str, Any]) -> list[tuple[str | None, str]]:
    return [(found.get("feature_name"), found["constraint_check_type"]) for found in findings["violations"]]
