from pathlib import Path

import pytest

from localcloud.sagemaker.jobs.isolation import Isolation, probe

HOST = Path("/state/jobs/one/algo-1")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("/opt/ml", "/state/jobs/one/algo-1/ml"),
        ("/opt/ml/model", "/state/jobs/one/algo-1/ml/model"),
        ("--data=/opt/ml/input/data", "--data=/state/jobs/one/algo-1/ml/input/data"),
        ('{"model_dir":"/opt/ml/model"}', '{"model_dir":"/state/jobs/one/algo-1/ml/model"}'),
        ("/opt/ml/code:/opt/ml/model", "/state/jobs/one/algo-1/ml/code:/state/jobs/one/algo-1/ml/model"),
        ("cd /opt/ml/code && python3 x.py", "cd /state/jobs/one/algo-1/ml/code && python3 x.py"),
        ("/opt/mlflow", "/opt/mlflow"),
        ("/opt/ml-tools/x", "/opt/ml-tools/x"),
        ("/srv/opt/ml/x", "/srv/opt/ml/x"),
        ("/opt/ml.bak", "/opt/ml.bak"),
    ],
)
def test_rewriting_reaches_every_container_path_and_nothing_else(text, seen):
    assert Isolation().rewrite(HOST, text) == seen


def test_rewriting_starts_the_command_itself():
    argv = Isolation().argv(HOST, "/opt/ml", ["python3", "/opt/ml/code/train.py", "--n", "1"])
    assert argv == ["python3", "/state/jobs/one/algo-1/ml/code/train.py", "--n", "1"]


def test_a_namespace_leaves_paths_as_they_are():
    namespace = Isolation(["unshare", "sh"])
    assert namespace.rewrite(HOST, "/opt/ml/model") == "/opt/ml/model"
    assert namespace.argv(HOST, "/opt/ml/code", ["python3", "train.py"]) == [
        "unshare", "sh", "/opt/ml/code", "python3", "train.py",
    ]  # fmt: skip


def test_rewriting_can_be_chosen_anywhere():
    assert probe("rewriting").way == "rewriting"
