"""Endpoints as boto3 meets them: models with inference scripts of their own, and what can go wrong."""

import itertools
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import joblib
import numpy
import pytest
from botocore.exceptions import ClientError, WaiterError
from sklearn.linear_model import LogisticRegression

from localcloud import daemon
from tests.integration.localcloud.conftest import Running
from tests.integration.localcloud.hosting import (
    BUCKET,
    ENVIRONMENT,
    INSTANCE,
    PLAIN_SCRIPT,
    SKLEARN,
    Hosting,
    alive,
    packed,
)
from tests.waiting import eventually

SKLEARN_SCRIPT = """
import json
import joblib, numpy

def model_fn(model_dir):
    return joblib.load(model_dir + "/model.joblib")

def input_fn(body, content_type):
    if content_type == "application/json":
        return numpy.array(json.loads(body))
    return numpy.array([[float(cell) for cell in line.split(",")] for line in body.splitlines()])

def predict_fn(data, model):
    return model.predict_proba(data)[:, 1]

def output_fn(scores, accept):
    if accept == "text/csv":
        return "\\n".join(map(str, scores)), accept
    return json.dumps(scores.tolist()), accept
"""


@pytest.fixture(scope="module")
def hosting(cloud: Running) -> Hosting:
    return Hosting(cloud)


@pytest.fixture(scope="module")
def shared(hosting: Hosting) -> str:
    """A plain endpoint that tests only ask."""
    return hosting.create(hosting.plain(f"shared-{uuid.uuid4().hex[:6]}"))


@pytest.fixture
def name() -> str:
    return f"endpoint-{uuid.uuid4().hex[:6]}"


@pytest.fixture
def endpoint(hosting: Hosting, name: str) -> Iterator[str]:
    yield hosting.create(hosting.plain(name))
    hosting.delete(name)


def test_a_scikit_learn_model_answers_as_it_does_at_home(hosting, name, tmp_path):
    points = numpy.random.default_rng(7).normal(size=(200, 3))
    model = LogisticRegression().fit(points, points[:, 0] + points[:, 1] > 0)
    joblib.dump(model, tmp_path / "model.joblib")
    files = {"model.joblib": (tmp_path / "model.joblib").read_bytes(), "code/inference.py": SKLEARN_SCRIPT.encode()}
    hosting.create(hosting.config(name, files))
    rows = [[0.5, -1.0, 2.0], [1.5, 1.0, 0.0]]
    expected = model.predict_proba(numpy.array(rows))[:, 1].tolist()

    assert hosting.ask(name, json.dumps(rows)) == expected
    answer = hosting.runtime.invoke_endpoint(
        EndpointName=name, Body="0.5,-1.0,2.0\n1.5,1.0,0.0", ContentType="text/csv", Accept="text/csv"
    )
    assert [float(line) for line in answer["Body"].read().split()] == expected
    assert answer["ContentType"] == "text/csv; charset=utf-8"
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    as_json = {"ContentType": "application/json", "Accept": "application/json"}
    answer = hosting.runtime.invoke_endpoint(EndpointName=name, Body=json.dumps(rows), **as_json)
    assert answer["ContentType"].split(";")[0] == "application/json"
    hosting.delete(name)


def test_the_code_may_lie_in_s3_beside_the_model(hosting, name, cloud):
    s3 = cloud.client("s3")
    s3.put_object(Bucket=BUCKET, Key=f"{name}/model.tar.gz", Body=packed({"name": b"beside"}))
    s3.put_object(Bucket=BUCKET, Key=f"{name}/code.tar.gz", Body=packed({"serve.py": PLAIN_SCRIPT.encode()}))
    environment = {
        "SAGEMAKER_PROGRAM": "serve.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{BUCKET}/{name}/code.tar.gz",
    }
    container = {"Image": SKLEARN, "ModelDataUrl": f"s3://{BUCKET}/{name}/model.tar.gz", "Environment": environment}
    hosting.sagemaker.create_model(ModelName=name, ExecutionRoleArn=hosting.role, Containers=[container])
    variant = {"VariantName": "AllTraffic", "ModelName": name, **INSTANCE}
    hosting.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    assert hosting.ask(hosting.create(name))["name"] == "beside"
    hosting.delete(name)


