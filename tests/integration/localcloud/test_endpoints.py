"""Endpoints as boto3 meets them: a scikit-learn model with an inference script of its own, and all that can go wrong."""

import io
import itertools
import json
import os
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import joblib
import numpy
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from sklearn.linear_model import LogisticRegression

from localcloud import daemon
from localcloud.server import Server

BUCKET = "models-of-the-endpoint-tests"
SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ENVIRONMENT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
QUICKLY = {"Delay": 0.05, "MaxAttempts": 600}
# Of an AWS second: a serverless container is let go after 15 minutes without a request, here after 1.8 s.
TIME_SCALE = 0.002

# Reads the model from the path that stands in its source, as scripts for the real container may.
SCRIPT = """
import json, os
import joblib, numpy

NAME = "{name}"

def model_fn(model_dir):
    print("loading", NAME, "from", model_dir, flush=True)
    return joblib.load("/opt/ml/model/model.joblib") if os.path.exists("/opt/ml/model") else joblib.load(
        os.path.join(model_dir, "model.joblib"))

def input_fn(body, content_type):
    if content_type == "application/json":
        return numpy.array(json.loads(body))
    return numpy.array([[float(cell) for cell in line.split(",")] for line in body.splitlines()])

def predict_fn(data, model):
    return data, model.predict_proba(data)[:, 1]

def output_fn(result, accept):
    data, scores = result
    if data.shape[0] == 0:
        return refusal
    if data[0][0] == -1000:
        os._exit(3)
    if accept == "text/csv":
        return "\\n".join(map(str, scores)), accept
    return json.dumps({{"name": NAME, "pid": os.getpid(), "scores": scores.tolist()}}), accept

def refusal(environ, start_response):
    start_response("400 Bad Request", [("Content-Type", "text/plain")])
    return [b"row 1: no rows"]
"""


@dataclass(frozen=True)
class Cloud:
    server: Server
    role: str

    def client(self, service: str, key: tuple[str, str, str | None] = ("test", "test", None)) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.server.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=key[0],
            aws_secret_access_key=key[1],
            aws_session_token=key[2],
            config=Config(retries={"total_max_attempts": 1}),
        )

    def upload(self, name: str, files: dict[str, bytes]) -> str:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for path, content in files.items():
                member = tarfile.TarInfo(path)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        self.client("s3").put_object(Bucket=BUCKET, Key=f"{name}/model.tar.gz", Body=buffer.getvalue())
        return f"s3://{BUCKET}/{name}/model.tar.gz"


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(*actions: str, resource: str | list[str] = "*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with daemon.running(tmp_path_factory.mktemp("state"), time_scale=TIME_SCALE) as server:
        iam = Cloud(server, "").client("iam")
        made = iam.create_role(RoleName="serving", AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))
        iam.put_role_policy(RoleName="serving", PolicyName="models", PolicyDocument=allow("s3:GetObject", "logs:*"))
        cloud = Cloud(server, made["Role"]["Arn"])
        cloud.client("s3").create_bucket(Bucket=BUCKET)
        yield cloud


@pytest.fixture(scope="module")
def sagemaker(cloud: Cloud) -> Any:
    return cloud.client("sagemaker")


@pytest.fixture(scope="module")
def runtime(cloud: Cloud) -> Any:
    return cloud.client("sagemaker-runtime")


@pytest.fixture(scope="module")
def model() -> LogisticRegression:
    rows = numpy.random.default_rng(7).normal(size=(200, 3))
    return LogisticRegression().fit(rows, rows[:, 0] + rows[:, 1] > 0)


@pytest.fixture(scope="module")
def artifact(cloud: Cloud, model: LogisticRegression, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Uploads the model with a script that calls itself `name`; the S3 URL."""
    path: Path = tmp_path_factory.mktemp("model") / "model.joblib"
    joblib.dump(model, path)

    def upload(name: str, script: str = SCRIPT) -> str:
        code = script.replace("{name}", name).replace("{{", "{").replace("}}", "}")
        return cloud.upload(name, {"model.joblib": path.read_bytes(), "code/inference.py": code.encode()})

    return upload


@pytest.fixture
def config(cloud: Cloud, sagemaker: Any, artifact: Any) -> Any:
    """A model and a config for it, both called `name`."""

    def create(name: str, script: str = SCRIPT, **variant: Any) -> str:
        sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=cloud.role,
            PrimaryContainer={"Image": SKLEARN, "ModelDataUrl": artifact(name, script), "Environment": ENVIRONMENT},
        )
        sizing = variant or {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        variants = [{"VariantName": "AllTraffic", "ModelName": name, **sizing}]
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)
        return name

    return create


@pytest.fixture
def endpoint(sagemaker: Any, config: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    """In service on a config of the test's name with `-1`; deleted after the test."""
    name = request.node.name.replace("_", "-")[:40]
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config(f"{name}-1"))
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=QUICKLY)
    yield name
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig=QUICKLY)


