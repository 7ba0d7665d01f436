import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from codec.codec import BINARY, MULTICLASS, NUMERIC, REGRESSION, Codec, Feature, Target
from evaluation import report
from evaluation.artifacts import open_artifact
from evaluation.bootstrap import Bootstrap
from evaluation.documents import evaluation_document
from evaluation.drift import drift_document
from evaluation.feature_summary import feature_summaries
from evaluation.importance import contributions, importance_document
from evaluation.report_facts import SHOWN_POINTS, SHOWN_ROUNDS, learning_facts, report_facts, rounded, shap_facts
from evaluation.run_data import RunData
from evaluation.scoring import Champion, ScoredHoldout, Scorer, open_champion, score_holdout
from evaluation.slices import TextColumn
from lean_xgboost import xgboost
from serving.artifact import Artifact
from tests.unit.training_code.evaluation.baselines import numbers, statistics, texts
from tests.unit.training_code.evaluation.models import make_model, make_trained

BASELINE = statistics(numbers("visits", [1, 2, 4, float("nan")]), texts("city", {f"c{n}": 9 - n for n in range(7)}, 8))
TRAINING = {
    "hyperparameters": {"eta": 0.1},
    "best_iteration": 1,
    "evals": {"train": {"auc": [0.7, 0.8, 0.9]}, "validation": {"auc": [0.6, 0.7, 0.65]}},
}


def _scored(folder: Path, task: str, **training: Any) -> ScoredHoldout:
    trained = make_trained(folder, task, **training)
    challenger = open_artifact(trained.model)
    champion = open_champion(make_model(folder / "champion", task, seed=7), "arn", challenger.codec.target)
    return score_holdout(trained.holdout, challenger, champion, {})


def _facts(holdout: ScoredHoldout, run_data: RunData | None = None) -> dict[str, Any]:
    evaluation = evaluation_document(holdout, Bootstrap(5))
    contributed = contributions(holdout.challenger, holdout.sample)
    return report_facts("tiny", evaluation, holdout, contributed, run_data or RunData(), 1)


@pytest.mark.parametrize("task", [BINARY, MULTICLASS, REGRESSION])
def test_each_task_has_its_facts_and_they_are_json(tmp_path: Path, task: str):
    holdout = _scored(tmp_path, task, **TRAINING)
    facts = _facts(holdout, RunData(statistics=BASELINE, rejects=({"where": "row 1", "reason": "bad"},)))
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert (facts["title"], facts["task"], facts["hyperparameters"]) == ("tiny", task, {"eta": 0.1})
    assert facts["classes"] == {BINARY: ["No", "Yes"], MULTICLASS: ["high", "low", "mid"], REGRESSION: None}[task]
    assert facts["positive_label"] == ("Yes" if task == BINARY else None)
    assert (facts["thresholds"] is None, facts["champion_curves"] is None) == (task != BINARY, task != BINARY)
    assert [feature["feature"] for feature in facts["data"]["features"]] == ["visits", "city"]
    assert facts["rejects"] == [{"where": "row 1", "reason": "bad"}]
    assert facts["made_at"].endswith("+00:00")
    assert {feature["feature"] for feature in facts["shap"]["features"]} == {"income", "visits", "city"}


def test_the_slider_at_the_models_own_threshold_shows_the_documents_matrix(tmp_path: Path):
    holdout = _scored(tmp_path, BINARY, threshold=0.4123)
    facts = _facts(holdout)
    evaluation, thresholds = facts["evaluation"], facts["thresholds"]
    for name, document in (("challenger", evaluation), ("champion", evaluation["champion"])):
        matrix = document["binary_classification_metrics"]["confusion_matrix"]
        place = thresholds["at"].index(document["threshold"])
        counts = {key: values[place] for key, values in thresholds[name].items()}
        assert [[counts["tn"], counts["fp"]], [counts["fn"], counts["tp"]]] == [
            [matrix[actual][called] for called in "01"] for actual in "01"
        ]


def test_without_anything_but_the_model_parts_are_empty(tmp_path: Path):
    trained = make_trained(tmp_path, BINARY)
    facts = _facts(score_holdout(trained.holdout, open_artifact(trained.model), None, {}))
    assert facts["learning"] == {"evals": {"rounds": [], "series": {}}, "best_iteration": None}
    assert (facts["data"], facts["rejects"], facts["tuning"]) == ({"features": []}, [], None)
    assert (facts["scores"]["champion"], facts["thresholds"]["champion"], facts["champion_curves"]) == (None,) * 3


def test_points_say_where_a_rows_value_lies(tmp_path: Path):
    holdout = _scored(tmp_path, BINARY)
    contributed = contributions(holdout.challenger, holdout.sample)
    shown = shap_facts(holdout, contributed)
    assert shown is not None
    by_name = {feature["feature"]: feature for feature in shown["features"]}
    assert next(iter(by_name)) == "visits"
    assert by_name["visits"]["mean_abs"] == pytest.approx(np.abs(contributed[:, 1]).mean())
    assert {place for _, place in by_name["city"]["points"]} == {None}
    visits = np.array(by_name["visits"]["points"], dtype=float)
    assert len(visits) == SHOWN_POINTS
    assert (visits[:, 1].min(), visits[:, 1].max()) == (0, 1)
    # More visits, a higher score: the effect of each row stands beside its own value.
    assert np.corrcoef(visits.T)[0, 1] > 0.8
    assert any(place is None for _, place in by_name["income"]["points"])