def test_two_instances_are_two_processes_that_take_turns_and_end_with_the_endpoint(hosting, name):
    hosting.create(hosting.plain(name, InstanceType="ml.m5.large", InitialInstanceCount=2))
    pids = [hosting.ask(name)["pid"] for _ in range(4)]
    assert pids[:2] == pids[2:]
    assert len(set(pids)) == 2

    hosting.delete(name)
    assert not any(alive(pid) for pid in pids)
    with pytest.raises(ClientError, match=f"Endpoint {name} of account 000000000000 not found"):
        hosting.ask(name)


def test_an_update_loses_no_request(hosting, endpoint):
    names: list[str] = []
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            names.append(hosting.ask(endpoint)["name"])

    threads = [threading.Thread(target=keep_asking) for _ in range(3)]
    for thread in threads:
        thread.start()
    hosting.update(endpoint, hosting.plain(f"{endpoint}-2"))
    after = len(names)
    eventually(lambda: len(names) > after + 20)
    stop.set()
    for thread in threads:
        thread.join(20)

    assert names[0] == endpoint
    assert names[-1] == f"{endpoint}-2"
    # A clean cut: around it only the requests under way may arrive out of order.
    assert sum(one != other for one, other in itertools.pairwise(names)) <= 2 * len(threads)


def test_an_update_whose_script_breaks_leaves_the_old_model_in_service(hosting, endpoint):
    described = hosting.update(endpoint, hosting.plain(f"{endpoint}-2", "import no_such_module\n"))

    assert described["EndpointConfigName"] == endpoint
    assert "did not pass the ping health check" in described["FailureReason"]
    assert "No module named 'no_such_module'" in described["FailureReason"]
    assert hosting.ask(endpoint)["name"] == endpoint


def test_a_first_deployment_that_breaks_fails(hosting, name):
    hosting.plain(name, "def model_fn(model_dir): raise ValueError('this model is odd')")
    with pytest.raises(WaiterError, match="terminal failure state"):
        hosting.create(name)
    reason = hosting.sagemaker.describe_endpoint(EndpointName=name)["FailureReason"]
    assert "ping health check" in reason
    assert "this model is odd" in reason
    hosting.delete(name)


def test_a_script_sees_its_image_and_not_this_project(hosting, name):
    script = """
import json, os, sys

def model_fn(model_dir):
    return model_dir

def transform_fn(model_dir, body, content_type, accept):
    try:
        import sluice
        seen = "the project"
    except ModuleNotFoundError as error:
        seen = error.name
    keys = sorted(key for key in os.environ if key.startswith(("AWS_", "SAGEMAKER_", "SM_", "MINISTACK")))
    return json.dumps({"seen": seen, "keys": keys, "path": sys.path[0], "model": os.listdir(model_dir)}), accept
"""
    hosting.create(hosting.plain(name, script))
    told = hosting.ask(name)
    assert told["seen"] == "sluice"
    assert told["keys"] == [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "SAGEMAKER_PROGRAM",
        "SAGEMAKER_SUBMIT_DIRECTORY",
        "SM_MODEL_DIR",
    ]
    assert told["path"].endswith("/model/code")
    assert sorted(told["model"]) == ["code", "name"]
    hosting.delete(name)


def test_a_requirements_file_fails_the_deployment_with_what_to_do(hosting, name):
    files = {"code/inference.py": PLAIN_SCRIPT.encode(), "code/requirements.txt": b"left-pad\n", "name": b"n"}
    with pytest.raises(WaiterError):
        hosting.create(hosting.config(name, files))
    reason = hosting.sagemaker.describe_endpoint(EndpointName=name)["FailureReason"]
    assert "requirements.txt: the local cloud installs nothing" in reason


@pytest.mark.parametrize(
    ("order", "status", "message"), [("refuse", 400, "row 1: no rows"), ("raise", 500, "Internal Server Error")]
)
def test_a_scripts_own_400_and_its_exceptions_are_model_errors(hosting, shared, order, status, message):
    with pytest.raises(ClientError) as refusal:
        hosting.ask(shared, order)
    error = refusal.value.response
    assert error["Error"]["Code"] == "ModelError"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert error["OriginalStatusCode"] == status
    assert message in error["OriginalMessage"]
    assert message in error["Error"]["Message"]


@pytest.mark.parametrize("order", ["die", "die slowly"])
def test_a_process_that_dies_is_started_again(hosting, shared, order):
    """Also one that hangs up before it is gone."""
    before = hosting.ask(shared)["pid"]
    with pytest.raises(ClientError, match="The container ended without a response"):
        hosting.ask(shared, order)
    assert hosting.ask(shared)["pid"] != before


