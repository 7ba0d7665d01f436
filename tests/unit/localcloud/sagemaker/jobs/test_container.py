import json
import subprocess
from pathlib import Path

import pytest

from localcloud.cloud import Credentials
from localcloud.sagemaker.jobs.container import Container, base_environment, with_variables
from localcloud.sagemaker.jobs.isolation import Isolation
from tests.fakes.cloud import FakeCloud

ROLE = Credentials("ASIA1", "secret", "token")


@pytest.fixture
def cloud(tmp_path):
    return FakeCloud(tmp_path / "state")


@pytest.fixture
def container(tmp_path):
    return Container.create(tmp_path / "host", Isolation())


def python(cloud, container, code, env=None, **options):
    argv = ["python3", "-c", code]
    variables = with_variables(base_environment(cloud, ROLE), env or {})
    process = container.start(cloud, argv, variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err.decode()
    return json.loads(out)


def test_the_environment_holds_the_role_and_nothing_of_the_server(cloud, container, monkeypatch):
    monkeypatch.setenv("SERVER_SECRET", "hidden")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    seen = python(cloud, container, "import json, os; print(json.dumps(dict(os.environ)))")
    assert {name for name in seen if name.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
    }
    assert seen["AWS_ACCESS_KEY_ID"] == "ASIA1"
    assert "SERVER_SECRET" not in seen
    assert Path(seen["HOME"]) == container.directory / "home"


def test_without_credentials_there_is_no_endpoint_either(cloud):
    env = base_environment(cloud, None)
    assert not {"AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL"} & env.keys()


def test_what_the_image_does_not_hold_cannot_be_imported(cloud, container):
    code = """
import importlib.util as u, json
names = ("sluice", "localcloud", "functions", "cli", "xgboost", "sklearn", "boto3")
print(json.dumps([name for name in names if u.find_spec(name)]))
"""
    assert python(cloud, container, code) == ["xgboost", "sklearn", "boto3"]


def test_a_users_own_path_stays_in_front(cloud, container):
    container.write("/opt/ml/lib/mine.py", "VALUE = 3")
    code = "import json, mine; print(json.dumps(mine.VALUE))"
    assert python(cloud, container, code, {"PYTHONPATH": "/opt/ml/lib"}) == 3


def test_container_paths_work_in_arguments_variables_and_as_working_directory(cloud, container):
    container.write("/opt/ml/code/here.txt", "x")
    code = "import json, os; print(json.dumps([os.listdir(), os.environ['DATA']]))"
    listed, data = python(cloud, container, code, {"DATA": "/opt/ml/input/data"}, cwd="/opt/ml/code")
    assert listed == ["here.txt"]
    assert data == str(container.outside("/opt/ml/input/data"))


@pytest.mark.parametrize("path", ["/etc/passwd", "/opt/ml/../../etc", "relative"])
def test_a_path_outside_the_container_has_no_place(container, path):
    with pytest.raises(ValueError, match="not in the subpath"):
        container.outside(path)
