"""`sluice demo`, whole: the exit code, the one JSON object, and nothing left running."""

import json
import random
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Shell, processes_of

pytestmark = pytest.mark.slow

STAGES = [
    "data", "cloud", "deploy", "upload", "run", "gate", "approve", "endpoint", "predict",
    "traffic", "check", "retrain", "history", "report",
]  # fmt: skip

ACTS = ("DEPLOYED", "DRIFT_FOUND", "RETRAIN_REQUESTED")


def test_the_loop_closes_and_the_document_tells_it(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    done = shell.sluice("demo", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["ok"] is True
    assert [stage["stage"] for stage in found["stages"]] == STAGES
    assert [job["step"] for job in found["jobs"]] == ["Preprocess", "Train", "Evaluate"]
    assert all(0 < job["seconds"] <= found["steps"][job["step"]] for job in found["jobs"])
    assert found["metrics"]["auc"]["value"] >= 0.75
    assert found["gate"]["verdict"] == "pass"
    assert 0 < found["gate"]["threshold"] < 1
    assert found["package_arn"].endswith(":model-package/sluice-dev-churn/1")
    assert found["endpoint"] == "sluice-dev-churn"
    assert len(found["predictions"]) == 3
    assert {prediction["actual"] for prediction in found["predictions"]} == {"Yes", "No"}
    actions = [entry["action"] for entry in found["history"]]
    assert actions[0] == "RUN_STARTED"
    assert [action for action in actions if action in ACTS] == list(ACTS)
    assert found["check"]["moved"] == ["contract"], "what was sent is moved in nothing else"
    assert "<html" in (tmp_path / found["drift_page"]).read_text().lower()
    assert found["retrained"]["status"] == "PendingManualApproval"
    assert found["retrained"]["package_arn"].endswith(":model-package/sluice-dev-churn/2")
    assert "<html" in (tmp_path / found["report"]).read_text().lower()
    assert processes_of(tmp_path) == []


def test_a_model_that_fails_the_gate_fails_the_demo_with_the_reasons(tmp_path: Path) -> None:
    """The user's own file, with semicolons, and nothing in it that could be learned."""
    chance = random.Random(1)
    rows = [f"u{n};{chance.random():.6f};{chance.choice('abc')};{chance.choice(['Yes', 'No'])}" for n in range(3000)]
    (tmp_path / "noise.csv").write_text("\n".join(["user_id;x;group;left", *rows]) + "\n")
    shell = Shell(tmp_path)
    done = shell.sluice("demo", "--data", "noise.csv", "--target", "left", "--json")
    assert done.code == 1
    found = json.loads(done.out)
    assert (found["ok"], found["stage"], found["gate"]["verdict"]) == (False, "gate", "fail")
    assert "auc is 0." in found["reason"]
    assert (tmp_path / found["log"]).is_file()
    assert "sluice demo failed at stage gate" in done.err
    assert processes_of(tmp_path) == []


def test_a_file_that_cannot_be_used_fails_before_anything_is_started(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("id,x,y\n" + "".join(f"{n},{n * 7 % 13},{n % 2}\n" for n in range(50)))
    done = Shell(tmp_path).sluice("demo", "--data", "data.csv", "--target", "Y", "--json")
    assert done.code == 2
    found = json.loads(done.out)
    assert (found["ok"], found["stage"]) == (False, "data")
    assert found["reason"] == "--target Y: no such column. Did you mean y?"
    assert not (tmp_path / ".sluice" / "demo" / "cloud").exists()


def test_options_that_need_each_other(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("x,y\n1,2\n")
    done = Shell(tmp_path).sluice("demo", "--data", "data.csv")
    assert done.code == 2
    assert "--data and --target go together" in done.err
