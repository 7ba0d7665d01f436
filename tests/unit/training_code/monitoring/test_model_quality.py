from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codec.codec import MULTICLASS, REGRESSION
from evaluation.artifacts import open_artifact
from evaluation.binary import Binary
from evaluation.bootstrap import Bootstrap
from monitoring.check_plan import MonitoringSettings
from monitoring.claims import judge
from monitoring.model_quality import measure_quality
from monitoring.observed import Truths
from monitoring.reference import Metric
from tests.unit.training_code.evaluation.models import make_model
from tests.unit.training_code.monitoring.versions import SETTINGS, draw, labels_of, version


def _measured(truth: Truths, settings: MonitoringSettings = SETTINGS, **reference: Any) -> tuple[dict[str, Any], Any]:
    observed = replace(version().window(draw(1000, 1)), truth=truth)
    return measure_quality(settings, replace(version().reference, **reference), observed, version().artifact)


def _truth(noise: float = 0, rows: int = 1000) -> Truths:
    """noise: the share of labels that are drawn anew."""
    drawn = draw(rows, 7)
    labels, rng = labels_of(drawn, 8), np.random.default_rng(9)
    labels = np.where(rng.random(rows) < noise, rng.integers(0, 2, rows), labels)
    return replace(version().window(drawn, labels).truth, requests=rows)


def _metric(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(metric for metric in document["metrics"] if metric["name"] == name)


def test_metrics_are_those_of_evaluate():
    truth = _truth()
    document, _ = _measured(truth)
    expected = Binary(0.5).metrics(truth.labels, truth.scores, Bootstrap())
    assert {metric["name"]: metric["value"] for metric in document["metrics"]} == pytest.approx(
        {name: found["value"] for name, found in expected.items()}
    )
    assert (document["coverage"], document["labelled_rows"]) == (1.0, 1000)


def test_metrics_of_a_sample_say_so():
    document, _ = _measured(replace(_truth(), left_out=500))
    assert (document["labelled_rows"], document["measured_rows"]) == (1500, 1000)


def test_labels_that_are_not_in_the_sample_count_towards_how_many_are_needed():
    document, _ = _measured(replace(_truth(rows=60), left_out=60))
    assert (document["labelled_rows"], document["measured_rows"]) == (120, 60)
    assert document["metrics"] != []


def test_a_model_that_is_as_good_as_ever():
    document, claims = _measured(_truth())
    assert not judge(claims, 0.01)[0].violated
    assert [metric["name"] for metric in document["metrics"] if metric["judged"]] == ["auc"]


def test_a_model_that_lost():
    document, (claim,) = _measured(_truth(noise=0.6))
    assert judge([claim], 0.01)[0].violated
    assert (claim.metric, claim.check) == ("auc", "LessThanThreshold")
    assert _metric(document, "auc")["loss"] > 0.1


def test_a_metric_whose_growth_is_the_loss():
    document, (claim,) = _measured(_truth(noise=0.6), replace(SETTINGS, quality_metric="log_loss"))
    assert claim.check == "GreaterThanThreshold"
    assert _metric(document, "log_loss")["loss"] == pytest.approx(claim.size)
    assert claim.size > 0


def test_a_loss_on_few_rows_may_be_chance():
    document, (claim,) = _measured(_truth(noise=0.2, rows=100))
    assert _metric(document, "auc")["loss"] > 0.05
    assert not judge([claim], 0.01)[0].violated


def test_too_few_labels_say_how_many_are_needed():
    document, claims = _measured(_truth(rows=99))
    assert (document["status"], claims) == ("not-enough-data", [])
    assert document["reason"] == "99 rows have a label so far; 100 are needed."
    assert _measured(Truths())[0]["reason"] == "No label of this window's requests is known yet."


def test_labels_of_one_class_define_no_area():
    truth = _truth()
    document, claims = _measured(replace(truth, labels=np.zeros(1000)))
    assert (document["status"], claims) == ("not-enough-data", [])
    assert document["reason"] == "auc is not defined on these rows: their labels are too much alike."


def test_answers_without_scores_tell_what_labels_tell():
    truth = replace(_truth(), scores=np.full(1000, np.nan))
    document, claims = _measured(truth, replace(SETTINGS, quality_metric="accuracy"))
    assert [metric["name"] for metric in document["metrics"]] == ["accuracy", "precision", "recall", "f1"]
    assert _metric(document, "accuracy")["value"] == pytest.approx(np.mean(truth.predicted == truth.labels))
    assert len(claims) == 1
    assert _measured(truth)[0]["reason"] == "auc cannot be measured from these answers."


def test_without_a_metric_of_the_test_split_nothing_is_compared():
    document, claims = _measured(_truth(), metrics={})
    assert (document["reason"], claims) == (
        "auc was not measured on the test split: there is nothing to compare with.",
        [],
    )
    unknown = _measured(_truth(), metrics={"auc": Metric(0.8, None)})[0]
    assert unknown["reason"] == "How far auc scatters is not known, so a difference says nothing."


def test_errors_in_the_targets_unit_are_bounded_by_a_share(tmp_path: Path):
    artifact = open_artifact(make_model(tmp_path / "model", REGRESSION))
    rng = np.random.default_rng(1)
    labels = rng.normal(100, 20, 500)
    truth = Truths(labels, labels + rng.normal(0, 6, 500), requests=500)
    observed = replace(version().window(draw(500, 1)), truth=truth)
    reference = replace(version().reference, metrics={"rmse": Metric(5.0, 0.1)})
    settings = MonitoringSettings("rmse", max_loss=0.1)
    document, (claim,) = measure_quality(settings, reference, observed, artifact)
    assert (claim.bound, claim.size) == (pytest.approx(0.5), pytest.approx(_metric(document, "rmse")["value"] - 5))
    assert judge([claim], 0.01)[0].violated


def test_several_classes(tmp_path: Path):
    artifact = open_artifact(make_model(tmp_path / "model", MULTICLASS))
    rng = np.random.default_rng(1)
    labels, scores = rng.integers(0, 3, 300), rng.dirichlet(np.ones(3), 300)
    truth = Truths(labels.astype(float), scores, scores.argmax(axis=1), requests=300)
    observed = replace(version().window(draw(300, 1)), truth=truth)
    reference = replace(version().reference, metrics={"accuracy": Metric(0.9, 0.02)})
    document, (claim,) = measure_quality(MonitoringSettings("accuracy"), reference, observed, artifact)
    assert judge([claim], 0.01)[0].violated
    assert _metric(document, "auc")["value"] == pytest.approx(0.5, abs=0.1)
