"""A real-time endpoint of the local cloud: one row through InvokeEndpoint, signed, with IAM enforced.

Asked by a client that costs next to nothing (sides/load.py, with a request that was signed once) and by boto3: the
difference of the two is boto3's own work. The caller is a role's session that may invoke this endpoint, no more.
"""

import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from benchmarks.data import Customers
from benchmarks.inference import Trained, train
from benchmarks.processes import run, side
from benchmarks.results import Row
from localcloud import daemon

REQUESTS, WARMING = 2000, 300
CONNECTIONS = 8
P50_MS, P99_MS = 3.0, 15.0
REGION = "us-east-1"
BUCKET, NAME = "bench-models", "bench"
IMAGE = f"683313688378.dkr.ecr.{REGION}.amazonaws.com/sagemaker-xgboost:3.2-0"
SCRIPT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
WHY = (
    "each request passes the gateway's HTTP, routing, signature check and IAM, and wakes two threads and a process; on "
    "two cores the client takes its share of them."
)


@dataclass(frozen=True)
class Caller:
    """A role's session that may invoke the endpoint and nothing else."""

    url: str
    credentials: Credentials

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret_key,
            "AWS_SESSION_TOKEN": self.credentials.token or "",
        }


def rows(_data: Customers | None, folder: Path, rounds: int) -> list[Row]:
    trained = train(folder / "endpoint")
    with daemon.running(folder / "endpoint" / "cloud") as server:
        caller = _deployed(server.endpoint_url, trained, folder)
        record = trained.raw.read_bytes().splitlines(keepends=True)[0]
        found = [_measure(caller, record, folder) for _ in range(rounds)]
    middle = {name: median(one[name] for one in found) for name in found[0]}
    return [
        _limit("1 connection, p50", middle["p50_ms"], P50_MS),
        _limit("1 connection, p99", middle["p99_ms"], P99_MS),
        _limit("boto3, p50", middle["boto3_p50_ms"], P50_MS),
        _limit("boto3, p99", middle["boto3_p99_ms"], P99_MS),
        Row(
            f"endpoint, 1 row, {CONNECTIONS} connections",
            1000 / middle["parallel_rps"],
            1000 / middle["rps"],
            f"at 1 connection: {middle['rps']:,.0f} requests/s; at {CONNECTIONS}: {middle['parallel_rps']:,.0f}",
            "ms a request",
        ),
    ]


def _limit(name: str, milliseconds: float, limit: float) -> Row:
    return Row(f"endpoint, 1 row, {name}", milliseconds, limit, "the limit", "ms", 1.0, aim_is_limit=True, why=WHY)


def _measure(caller: Caller, record: bytes, folder: Path) -> dict[str, float]:
    request = folder / "endpoint" / "request.http"
    request.write_bytes(signed_request(caller, record))
    address = caller.url.removeprefix("http://")
    one, many = (_report("load", address, request, count, REQUESTS, WARMING) for count in (1, CONNECTIONS))
    boto = _report("boto3_load", caller.url, NAME, record.decode(), REQUESTS, WARMING, environment=caller.environment)
    if len({one["answer"], many["answer"], boto["answer"]}) != 1:
        raise SystemExit(f"the clients were not answered alike: {one['answer']!r}, {boto['answer']!r}")
    return {
        "p50_ms": one["p50_ms"],
        "p99_ms": one["p99_ms"],
        "rps": one["requests_per_second"],
        "parallel_rps": many["requests_per_second"],
        "boto3_p50_ms": boto["p50_ms"],
        "boto3_p99_ms": boto["p99_ms"],
    }


def _report(name: str, *arguments: object, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(side(name, *arguments), environment).output.splitlines()[-1])
    return found


def signed_request(caller: Caller, body: bytes) -> bytes:
    """InvokeEndpoint as bytes. A signature holds for minutes, so one request may be sent again and again."""
    address = caller.url.removeprefix("http://")
    headers = {"Host": address, "Content-Type": "text/csv", "Accept": "text/csv", "Content-Length": str(len(body))}
    request = AWSRequest("POST", f"{caller.url}/endpoints/{NAME}/invocations", headers, body)
    SigV4Auth(caller.credentials, "sagemaker", REGION).add_auth(request)
    lines = [f"{name}: {value}" for name, value in request.headers.items()]
    return "\r\n".join([f"POST /endpoints/{NAME}/invocations HTTP/1.1", *lines, "", ""]).encode() + body


def _deployed(url: str, trained: Trained, folder: Path) -> Caller:
    """The endpoint in service, and who may ask it."""
    made = {service: _client(url, service) for service in ("s3", "iam", "sts", "sagemaker")}
    sagemaker = made["sagemaker"]
    archive = folder / "endpoint" / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(trained.model, ".")
    made["s3"].create_bucket(Bucket=BUCKET)
    made["s3"].upload_file(str(archive), BUCKET, "model.tar.gz")
    role = _role(made["iam"], "bench-model", {"Service": "sagemaker.amazonaws.com"}, ["s3:GetObject", "logs:*"], "*")
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz", "Environment": SCRIPT}
    sagemaker.create_model(ModelName=NAME, ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {"VariantName": "v", "ModelName": NAME, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=NAME, ProductionVariants=[variant])
    endpoint = sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=NAME)["EndpointArn"]
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=NAME, WaiterConfig={"Delay": 1})
    trusted = {"AWS": made["sts"].get_caller_identity()["Account"]}
    caller = _role(made["iam"], "bench-caller", trusted, ["sagemaker:InvokeEndpoint"], endpoint)
    session = made["sts"].assume_role(RoleArn=caller, RoleSessionName="bench")["Credentials"]
    keys = (session[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    return Caller(url, Credentials(*keys))


def _role(iam: Any, name: str, principal: Mapping[str, str], actions: list[str], resource: str) -> str:
    trust = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    policy = {"Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource}]}
    iam.put_role_policy(RoleName=name, PolicyName="bench", PolicyDocument=json.dumps(policy))
    return arn


def _client(url: str, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(proxies={}),
    )
