"""The example must show what it promises: data with a known best model, and a definition whose gate it passes."""

import csv
import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.metrics import roc_auc_score

import evaluate
import preprocess
import train

EXAMPLE = Path(__file__).parents[3] / "examples" / "churn"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("churn_generate", EXAMPLE / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = _load()


def _definition() -> dict[str, Any]:
    return yaml.safe_load((EXAMPLE / "model.yaml").read_text(encoding="utf-8"))


def _write(path: Path, *arguments: str) -> list[dict[str, str]]:
    generate.main(["--out", str(path), *arguments])
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_same_seed_writes_the_same_file(tmp_path: Path):
    for name in ("a", "b"):
        _write(tmp_path / name, "--rows", "500", "--seed", "7")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    _write(tmp_path / "c", "--rows", "500", "--seed", "8")
    assert hashlib.sha256((tmp_path / "a").read_bytes()) != hashlib.sha256((tmp_path / "c").read_bytes())


def test_the_truth_itself_reaches_an_auc_of_about_085():
    columns, probability = generate.generate(50_000, 1)
    left = columns["churned"] == "Yes"
    assert roc_auc_score(left, probability) == pytest.approx(0.85, abs=0.015)
    assert 0.2 < left.mean() < 0.35


def test_the_data_has_what_the_pipeline_must_survive(tmp_path: Path):
    rows = _write(tmp_path / "churn.csv")
    assert len({row["customer_id"] for row in rows}) == len(rows) == 20_000
    assert all(0.005 < np.mean([row[name] == "" for row in rows]) < 0.3 for name in ("age", "data_gb", "satisfaction"))
    for name in ("region", "payment_method"):
        _, counts = np.unique([row[name] for row in rows], return_counts=True)
        assert counts.min() < 10


def test_drift_moves_the_named_columns_and_no_others():
    before, after = (generate.generate(20_000, 7, drift)[0] for drift in (0.0, 1.0))
    moved = {"monthly_charge", "contract", "tenure_months", "payment_method", "satisfaction", "churned"}
    for name in before:
        same = np.array_equal(before[name], after[name], equal_nan=before[name].dtype.kind == "f")
        assert same == (name not in moved), name
    assert after["monthly_charge"].mean() == pytest.approx(1.3 * before["monthly_charge"].mean(), rel=0.01)
    assert (after["payment_method"] == "voucher").mean() == pytest.approx(0.2, abs=0.02)
    assert (before["payment_method"] == "voucher").mean() < 0.01


def test_drift_grows_with_its_switch():
    means = [np.nanmean(generate.generate(5_000, 7, drift)[0]["monthly_charge"]) for drift in (0, 0.25, 0.5, 1)]
    assert means == sorted(means)
    with pytest.raises(SystemExit):
        generate.main(["--drift", "2"])


def test_the_definition_is_valid_and_names_the_files_columns(tmp_path: Path):
    from sluice.definition.model import Model

    model = Model.model_validate(_definition())
    rows = _write(tmp_path / "churn.csv", "--rows", "10")
    assert set(rows[0]) == set(model.data.required_columns)


def test_the_gates_bounds_are_passed_with_margin_and_not_by_guessing(tmp_path: Path):
    document = _definition()
    (tmp_path / "definition.json").write_text(json.dumps(document))
    _write(tmp_path / "churn.csv")
    paths = {name: str(tmp_path / name) for name in ("train", "validation", "codec")}
    flags = [f"--{name}={value}" for name, value in document["training"]["hyperparameters"].items()]
    definition = ["--definition", str(tmp_path / "definition.json")]
    preprocess.main(["--data", str(tmp_path / "churn.csv"), *definition, "--output", str(tmp_path)])
    train.main([f"--{name}={path}" for name, path in paths.items()] + [f"--model-dir={tmp_path / 'model'}", *flags])
    holdout = ["--holdout", str(tmp_path / "holdout"), "--model", str(tmp_path / "model")]
    evaluate.main([*holdout, *definition, "--champion", str(tmp_path / "none"), "--output", str(tmp_path)])

    evaluation = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())
    found = evaluation["binary_classification_metrics"]
    assert evaluation["dataset"]["item_count"] > 2 * document["gate"]["minimum_test_rows"]
    for name, bounds in document["gate"]["metrics"].items():
        margin = 3 * found[name]["standard_deviation"]
        assert found[name]["value"] - margin > bounds.get("min", -1), name
        assert found[name]["value"] + margin < bounds.get("max", 99), name
    # Answering the average, without looking at a customer, must not pass.
    share = evaluation["dataset"]["positive_count"] / evaluation["dataset"]["item_count"]
    assert -share * np.log(share) - (1 - share) * np.log(1 - share) > document["gate"]["metrics"]["log_loss"]["max"]


def test_the_example_documents_every_field_of_what_it_has_a_section_for():
    """Who reads it learns what there is: a field that the definition gains is written here too."""
    from sluice.definition import Gate, Tuning, Validation

    document = _definition()
    for section, kind in (("tuning", Tuning), ("gate", Gate), ("validation", Validation)):
        assert set(document[section]) == set(kind.model_fields), section


def test_the_examples_ranges_are_the_usual_ones():
    from sluice.definition import Tuning
    from sluice.definition.ranges import DEFAULT_RANGES

    assert Tuning.model_validate(_definition()["tuning"]).ranges == DEFAULT_RANGES["xgboost"]
