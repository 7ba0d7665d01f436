"""reference.json and quality_constraints.json, as evaluate.py writes them and a check reads them."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evaluate
from codec.codec import BINARY, MULTICLASS, NUMERIC, REGRESSION, Codec, Feature, Target
from evaluation.reference import attributions, quality_constraints
from serving.artifact import load_artifact
from tests.unit.training_code.evaluation.models import make_trained
from tests.unit.training_code.tiny import Pipeline, evaluate_arguments


def _documents(folder: Path, task: str, **evaluation: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    trained = make_trained(folder, task)
    evaluate.main(trained.arguments(folder / "out", **evaluation))
    names = ("reference.json", "quality_constraints.json", "evaluation.json")
    reference, constraints, measured = (json.loads((folder / "out/evaluation" / name).read_text()) for name in names)
    return reference, constraints, measured


def _predictions(output: Path) -> list[dict[str, str]]:
    with (output / "evaluation" / "predictions.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_scores_and_labels_of_the_test_split(pipeline: Pipeline):
    reference, rows = pipeline.read("evaluation/reference.json"), _predictions(pipeline.output)
    scores = np.array([np.float32(row["score"]) for row in rows], dtype=np.float64)
    threshold = load_artifact(pipeline.model).threshold
    assert (reference["format_version"], reference["task"], reference["rows"]) == (1, BINARY, len(rows))
    assert (reference["threshold"], reference["positive_label"]) == (threshold, "Yes")
    found = reference["outputs"]["score"]
    assert (found["minimum"], found["maximum"], found["missing"]) == (scores.min(), scores.max(), 0)
    assert found["mean"] == pytest.approx(scores.mean())
    assert np.cumsum(found["counts"])[:-1].tolist() == [int((scores <= edge).sum()) for edge in found["edges"]]
    positives = int((scores >= threshold).sum())
    assert reference["labels"] == {"counts": {"Yes": positives, "No": len(rows) - positives}}
    metrics = pipeline.read("evaluation/evaluation.json")["binary_classification_metrics"]
    assert {name: (m["value"], m["deviation"]) for name, m in reference["metrics"].items()} == {
        name: (metrics[name]["value"], metrics[name]["standard_deviation"]) for name in reference["metrics"]
    }
    assert set(reference["metrics"]) == {name for name in metrics if "value" in metrics[name]}


def test_slices_count_what_the_threshold_makes_of_their_rows(pipeline: Pipeline, tmp_path: Path):
    definition = json.loads(pipeline.definition.read_text())
    definition["evaluation"] = {"slices": ["city"], "bootstrap_replicates": 10}
    (tmp_path / "definition.json").write_text(json.dumps(definition))
    arguments = evaluate_arguments(pipeline.output, pipeline.model, tmp_path / "definition.json")
    evaluate.main([*arguments, "--output", str(tmp_path / "out")])
    slices = json.loads((tmp_path / "out/evaluation/reference.json").read_text())["slices"]
    with (pipeline.output / "holdout" / "holdout.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(zip(csv.DictReader(stream), _predictions(tmp_path / "out"), strict=True))
    threshold = load_artifact(pipeline.model).threshold
    ulm = [(float(scored["score"]) >= threshold, raw["left"] == "Yes") for raw, scored in rows if raw["city"] == "Ulm"]
    assert [part for part in slices if part["value"] == "Ulm"] == [
        {
            "column": "city",
            "value": "Ulm",
            "kind": "value",
            "rows": len(ulm),
            "selected": sum(called for called, _ in ulm),
            "positives": sum(truth for _, truth in ulm),
            "true_positives": sum(called and truth for called, truth in ulm),
            "false_positives": sum(called and not truth for called, truth in ulm),
        }
    ]
    assert sum(part["rows"] for part in slices) == len(rows)


def test_attributions_are_means_over_the_sampled_rows():
    features = (Feature("a", NUMERIC), Feature("b", NUMERIC))
    codec = Codec(Target("y", REGRESSION), features, ignored=frozenset(), missing_values=frozenset())
    found = attributions(codec, np.array([[1.0, -2.0], [-3.0, -2.0]], dtype=np.float32))
    assert found == {"a": {"absolute": 2.0, "mean": -1.0}, "b": {"absolute": 2.0, "mean": -2.0}}
    several = attributions(codec, np.array([[[1.0, -2.0], [-3.0, 4.0]]], dtype=np.float32))
    assert several == {"a": {"absolute": 2.0, "mean": None}, "b": {"absolute": 3.0, "mean": None}}


def test_several_classes(tmp_path: Path):
    reference, constraints, measured = _documents(tmp_path, MULTICLASS, slices=["city"])
    rows = measured["dataset"]["item_count"]
    assert list(reference["outputs"]) == ["high", "low", "mid"]
    assert (reference["threshold"], reference["positive_label"]) == (None, None)
    matrix = measured["multiclass_classification_metrics"]["confusion_matrix"]
    predicted = {name: sum(row[name] for row in matrix.values()) for name in matrix}
    assert reference["labels"]["counts"] == predicted
    assert all(set(part) == {"column", "value", "kind", "rows"} for part in reference["slices"])
    assert sum(part["rows"] for part in reference["slices"]) == rows
    assert all(found["mean"] is None and found["absolute"] >= 0 for found in reference["attributions"].values())
    assert list(constraints["multiclass_classification_constraints"]) == [
        "accuracy", "weighted_precision", "weighted_recall", "weighted_f1",
    ]  # fmt: skip


def test_a_number(tmp_path: Path):
    reference, constraints, measured = _documents(tmp_path, REGRESSION)
    assert "labels" not in reference
    assert list(reference["outputs"]) == ["score"]
    rmse = measured["regression_metrics"]["rmse"]["value"]
    assert reference["metrics"]["rmse"]["value"] == rmse
    assert constraints["regression_constraints"]["rmse"] == {
        "threshold": pytest.approx(rmse * 1.05),
        "comparison_operator": "GreaterThanThreshold",
    }


def test_constraints_are_the_values_worsened_by_the_definitions_loss(pipeline: Pipeline, tmp_path: Path):
    definition = json.loads(pipeline.definition.read_text()) | {"monitoring": {"model_quality": {"max_loss": 0.2}}}
    (tmp_path / "definition.json").write_text(json.dumps(definition))
    arguments = evaluate_arguments(pipeline.output, pipeline.model, tmp_path / "definition.json")
    evaluate.main([*arguments, "--output", str(tmp_path / "out")])
    measured = json.loads((tmp_path / "out/evaluation/evaluation.json").read_text())["binary_classification_metrics"]
    constraints = json.loads((tmp_path / "out/evaluation/quality_constraints.json").read_text())
    assert constraints == {
        "version": 0.0,
        "binary_classification_constraints": {
            name: {"threshold": measured[name]["value"] - 0.2, "comparison_operator": "LessThanThreshold"}
            for name in ("accuracy", "precision", "recall", "f1", "auc")
        },
    }


def test_a_metric_that_is_not_defined_is_no_constraint():
    measured: dict[str, Any] = {name: {"value": 2.0} for name in ("mae", "mse", "rmse")} | {"r2": {"value": None}}
    found = quality_constraints(REGRESSION, measured, 0.1)["regression_constraints"]
    assert found == {
        name: {"threshold": pytest.approx(2.2), "comparison_operator": "GreaterThanThreshold"}
        for name in ("mae", "mse", "rmse")
    }