def test_a_body_over_six_megabytes_is_refused(hosting, shared):
    with pytest.raises(ClientError, match="6291456"):
        hosting.ask(shared, "x" * (6 * 1024 * 1024 + 1))


def test_logs_and_metrics_reach_cloudwatch(hosting, shared, cloud):
    hosting.ask(shared)
    logs, cloudwatch = cloud.client("logs"), cloud.client("cloudwatch")
    dimensions = [{"Name": "EndpointName", "Value": shared}, {"Name": "VariantName", "Value": "AllTraffic"}]

    def logged() -> bool:
        group = f"/aws/sagemaker/Endpoints/{shared}"
        with suppress(ClientError):
            return any(
                event["message"] == f"loading {shared}"
                for event in logs.filter_log_events(logGroupName=group)["events"]
            )
        return False

    def measured() -> bool:
        listed = cloudwatch.list_metrics(Namespace="AWS/SageMaker", Dimensions=dimensions)["Metrics"]
        wanted = {"Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency", "OverheadLatency"}
        return wanted <= {metric["MetricName"] for metric in listed}

    eventually(logged)
    eventually(measured)


def test_a_caller_may_invoke_what_its_role_names(hosting, shared, cloud):
    named = f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{shared}"
    may = {"Action": "sagemaker:InvokeEndpoint"}
    role = cloud.role({"AWS": "arn:aws:iam::000000000000:root"}, may | {"Resource": named})
    asker = cloud.as_role(role, "sagemaker-runtime")
    assert hosting.ask(shared, runtime=asker)["name"] == shared

    cloud.allow(role, may | {"Resource": f"{named}-other"})
    with pytest.raises(ClientError, match=f"not authorized to perform: sagemaker:InvokeEndpoint on resource: {named}"):
        hosting.ask(shared, runtime=asker)


def test_passing_a_role_takes_iam_pass_role_for_sagemaker(hosting, shared, cloud):
    creating = {"Action": "sagemaker:CreateModel", "Resource": "*"}
    passing = {"Action": "iam:PassRole", "Resource": hosting.role}
    for_lambda = passing | {"Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}
    role = cloud.role({"AWS": "arn:aws:iam::000000000000:root"}, creating, for_lambda)
    url = f"s3://{BUCKET}/{shared}/model.tar.gz"
    request = {
        "ModelName": f"{shared}-again",
        "ExecutionRoleArn": hosting.role,
        "PrimaryContainer": {"Image": SKLEARN, "ModelDataUrl": url, "Environment": ENVIRONMENT},
    }
    with pytest.raises(ClientError, match="not authorized to perform: iam:PassRole"):
        cloud.as_role(role, "sagemaker").create_model(**request)
    for_sagemaker = passing | {"Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}}
    cloud.allow(role, creating, for_sagemaker)
    cloud.as_role(role, "sagemaker").create_model(**request)


@pytest.mark.parametrize(
    ("trusted", "words"), [("sagemaker", "Could not access model data at s3://"), ("lambda", "Could not assume role")]
)
def test_a_model_is_read_with_its_own_role(hosting, shared, cloud, trusted, words):
    url = f"s3://{BUCKET}/{shared}/model.tar.gz"
    poor = cloud.role(f"{trusted}.amazonaws.com", {"Action": "sqs:SendMessage", "Resource": "*"})
    with pytest.raises(ClientError, match=words):
        hosting.sagemaker.create_model(
            ModelName=f"{shared}-poor",
            ExecutionRoleArn=poor,
            PrimaryContainer={"Image": SKLEARN, "ModelDataUrl": url, "Environment": ENVIRONMENT},
        )


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[tuple[Hosting, Callable[[], None]]]:
    """A cloud of its own where AWS's 15 idle minutes are 1.8 s, and what stops it."""
    state_dir = tmp_path / "state"
    with daemon.running(state_dir, time_scale=0.002) as server:
        yield Hosting(Running(server, state_dir)), lambda: daemon.stop(state_dir) and None


def test_a_serverless_endpoint_sleeps_and_wakes_and_ends_with_the_cloud(hasty):
    hosting, stop = hasty
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 2}}
    hosting.create(hosting.plain("drowsy", **serverless))
    first = hosting.ask("drowsy")["pid"]
    eventually(lambda: not alive(first))

    second = hosting.ask("drowsy")["pid"]
    assert second != first
    stop()
    assert not alive(second)
