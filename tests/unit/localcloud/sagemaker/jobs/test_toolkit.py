import json

import pytest

from localcloud.sagemaker.jobs import toolkit

GIVEN = {
    "sagemaker_program": '"train.py"',
    "sagemaker_submit_directory": "s3://bucket/code/sourcedir.tar.gz",
    "sagemaker_region": '"us-east-1"',
    "sagemaker_container_log_level": "10",
    "sagemaker_parameter_server_enabled": "true",
    # A tuning job gives it to its training jobs; a script never sees it.
    "_tuning_objective_metric": '"validation:auc"',
    "num_round": "300",
    "eta": '"0.1"',
    "objective": "binary:logistic",
    "n": "5",
    "flag": "true",
    "nothing": "null",
    "weights": '{"b": 2, "a": 1}',
}
CHANNELS = {"train": {"TrainingInputMode": "File"}, "validation": {"TrainingInputMode": "File"}}


@pytest.fixture
def script():
    return toolkit.read_hyperparameters(GIVEN, {}, "sagemaker-xgboost")


def test_the_users_hyperparameters_are_told_from_the_toolkits(script):
    assert (script.program, script.module_name) == ("train.py", "train")
    assert script.submit_directory == "s3://bucket/code/sourcedir.tar.gz"
    assert script.log_level == 10
    assert script.framework == {"sagemaker_parameter_server_enabled": True}
    assert script.hyperparameters == {
        "num_round": 300, "eta": "0.1", "objective": "binary:logistic", "n": 5, "flag": True, "nothing": None,
        "weights": {"a": 1, "b": 2},
    }  # fmt: skip


def test_hyperparameters_become_arguments_by_name(script):
    assert script.arguments == [
        "--eta", "0.1", "--flag", "True", "-n", "5", "--nothing", "", "--num_round", "300",
        "--objective", "binary:logistic", "--weights", "a=1,b=2",
    ]  # fmt: skip


def test_the_variables_are_the_toolkits(script):
    cluster = toolkit.Cluster(["algo-1", "algo-2"], "algo-2", "ml.m5.large")
    env = toolkit.environment(script, cluster, CHANNELS)
    assert env["SM_MODEL_DIR"] == "/opt/ml/model"
    assert env["SM_CHANNEL_TRAIN"] == "/opt/ml/input/data/train"
    assert json.loads(env["SM_CHANNELS"]) == ["train", "validation"]
    assert json.loads(env["SM_HOSTS"]) == ["algo-1", "algo-2"]
    assert env["SM_CURRENT_HOST"] == "algo-2"
    assert json.loads(env["SM_HPS"])["num_round"] == 300
    assert env["SM_HP_NUM_ROUND"] == "300"
    assert env["SM_HP_OBJECTIVE"] == "binary:logistic"
    assert env["SM_HP_NOTHING"] == ""
    assert json.loads(env["SM_USER_ARGS"]) == script.arguments
    assert env["SM_MODULE_DIR"] == GIVEN["sagemaker_submit_directory"]
    assert env["SM_FRAMEWORK_MODULE"] == "sagemaker_xgboost_container.training:main"
    training = json.loads(env["SM_TRAINING_ENV"])
    assert training["hyperparameters"] == json.loads(env["SM_HPS"])
    assert training["channel_input_dirs"]["validation"] == "/opt/ml/input/data/validation"
    assert (training["is_master"], training["master_hostname"]) == (False, "algo-1")
    assert json.loads(env["SM_RESOURCE_CONFIG"])["current_host"] == "algo-2"
    assert all(isinstance(value, str) for value in env.values())


def test_a_program_may_be_named_by_the_image_environment():
    named = toolkit.read_hyperparameters({}, {"SAGEMAKER_PROGRAM": "a.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/x"})
    assert (named.program, named.submit_directory) == ("a.py", "/opt/ml/x")


@pytest.mark.parametrize(
    ("program", "files", "expected"),
    [
        ("train.py", ["train.py"], ["python3", "train.py", "--k2", "a b"]),
        ("src/train.py", ["src"], ["python3", "src/train.py", "--k2", "a b"]),
        ("train.py", ["setup.py", "train.py"], ["python3", "-m", "train", "--k2", "a b"]),
        ("package", ["setup.py"], ["python3", "-m", "package", "--k2", "a b"]),
        ("train.sh", ["setup.py", "train.sh"], ["/bin/sh", "-c", "./train.sh --k2 'a b'"]),
        ("launcher", ["launcher"], ["/bin/sh", "-c", "./launcher --k2 'a b'"]),
    ],
)
def test_how_an_entry_point_is_run(program, files, expected):
    script = toolkit.read_hyperparameters({"sagemaker_program": program, "k2": "a b"}, {})
    assert toolkit.command(script, files) == expected
