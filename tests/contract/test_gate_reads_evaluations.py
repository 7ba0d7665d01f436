"""The gate reads what evaluate.py writes: nothing that a policy asks for is missing from it."""

import json
from pathlib import Path

import pytest

import evaluate
import preprocess
import train
from sluice.definition import Gate
from sluice.gate import Check, Evaluation, decide
from tests.unit.training_code.tiny import channels, definition_document, evaluate_arguments, tiny_rows, write_rows

EVERYTHING = Gate.model_validate(
    {"metrics": {"auc": {"min": 0.6}}, "slices": {"minimum_rows": 20}, "calibration": {"maximum_error": 0.3}}
)


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Check]:
    """Of a challenger that is its own champion, trained on the last run's data."""
    folder = tmp_path_factory.mktemp("run")
    data = write_rows(folder / "data" / "tiny.csv", tiny_rows())
    definition = folder / "definition.json"
    definition.write_text(json.dumps({**definition_document(), "evaluation": {"slices": ["city"]}}))
    output, model = folder / "out", folder / "model"
    preprocess.main(["--data", str(data.parent), "--definition", str(definition), "--output", str(output)])
    train.main([*channels(output), "--model-dir", str(model), "--num_round", "20"])
    evaluate.main(evaluate_arguments(output, model, definition, *_compared_with_itself(output, model)))
    written = json.loads((output / "evaluation" / "evaluation.json").read_text())
    decision = decide(Evaluation.from_json(written), EVERYTHING)
    return {check.name: check for check in decision.checks}


def _compared_with_itself(output: Path, model: Path) -> list[str]:
    inputs = {
        "champion": model,
        "champion-package-arn": "arn:aws:sagemaker:us-east-1:000000000000:model-package/g/1",
        "codec": output / "codec",
        "baseline": output / "baseline",
        "previous": output / "codec",
        "previous-run-id": "261120202448-3fa2",
        "champion-baseline": output / "baseline",
    }
    return [part for name, value in inputs.items() for part in (f"--{name}", str(value))]


def test_every_question_is_answered(checks: dict[str, Check]) -> None:
    skipped = {name: check.reason for name, check in checks.items() if check.outcome == "skipped"}

    assert set(checks) >= {
        "test_set", "threshold.auc", "champion.comparable", "champion.features", "champion.auc", "calibration",
        "data.rows", "data.classes", "data.rejected", "data.drift", "leakage.auc", "leakage.gain",
    }  # fmt: skip
    assert any(name.startswith("slices.city = ") for name in checks)
    assert set(skipped) <= {"slices.skipped"}, skipped


def test_a_model_compared_with_itself_gains_nothing_and_drifts_nowhere(checks: dict[str, Check]) -> None:
    assert (checks["champion.auc"].value, checks["champion.auc"].outcome) == (0.0, "pass")
    assert (checks["data.drift"].value, checks["data.rows"].value, checks["data.classes"].value) == (0.0, 1.0, 0.0)
    assert {check.outcome for name, check in checks.items() if name.startswith("slices.city = ")} == {"pass"}