def ask(runtime: Any, endpoint: str, rows: Any, **more: Any) -> dict[str, Any]:
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint, Body=json.dumps(rows), ContentType="application/json", **more
    )
    return json.loads(answer["Body"].read())


def test_a_scikit_learn_model_answers_as_it_does_at_home(runtime, endpoint, model):
    rows = [[0.5, -1.0, 2.0], [1.5, 1.0, 0.0]]
    expected = model.predict_proba(numpy.array(rows))[:, 1].tolist()
    assert ask(runtime, endpoint, rows)["scores"] == expected

    answer = runtime.invoke_endpoint(
        EndpointName=endpoint, Body="0.5,-1.0,2.0\n1.5,1.0,0.0", ContentType="text/csv", Accept="text/csv"
    )
    assert answer["Body"].read().decode().split() == [str(score) for score in expected]
    assert answer["ContentType"] == "text/csv; charset=utf-8"
    assert answer["InvokedProductionVariant"] == "AllTraffic"


def test_two_instances_are_two_processes_that_take_turns(sagemaker, runtime, config):
    sagemaker.create_endpoint(
        EndpointName="pair", EndpointConfigName=config("pair", InstanceType="ml.m5.large", InitialInstanceCount=2)
    )
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="pair", WaiterConfig=QUICKLY)
    pids = [ask(runtime, "pair", [[1, 2, 3]])["pid"] for _ in range(4)]
    assert pids[:2] == pids[2:]
    assert len(set(pids)) == 2

    sagemaker.delete_endpoint(EndpointName="pair")
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="pair", WaiterConfig=QUICKLY)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    with pytest.raises(ClientError, match="Endpoint pair of account 000000000000 not found"):
        ask(runtime, "pair", [[1, 2, 3]])


def test_a_serverless_endpoint_sleeps_and_wakes(sagemaker, runtime, config):
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 2}}
    sagemaker.create_endpoint(EndpointName="drowsy", EndpointConfigName=config("drowsy", **serverless))
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="drowsy", WaiterConfig=QUICKLY)
    first = ask(runtime, "drowsy", [[1, 2, 3]])
    deadline = time.monotonic() + 20
    while Path(f"/proc/{first['pid']}").exists():
        assert time.monotonic() < deadline, "the container is still there"
        time.sleep(0.1)
    second = ask(runtime, "drowsy", [[1, 2, 3]])
    assert second["scores"] == first["scores"]
    assert second["pid"] != first["pid"]
    sagemaker.delete_endpoint(EndpointName="drowsy")


def test_an_update_loses_no_request(sagemaker, runtime, endpoint, config):
    names: list[str] = []
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            names.append(ask(runtime, endpoint, [[1, 2, 3]])["name"])

    threads = [threading.Thread(target=keep_asking) for _ in range(3)]
    for thread in threads:
        thread.start()
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config(f"{endpoint}-2"))
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=QUICKLY)
    asked = len(names)
    while len(names) < asked + 30:
        time.sleep(0.01)
    stop.set()
    for thread in threads:
        thread.join(20)

    assert names[0] == f"{endpoint}-1"
    assert ask(runtime, endpoint, [[1, 2, 3]])["name"] == f"{endpoint}-2"
    # One change for all: at most the requests that were under way arrive later.
    changes = sum(one != other for one, other in itertools.pairwise(names))
    assert changes <= 2 * len(threads)


def test_an_update_whose_script_breaks_leaves_the_old_model_in_service(sagemaker, runtime, endpoint, config):
    broken = "import no_such_module\n" + SCRIPT
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config(f"{endpoint}-2", broken))
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=QUICKLY)

    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointConfigName"] == f"{endpoint}-1"
    assert "did not pass the ping health check" in described["FailureReason"]
    assert "No module named 'no_such_module'" in described["FailureReason"]
    assert ask(runtime, endpoint, [[1, 2, 3]])["name"] == f"{endpoint}-1"


def test_a_first_deployment_that_breaks_fails(sagemaker, config):
    sagemaker.create_endpoint(EndpointName="broken", EndpointConfigName=config("broken", "raise SystemExit('no')"))
    with pytest.raises(Exception, match="Waiter EndpointInService failed"):
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="broken", WaiterConfig=QUICKLY)
    assert "ping health check" in sagemaker.describe_endpoint(EndpointName="broken")["FailureReason"]
    sagemaker.delete_endpoint(EndpointName="broken")


