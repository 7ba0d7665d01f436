"""The scripts as SageMaker starts them: processes that know only their arguments and environment."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import preprocess
from tests.unit.training_code.tiny import Pipeline, channels, evaluate_arguments, write_definition, write_rows
from training.artifact import serving_code

SCRIPTS = Path(preprocess.__file__).parent


def _python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # A job's environment holds SageMaker's variables and little else.
    clean = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run([sys.executable, *arguments], env=clean, capture_output=True, text=True, timeout=120)


def test_training_finds_everything_in_sagemakers_variables(pipeline: Pipeline, tmp_path: Path):
    result = _python(
        str(SCRIPTS / "train.py"),
        "--num_round",
        "60",
        SM_CHANNEL_TRAIN=str(pipeline.output / "train"),
        SM_CHANNEL_VALIDATION=str(pipeline.output / "validation"),
        SM_CHANNEL_CODEC=str(pipeline.output / "codec"),
        SM_MODEL_DIR=str(tmp_path / "model"),
        SM_OUTPUT_DIR=str(tmp_path / "output"),
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "model" / "model.ubj").read_bytes() == (pipeline.model / "model.ubj").read_bytes()


def test_a_failing_training_leaves_its_reason_where_sagemaker_looks(tmp_path: Path):
    result = _python(str(SCRIPTS / "train.py"), "--depth", "3", SM_OUTPUT_DIR=str(tmp_path / "output"))
    assert result.returncode == 1
    assert (tmp_path / "output" / "failure").read_text().startswith("train.py does not know --depth 3.")


def test_a_failing_preprocessing_leaves_its_message(tmp_path: Path):
    data = write_rows(tmp_path / "data.csv", [{"id": 1, "income": 2}])
    definition = write_definition(tmp_path / "definition.json")
    arguments = ["--data", str(data), "--definition", str(definition), "--output", str(tmp_path / "out")]
    message = tmp_path / "message"
    result = _python(str(SCRIPTS / "preprocess.py"), *arguments, "--failure-file", str(message))
    assert result.returncode == 1
    assert message.read_text().startswith("data.csv lacks the column left, visits, city; its header is: id, income.")
    assert message.read_text() in result.stderr


@pytest.mark.parametrize(
    ("script", "unwanted"),
    [
        ("preprocess", {"pandas", "sklearn", "scipy", "xgboost"}),
        ("train", {"pandas", "sklearn"}),
        ("evaluate", {"pandas", "sklearn"}),
        ("inference", {"pandas", "sklearn", "pyarrow"}),
    ],
)
def test_what_costs_a_second_to_import_is_not_imported(
    pipeline: Pipeline, tmp_path: Path, script: str, unwanted: set[str]
):
    """Also not on first use, as pyarrow does with pandas: so the whole script runs first."""
    golden = tmp_path / "golden.json"
    golden.write_text(json.dumps(pipeline.read("evaluation/golden.json")["records"]))
    shutil.copytree(pipeline.output, tmp_path / "out")
    definition = ["--definition", str(pipeline.definition)]
    arguments = {
        "preprocess": ["--data", str(pipeline.data), *definition, "--output", str(tmp_path / "new")],
        "train": [*channels(pipeline.output), "--model-dir", str(tmp_path / "model"), "--num_round", "3"],
        "evaluate": evaluate_arguments(tmp_path / "out", pipeline.model, pipeline.definition),
        "inference": ["--model-dir", str(pipeline.model), "--input", str(golden)],
    }[script]
    program = f"import sys, {script}; {script}.main({arguments!r}); print(sorted(sys.modules), file=sys.stderr)"
    result = _python("-c", program, PYTHONPATH=str(SCRIPTS))
    assert result.returncode == 0, result.stderr
    assert not unwanted & set(result.stderr.replace("'", "").strip("[]\n ").split(", "))


def test_the_artifacts_own_code_serves_it(pipeline: Pipeline, tmp_path: Path):
    """In another folder, with nothing but code/ to import from."""
    shutil.copytree(pipeline.model, tmp_path / "model")
    (tmp_path / "golden.json").write_text(json.dumps(pipeline.read("evaluation/golden.json")["records"]))
    code = tmp_path / "model" / "code" / "inference.py"
    arguments = ["--model-dir", str(tmp_path / "model"), "--input", str(tmp_path / "golden.json")]
    result = _python(str(code), *arguments)
    assert result.returncode == 0, result.stderr
    scores = [np.float32(line) for line in result.stdout.splitlines()]
    assert scores == [np.float32(score) for score in pipeline.read("evaluation/golden.json")["scores"]]


def test_scikit_learn_stays_importable_beside_the_lean_xgboost():
    program = "from lean_xgboost import xgboost; import sklearn, sys; print(xgboost.__version__, sklearn.__version__)"
    result = _python("-c", program, PYTHONPATH=str(SCRIPTS))
    assert result.returncode == 0, result.stderr


def test_where_scikit_learn_is_imported_already_xgboost_is_whole():
    program = "import sklearn; from lean_xgboost import xgboost; xgboost.XGBClassifier()"
    assert _python("-c", program, PYTHONPATH=str(SCRIPTS)).returncode == 0


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_the_layer_holds_the_scripts_and_nothing_else(tmp_path: Path):
    make = ["make", "-C", str(SCRIPTS), "build-TrainingCodeLayer", f"ARTIFACTS_DIR={tmp_path}"]
    subprocess.run(make, check=True, capture_output=True)
    built = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    wanted = [path for suffix in ("py", "js", "css", "html") for path in SCRIPTS.rglob(f"*.{suffix}")]
    assert built == {f"python/training_code/{path.relative_to(SCRIPTS)}" for path in wanted}
    assert {"python/training_code/preprocess.py", "python/training_code/train.py"} <= built
    assert "python/training_code/__init__.py" not in built
    assert {f"python/training_code/{file}" for file in serving_code()} <= built
