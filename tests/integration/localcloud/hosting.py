"""What tests do with endpoints on one running cloud, and a model that says what it is."""

import io
import json
import os
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import ClientError

from tests.integration.localcloud.conftest import Running

BUCKET = "models-of-the-endpoint-tests"
SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ENVIRONMENT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
INSTANCE = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
QUICKLY = {"Delay": 0.05, "MaxAttempts": 1200}
MAY_READ = {"Action": ["s3:GetObject", "logs:*"], "Resource": "*"}

# Without a framework, so that it is up at once. It answers with what it is and does what it is told.
PLAIN_SCRIPT = """
import json, os, time

def model_fn(model_dir):
    with open(model_dir + "/name") as file:
        name = file.read()
    print("loading", name, flush=True)
    return name

def input_fn(body, content_type):
    return body

def predict_fn(order, name):
    if order == "die":
        os._exit(3)
    if order == "die slowly":
        os.closerange(3, 256)
        time.sleep(0.5)
        os._exit(3)
    if order == "raise":
        raise ValueError("row 1: told to")
    return refusal if order == "refuse" else json.dumps({"name": name, "pid": os.getpid()})

def output_fn(answer, accept):
    return answer if callable(answer) else (answer, accept)

def refusal(environ, start_response):
    start_response("400 Bad Request", [("Content-Type", "text/plain")])
    return [b"row 1: no rows"]
"""


def packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


class Hosting:
    """What the tests do with endpoints, on one running cloud."""

    def __init__(self, cloud: Running) -> None:
        self.cloud = cloud
        self.sagemaker = cloud.client("sagemaker")
        self.runtime = cloud.client("sagemaker-runtime")
        with suppress(ClientError):
            cloud.client("s3").create_bucket(Bucket=BUCKET)
        self.role = cloud.role("sagemaker.amazonaws.com", MAY_READ)

    def config(self, name: str, files: Mapping[str, bytes], **sizing: Any) -> str:
        """A model of these files and a config for it, both called `name`."""
        self.cloud.client("s3").put_object(Bucket=BUCKET, Key=f"{name}/model.tar.gz", Body=packed(files))
        url = f"s3://{BUCKET}/{name}/model.tar.gz"
        container = {"Image": SKLEARN, "ModelDataUrl": url, "Environment": ENVIRONMENT}
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=self.role, PrimaryContainer=container)
        variant = {"VariantName": "AllTraffic", "ModelName": name, **(sizing or INSTANCE)}
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        return name

    def plain(self, name: str, script: str = PLAIN_SCRIPT, **sizing: Any) -> str:
        return self.config(name, {"name": name.encode(), "code/inference.py": script.encode()}, **sizing)

    def create(self, config: str) -> str:
        """An endpoint called as its config, in service."""
        self.sagemaker.create_endpoint(EndpointName=config, EndpointConfigName=config)
        self.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=config, WaiterConfig=QUICKLY)
        return config

    def update(self, endpoint: str, config: str, **more: Any) -> dict[str, Any]:
        self.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config, **more)
        return self.settled(endpoint)

    def settled(self, endpoint: str) -> dict[str, Any]:
        self.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=QUICKLY)
        described: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName=endpoint)
        return described

    def delete(self, endpoint: str) -> None:
        self.sagemaker.delete_endpoint(EndpointName=endpoint)
        self.sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=endpoint, WaiterConfig=QUICKLY)

    def ask(self, endpoint: str, body: str = "", runtime: Any = None, **more: Any) -> Any:
        more = {"ContentType": "application/json", "Accept": "application/json"} | more
        answer = (runtime or self.runtime).invoke_endpoint(EndpointName=endpoint, Body=body, **more)
        return json.loads(answer["Body"].read())

    @contextmanager
    def asking(self, endpoint: str, threads: int) -> Iterator[list[dict[str, Any]]]:
        """Requests one after the other in each thread; the answers, as they come. One that is lost fails the test."""
        answers: list[dict[str, Any]] = []
        lost: list[Exception] = []
        stop = threading.Event()

        def keep_asking() -> None:
            while not stop.is_set():
                try:
                    answers.append(self.ask(endpoint))
                except Exception as error:
                    lost.append(error)
                    return

        running = [threading.Thread(target=keep_asking) for _ in range(threads)]
        for thread in running:
            thread.start()
        try:
            yield answers
        finally:
            stop.set()
            for thread in running:
                thread.join(60)
        assert not lost


def alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