def test_a_scripts_own_400_and_its_exceptions_are_model_errors(runtime, endpoint):
    with pytest.raises(ClientError) as refusal:
        ask(runtime, endpoint, numpy.empty((0, 3)).tolist() or [[]] * 0)
    error = refusal.value.response
    assert error["Error"]["Code"] == "ModelError"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert error["OriginalStatusCode"] == 500
    assert "Internal Server Error" in error["OriginalMessage"]


def test_a_process_that_dies_is_started_again(runtime, endpoint):
    before = ask(runtime, endpoint, [[1, 2, 3]])["pid"]
    with pytest.raises(ClientError, match="The container ended without a response"):
        ask(runtime, endpoint, [[-1000, 0, 0]])
    assert ask(runtime, endpoint, [[1, 2, 3]])["pid"] != before


def test_logs_and_metrics_reach_cloudwatch(cloud, runtime, endpoint):
    ask(runtime, endpoint, [[1, 2, 3]])
    logs, cloudwatch = cloud.client("logs"), cloud.client("cloudwatch")
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "AllTraffic"}]

    def told() -> tuple[str, set[str]]:
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        try:
            events = logs.filter_log_events(logGroupName=group)["events"]
        except ClientError:
            events = []
        listed = cloudwatch.list_metrics(Namespace="AWS/SageMaker", Dimensions=dimensions)["Metrics"]
        return " ".join(event["message"] for event in events), {metric["MetricName"] for metric in listed}

    wanted = {"Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency", "OverheadLatency"}
    deadline = time.monotonic() + 15
    while not (f"loading {endpoint}-1 from" in told()[0] and wanted <= told()[1]):
        assert time.monotonic() < deadline, told()
        time.sleep(0.2)


def test_a_caller_may_invoke_what_its_role_names(cloud, runtime, endpoint):
    iam, sts = cloud.client("iam"), cloud.client("sts")
    account = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [account]})
    role = iam.create_role(RoleName="asker", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    named = f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{endpoint}"
    iam.put_role_policy(
        RoleName="asker", PolicyName="ask", PolicyDocument=allow("sagemaker:InvokeEndpoint", resource=named)
    )
    session = sts.assume_role(RoleArn=role, RoleSessionName="s")["Credentials"]
    asker = cloud.client(
        "sagemaker-runtime", (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    )
    assert ask(asker, endpoint, [[1, 2, 3]])["name"] == f"{endpoint}-1"

    iam.put_role_policy(
        RoleName="asker", PolicyName="ask", PolicyDocument=allow("sagemaker:InvokeEndpoint", resource=f"{named}-other")
    )
    with pytest.raises(ClientError, match=f"not authorized to perform: sagemaker:InvokeEndpoint on resource: {named}"):
        ask(asker, endpoint, [[1, 2, 3]])


def test_a_model_is_read_with_its_own_role(cloud, sagemaker, artifact):
    iam = cloud.client("iam")
    poor = iam.create_role(RoleName="poor", AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))["Role"]["Arn"]
    container = {"Image": SKLEARN, "ModelDataUrl": artifact("guarded"), "Environment": ENVIRONMENT}
    with pytest.raises(ClientError, match="Could not access model data at s3://"):
        sagemaker.create_model(ModelName="guarded", ExecutionRoleArn=poor, PrimaryContainer=container)
    foreign = iam.create_role(RoleName="foreign", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))["Role"]["Arn"]
    with pytest.raises(ClientError, match="Could not assume role"):
        sagemaker.create_model(ModelName="guarded", ExecutionRoleArn=foreign, PrimaryContainer=container)


def test_stopping_the_cloud_ends_every_model_server(tmp_path, model):
    with daemon.running(tmp_path / "state", time_scale=TIME_SCALE) as server:
        cloud = Cloud(server, "")
        iam, sagemaker = cloud.client("iam"), cloud.client("sagemaker")
        role = iam.create_role(RoleName="serving", AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com"))["Role"][
            "Arn"
        ]
        iam.put_role_policy(RoleName="serving", PolicyName="models", PolicyDocument=allow("s3:GetObject"))
        cloud.client("s3").create_bucket(Bucket=BUCKET)
        script = "import os\ndef model_fn(d): return 1\ndef transform_fn(m, b, c, a): return str(os.getpid()), a\n"
        container = {
            "Image": SKLEARN,
            "ModelDataUrl": cloud.upload("pid", {"code/inference.py": script.encode()}),
            "Environment": ENVIRONMENT,
        }
        sagemaker.create_model(ModelName="pid", ExecutionRoleArn=role, PrimaryContainer=container)
        variant = {"VariantName": "v", "ModelName": "pid", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        sagemaker.create_endpoint_config(EndpointConfigName="pid", ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName="pid", EndpointConfigName="pid")
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="pid", WaiterConfig=QUICKLY)
        pid = ask(cloud.client("sagemaker-runtime"), "pid", [])
        assert Path(f"/proc/{pid}").exists() or os.kill(pid, 0) is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