def test_points_of_several_classes_are_those_of_the_class_that_comes_first(tmp_path: Path):
    holdout = _scored(tmp_path, MULTICLASS)
    contributed = np.zeros((4, 3, 3), np.float32)
    contributed[:, 1, 2] = [5, 6, 7, 8]
    contributed[:, 0, 2] = -9
    shown = shap_facts(holdout, contributed)
    assert shown is not None
    assert shown["features"][0]["feature"] == "city"
    assert [effect for effect, _ in shown["features"][0]["points"]] == [5, 6, 7, 8]


def test_many_rounds_are_thinned_and_both_ends_stay():
    values = [float(number) for number in range(5000)]
    found = learning_facts({"evals": {"train": {"auc": values}, "validation": {"auc": values}}, "best_iteration": 7})
    rounds = found["evals"]["rounds"]
    assert len(rounds) == SHOWN_ROUNDS
    assert (rounds[0], rounds[-1]) == (0, 4999)
    assert found["evals"]["series"] == {"train-auc": rounds, "validation-auc": rounds}
    assert learning_facts(TRAINING)["evals"]["series"]["validation-auc"] == [0.6, 0.7, 0.65]


def test_numbers_are_rounded_and_never_nan():
    found = rounded(
        {"a": [1 / 3, (1e-9 / 3, float("nan")), float("inf")], "b": True, "c": 12345678, "d": None, "e": "x"}
    )
    assert found == {"a": [0.333333, [3.33333e-10, None], None], "b": True, "c": 12345678, "d": None, "e": "x"}


def test_what_the_training_rows_hold():
    drift = {"features": [{"feature": "visits", "type": "numeric", "psi": 0.3}, {"feature": "gone", "psi": None}]}
    visits, city = feature_summaries(BASELINE, drift)
    assert visits == {
        "feature": "visits",
        "type": "numeric",
        "missing": 0.25,
        "distinct": None,
        "mean": pytest.approx(7 / 3),
        "std": pytest.approx(np.std([1, 2, 4])),
        "min": 1.0,
        "max": 4.0,
        "levels": [],
        "psi": 0.3,
    }
    assert (city["type"], city["distinct"], city["missing"], city["psi"]) == ("categorical", 7, 8 / 50, None)
    assert city["levels"] == [{"value": f"c{n}", "share": (9 - n) / 50} for n in range(5)]
    assert (city["mean"], city["min"]) == (None, None)


def test_a_feature_without_any_value():
    (empty,) = feature_summaries(statistics(numbers("x", [float("nan")] * 3)), None)
    assert (empty["missing"], empty["mean"], empty["max"]) == (1.0, None, None)


@pytest.mark.parametrize("broken", [{"features": 1}, {"features": [1]}, {"features": [{"name": "x"}]}, {"other": 1}])
def test_a_baseline_of_another_schema_is_left_out(capsys: pytest.CaptureFixture[str], broken: dict[str, Any]):
    assert feature_summaries(broken, {"error": "x"}) == []
    assert "not of Model Monitor's schema" in capsys.readouterr().err


def _wide(features: int) -> ScoredHoldout:
    """A model of many features, and a champion, both scored on 600 rows."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(600, features)).astype(np.float32)
    labels = (rows[:, :5].sum(axis=1) + rng.normal(size=600) > 0).astype(float)
    codec = Codec(
        Target("y", BINARY, ("No", "Yes")),
        tuple(Feature(f"a rather long name of a feature {number}", NUMERIC) for number in range(features)),
        frozenset(),
        frozenset(),
    )
    parameters = {"objective": "binary:logistic", "nthread": 1, "max_depth": 3}
    artifact = Artifact(xgboost.train(parameters, xgboost.DMatrix(rows, labels), 20), codec, TRAINING)
    scorer = Scorer(artifact, [artifact.booster.inplace_predict(rows)])
    slices = {f"column {number}": TextColumn(frozenset()) for number in range(5)}
    for column in slices.values():
        column.add(pa.array([f"value {number}" for number in rng.integers(0, 15, 600)]))
    return ScoredHoldout(artifact, Champion("arn", scorer), labels, scorer.scores, slices, [], rows)


def test_the_report_of_200_features_is_small():
    holdout = _wide(200)
    names = holdout.challenger.codec.names
    baseline = statistics(*(numbers(name, np.random.default_rng(1).normal(size=300)) for name in names))
    contributed = contributions(holdout.challenger, holdout.sample)
    run_data = RunData(statistics=baseline, drift=drift_document(baseline, baseline))
    evaluation = {
        **evaluation_document(holdout, Bootstrap(20)),
        "data": run_data.to_json(),
        "importance": importance_document(holdout.challenger, contributed),
    }
    facts = report_facts("wide", evaluation, holdout, contributed, run_data, 1)
    assert len(facts["data"]["features"]) == len(evaluation["importance"]["shap"]) == 200
    assert len(evaluation["slices"]) == 5 * 15
    assert len(json.dumps(evaluation, indent=1)) < 300_000
    assert len(report.render(facts).encode()) < 1_500_000
