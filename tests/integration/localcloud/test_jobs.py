"""Training and processing jobs by boto3 alone: foreign scripts, waiters, roles that bite."""

import csv
import io
import json
import random
import socket
import tarfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from localcloud.sagemaker.jobs.isolation import probe
from tests.integration.localcloud.conftest import Running
from tests.waiting import eventually

SCRIPTS = Path(__file__).parent / "scripts"
SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
BUCKET = "data-of-the-job-tests"
QUICKLY = {"Delay": 0.05, "MaxAttempts": 1200}
CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
MAY_WORK = (
    {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"arn:aws:s3:::{BUCKET}/*"},
    {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"},
    {"Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"},
)

namespace_only = pytest.mark.skipif(
    probe().way != "namespace", reason="this machine allows no mount namespace, so hard-coded /opt/ml paths do not work"
)


class Account:
    """What a user has: clients, a bucket, a role for the jobs."""

    def __init__(self, cloud: Running) -> None:
        self.cloud = cloud
        self.sagemaker = cloud.client("sagemaker")
        self.s3 = cloud.client("s3")
        self.logs = cloud.client("logs")
        self.s3.create_bucket(Bucket=BUCKET)
        self.role = cloud.role("sagemaker.amazonaws.com", *MAY_WORK)

    def put(self, key: str, body: bytes | str) -> str:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def get(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def unpack(self, uri: str) -> dict[str, bytes]:
        with tarfile.open(fileobj=io.BytesIO(self.get(uri))) as tar:
            return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}

    def source(self, files: Mapping[str, str]) -> str:
        """A sourcedir.tar.gz of its own."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name, text in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
        return self.put(f"code/{uuid.uuid4().hex}/sourcedir.tar.gz", buffer.getvalue())

    def start_training(self, files: Mapping[str, str] | str, **changes: Any) -> str:
        """`files` is the source, or the text of its train.py; `train` (if given) is the channel's S3 address."""
        name = f"train-{uuid.uuid4().hex[:8]}"
        hyperparameters = {
            "sagemaker_program": changes.pop("program", "train.py"),
            "sagemaker_submit_directory": self.source({"train.py": files} if isinstance(files, str) else files),
            **changes.pop("hyperparameters", {}),
        }
        train = changes.pop("train", None)
        source = {"S3DataType": "S3Prefix", "S3Uri": train, **changes.pop("distribution", {})}
        request = {
            "TrainingJobName": name,
            "RoleArn": self.role,
            "AlgorithmSpecification": {"TrainingImage": SKLEARN, "TrainingInputMode": "File"},
            "HyperParameters": hyperparameters,
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
            "ResourceConfig": CLUSTER,
            "StoppingCondition": {"MaxRuntimeInSeconds": 120},
            **(
                {"InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}]} if train else {}
            ),
        } | changes
        self.sagemaker.create_training_job(**request)
        return name

    def train(self, files: Mapping[str, str] | str, **changes: Any) -> dict[str, Any]:
        """Run a training job to its end, whatever that is."""
        return self.trained(self.start_training(files, **changes))

    def trained(self, name: str) -> dict[str, Any]:
        await_job(self.sagemaker.get_waiter("training_job_completed_or_stopped"), TrainingJobName=name)
        job: dict[str, Any] = self.sagemaker.describe_training_job(TrainingJobName=name)
        return job

    def process(self, **changes: Any) -> dict[str, Any]:
        name = f"process-{uuid.uuid4().hex[:8]}"
        request = {"ProcessingJobName": name, "RoleArn": self.role, "ProcessingResources": {"ClusterConfig": CLUSTER}}
        self.sagemaker.create_processing_job(**request | changes)
        await_job(self.sagemaker.get_waiter("processing_job_completed_or_stopped"), ProcessingJobName=name)
        job: dict[str, Any] = self.sagemaker.describe_processing_job(ProcessingJobName=name)
        return job

    def log_lines(self, group: str, job: str) -> list[str]:
        streams = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{job}/algo-1-")["logStreams"]
        (stream,) = [stream["logStreamName"] for stream in streams]
        events = self.logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
        return [event["message"] for event in events]


def await_job(waiter: Any, **names: str) -> None:
    """A job that failed has ended, too; the test looks at its description."""
    try:
        waiter.wait(**names, WaiterConfig=QUICKLY)
    except WaiterError as error:
        if "terminal failure state" not in str(error):
            raise


@pytest.fixture(scope="module")
def account(cloud: Running) -> Account:
    return Account(cloud)


def churn_rows(count: int) -> str:
    random.seed(7)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["tenure", "charges", "churned"])
    for _ in range(count):
        tenure, charges = random.uniform(0, 72), random.uniform(20, 120)
        writer.writerow([f"{tenure:.2f}", f"{charges:.2f}", int(charges - tenure > 40)])
    return buffer.getvalue()


def folder(name: str) -> dict[str, str]:
    return {path.name: path.read_text() for path in (SCRIPTS / name).glob("*.py")}


def test_a_foreign_scikit_learn_script_trains_and_its_model_is_served(account):
    # Given data, and scripts that know nothing of this project
    train = account.put("churn/part-1.csv", churn_rows(300)).rpartition("/")[0]
    specification = {
        "TrainingImage": SKLEARN,
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "train:accuracy", "Regex": r"train-accuracy=([0-9.]+);"}],
    }

    # When boto3 trains
    job = account.train(
        folder("churn"),
        train=f"{train}/",
        hyperparameters={"regularization": "0.5", "max_iter": "200"},
        AlgorithmSpecification=specification,
    )

    # Then the model, its metrics and its log are there
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    artifact = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert artifact == f"s3://{BUCKET}/out/{job['TrainingJobName']}/output/model.tar.gz"
    assert set(account.unpack(artifact)) == {"model.joblib"}
    assert account.unpack(artifact.replace("model.tar.gz", "output.tar.gz")) == {"rows.txt": b"300"}
    (metric,) = job["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"] > 0.9) == ("train:accuracy", True)
    assert any("rows=300" in line for line in account.log_lines("/aws/sagemaker/TrainingJobs", job["TrainingJobName"]))

    # And the model is served by the inference.py of the same people
    assert serve(account, artifact, folder("churn")) == pytest.approx([0.0, 1.0], abs=0.1)


def serve(account: Account, artifact: str, files: Mapping[str, str]) -> list[float]:
    name = f"churn-{uuid.uuid4().hex[:8]}"
    container = {
        "Image": SKLEARN,
        "ModelDataUrl": artifact,
        "Environment": {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": account.source(files),
        },
    }
    variant = {"VariantName": "all", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    account.sagemaker.create_model(ModelName=name, ExecutionRoleArn=account.role, PrimaryContainer=container)
    account.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    account.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=QUICKLY)
    records = {"records": [{"tenure": 70, "charges": 25}, {"tenure": 2, "charges": 115}]}
    answer = account.cloud.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, ContentType="application/json", Body=json.dumps(records)
    )
    account.sagemaker.delete_endpoint(EndpointName=name)
    scores: list[float] = json.loads(answer["Body"].read())["scores"]
    return scores


@namespace_only
def test_a_processing_script_with_its_paths_written_out(account):
    account.put("tally/in/a.csv", "plan\nbasic\nbasic\n")
    account.put("tally/in/b.csv", "plan\npro\n")
    code = account.put("tally/code/tally.py", folder("tally")["tally.py"])
    root = "/opt/ml/processing"

    job = account.process(
        AppSpecification={
            "ImageUri": SKLEARN,
            "ContainerEntrypoint": ["python3", f"{root}/input/code/tally.py"],
            "ContainerArguments": ["--column", "plan"],
        },
        Environment={"UNIT": "customers"},
        ProcessingInputs=[
            {"InputName": "code", "S3Input": s3_input(code, f"{root}/input/code")},
            {"InputName": "data", "S3Input": s3_input(f"s3://{BUCKET}/tally/in", f"{root}/input/data")},
        ],
        ProcessingOutputConfig={
            "Outputs": [
                {
                    "OutputName": "counts",
                    "S3Output": {
                        "S3Uri": f"s3://{BUCKET}/tally/out/",
                        "LocalPath": f"{root}/output/counts",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
    )

    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["ExitMessage"] == "3 rows of customers"
    assert json.loads(account.get(f"s3://{BUCKET}/tally/out/counts.json")) == {"basic": 2, "pro": 1}
    assert job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    lines = account.log_lines("/aws/sagemaker/ProcessingJobs", job["ProcessingJobName"])
    assert "counted plan" in lines


def s3_input(uri: str, path: str) -> dict[str, str]:
    return {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"}


def test_a_manifest_names_the_objects_of_a_processing_input_and_each_needs_the_permission(account):
    base = f"manifest-{uuid.uuid4().hex[:6]}"
    for name in ("2026/a.csv", "2026/deep/b.csv", "2026/not-listed.csv"):
        account.put(f"{base}/data/{name}", name)
    listed = [{"prefix": f"s3://{BUCKET}/{base}/data/"}, "2026/a.csv", "2026/deep/b.csv"]
    request = {
        "AppSpecification": {
            "ImageUri": SKLEARN,
            "ContainerEntrypoint": ["sh", "-c", "cd /opt/ml/processing/in && find . -type f > ../out/found"],
        },
        "ProcessingInputs": [
            {
                "InputName": "in",
                "S3Input": {
                    "S3Uri": account.put(f"{base}/manifest.json", json.dumps(listed)),
                    "LocalPath": "/opt/ml/processing/in",
                    "S3DataType": "ManifestFile",
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "out",
                    "S3Output": {
                        "S3Uri": f"s3://{BUCKET}/{base}/out",
                        "LocalPath": "/opt/ml/processing/out",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
    }
    role = account.cloud.role("sagemaker.amazonaws.com", *MAY_WORK)
    job = account.process(**request, RoleArn=role)
    assert job["ProcessingJobStatus"] == "Completed", job
    found = account.get(f"s3://{BUCKET}/{base}/out/found").decode().split()
    assert sorted(found) == ["./2026/a.csv", "./2026/deep/b.csv"]

    manifest_only = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/{base}/manifest.json"}
    account.cloud.allow(role, manifest_only, *MAY_WORK[1:])
    job = account.process(**request, RoleArn=role)
    assert job["ProcessingJobStatus"] == "Failed"
    assert "Data download failed" in job["FailureReason"]
    assert "AccessDenied" in job["FailureReason"]


def test_a_failing_script_fails_the_waiter_with_its_last_lines(account):
    name = account.start_training("import sys\nprint('reading')\nraise KeyError('churned')")
    with pytest.raises(WaiterError, match="terminal failure state"):
        account.sagemaker.get_waiter("training_job_completed_or_stopped").wait(
            TrainingJobName=name, WaiterConfig=QUICKLY
        )
    job = account.sagemaker.describe_training_job(TrainingJobName=name)
    assert job["FailureReason"].startswith("AlgorithmError: ExecuteUserScriptError:\nExitCode 1\n")
    assert "KeyError: 'churned'" in job["FailureReason"]
    lines = account.log_lines("/aws/sagemaker/TrainingJobs", name)
    assert "reading" in lines
    assert "KeyError: 'churned'" in lines


def test_a_shell_script_is_an_entry_point_too(account):
    script = '#!/bin/sh\necho "$@" > $SM_MODEL_DIR/arguments\n'
    job = account.train({"run.sh": script}, program="run.sh", hyperparameters={"depth": "3"})
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert account.unpack(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"arguments": b"--depth 3\n"}


def test_the_script_works_under_the_jobs_role(account):
    script = """
import boto3, os
print("identity " + boto3.client("sts").get_caller_identity()["Arn"])
try:
    boto3.client("iam").create_role(RoleName="mine", AssumeRolePolicyDocument="{}")
except Exception as error:
    print(error.response["Error"]["Code"])
"""
    job = account.train(script)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    lines = account.log_lines("/aws/sagemaker/TrainingJobs", job["TrainingJobName"])
    assert any(f"assumed-role/{account.role.rsplit('/', 1)[-1]}/" in line for line in lines)
    assert any(line.startswith("AccessDenied") for line in lines)


def test_two_hosts_talk_to_each_other_and_share_the_data(account):
    for number in range(4):
        account.put(f"cluster/part-{number}", str(10**number))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    job = account.train(
        folder("cluster"),
        train=f"s3://{BUCKET}/cluster/",
        distribution={"S3DataDistributionType": "ShardedByS3Key"},
        hyperparameters={"port": str(port)},
        ResourceConfig=CLUSTER | {"InstanceCount": 2},
    )
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert account.unpack(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"total.txt": b"1111"}


def test_stop_reaches_the_script_and_keeps_what_it_saves(account):
    script = """
import os, signal, sys, time
def save(number, frame):
    open(os.path.join(os.environ["SM_MODEL_DIR"], "partial"), "w").write("half")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("ready", flush=True)
time.sleep(100)
"""
    name = account.start_training(script)
    log = account.cloud.state_dir / "jobs" / name / "algo-1.log"
    eventually(lambda: log.is_file() and "ready" in log.read_text())
    account.sagemaker.stop_training_job(TrainingJobName=name)
    job = account.trained(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert account.unpack(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"partial": b"half"}


def test_a_job_that_runs_too_long_is_stopped(account):
    job = account.train("import time\ntime.sleep(600)", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_checkpoints_outlive_the_job_and_start_the_next(account):
    script = """
import os
path = "%s/step" % os.environ["CHECKPOINTS"]
step = int(open(path).read()) if os.path.exists(path) else 0
open(path, "w").write(str(step + 1))
"""
    changes = {
        "CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/checkpoints"},
        "Environment": {"CHECKPOINTS": "/opt/ml/checkpoints"},
    }
    for _ in range(2):
        job = account.train(script, **changes)
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert account.get(f"s3://{BUCKET}/checkpoints/step") == b"2"


def test_input_that_is_not_there_fails_the_job_not_the_call(account):
    job = account.train("", train=f"s3://{BUCKET}/nowhere/")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(
        f'ClientError: Data download failed: No S3 objects found under S3 URL "s3://{BUCKET}/nowhere/"'
    )


def test_a_role_without_a_permission_fails_where_it_is_missing(account):
    account.put("secret/a.csv", "1")
    blind = account.cloud.role(
        "sagemaker.amazonaws.com", *(one for one in MAY_WORK if one["Action"] != "s3:ListBucket")
    )
    job = account.train("", train=f"s3://{BUCKET}/secret/", RoleArn=blind)
    assert job["TrainingJobStatus"] == "Failed"
    assert "AccessDenied" in job["FailureReason"]
    assert "s3:ListBucket" in job["FailureReason"]


def test_a_role_without_log_permissions_runs_and_keeps_its_log_here(account):
    mute = account.cloud.role("sagemaker.amazonaws.com", *MAY_WORK[:2])
    job = account.train("print('unheard')", RoleArn=mute)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    log = (account.cloud.state_dir / "jobs" / job["TrainingJobName"] / "algo-1.log").read_text()
    assert "unheard" in log
    assert "CloudWatch has no more of this log" in log


@pytest.mark.parametrize(
    ("missing", "action"),
    [("sagemaker:CreateTrainingJob", "sagemaker:CreateTrainingJob"), ("iam:PassRole", "iam:PassRole")],
)
def test_a_caller_needs_the_permission_to_create_and_to_pass_the_role(account, missing, action):
    jobs = "arn:aws:sagemaker:us-east-1:000000000000:training-job/*"
    passed = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    granted = [
        {"Action": "sagemaker:CreateTrainingJob", "Resource": jobs},
        {"Action": "iam:PassRole", "Resource": account.role, "Condition": passed},
    ]
    caller = account.cloud.role("sagemaker.amazonaws.com", *(one for one in granted if one["Action"] != missing))
    limited = as_role(account, caller, "sagemaker")
    with pytest.raises(ClientError, match=action) as refusal:
        limited.create_training_job(
            TrainingJobName=f"denied-{uuid.uuid4().hex[:8]}",
            RoleArn=account.role,
            AlgorithmSpecification={"TrainingImage": SKLEARN, "TrainingInputMode": "File"},
            HyperParameters={"sagemaker_program": "a.py", "sagemaker_submit_directory": "s3://a/b.tar.gz"},
            OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out"},
            ResourceConfig=CLUSTER,
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        )
    assert refusal.value.response["Error"]["Code"] == "AccessDeniedException"


def as_role(account: Account, role: str, service: str) -> Any:
    """A client of the role, made by the account's root, which the role's trust does not name."""
    name = role.rsplit("/", 1)[-1]
    trust = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
        ]
    }
    account.cloud.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    return account.cloud.as_role(role, service)


def test_jobs_are_listed_tagged_and_named_once(account):
    job = account.train("", Tags=[{"Key": "team", "Value": "a"}])
    arn, name = job["TrainingJobArn"], job["TrainingJobName"]
    account.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "run", "Value": "1"}])
    assert account.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [
        {"Key": "run", "Value": "1"},
        {"Key": "team", "Value": "a"},
    ]
    pages = account.sagemaker.get_paginator("list_training_jobs").paginate(
        NameContains=name, StatusEquals="Completed", PaginationConfig={"PageSize": 1}
    )
    assert [one["TrainingJobName"] for page in pages for one in page["TrainingJobSummaries"]] == [name]
    with pytest.raises(account.sagemaker.exceptions.ResourceInUse, match="names must be unique"):
        account.train("", TrainingJobName=name)


def test_every_state_is_an_event_that_a_rule_sees(account):
    url, arn = account.cloud.queue(admits="events.amazonaws.com")
    events = account.cloud.client("events")
    pattern = {"source": ["aws.sagemaker"], "detail-type": ["SageMaker Training Job State Change"]}
    rule = f"jobs-{uuid.uuid4().hex[:8]}"
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    job = account.train("")
    events.remove_targets(Rule=rule, Ids=["queue"])
    events.delete_rule(Name=rule)
    seen = [json.loads(message["Body"]) for message in account.cloud.messages(url, 5)]
    assert {event["detail"]["SecondaryStatus"] for event in seen} == {
        "Starting", "Downloading", "Training", "Uploading", "Completed",
    }  # fmt: skip
    assert all(event["resources"] == [job["TrainingJobArn"]] for event in seen)


def test_the_script_sees_the_images_packages_and_not_this_project(account):
    script = """
import importlib.util, json, os
names = ("sluice", "localcloud", "functions", "cli", "sklearn", "pandas")
found = [name for name in names if importlib.util.find_spec(name)]
json.dump(found, open(os.path.join(os.environ["SM_MODEL_DIR"], "found"), "w"))
"""
    job = account.train(script)
    found = account.unpack(job["ModelArtifacts"]["S3ModelArtifacts"])["found"]
    assert json.loads(found) == ["sklearn", "pandas"]


def test_built_in_algorithms_are_refused_at_create(account):
    with pytest.raises(ClientError, match="local cloud runs scripts only"):
        account.sagemaker.create_training_job(
            TrainingJobName="built-in",
            RoleArn=account.role,
            AlgorithmSpecification={"TrainingImage": SKLEARN, "TrainingInputMode": "File"},
            HyperParameters={"max_depth": "3"},
            OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/out"},
            ResourceConfig=CLUSTER,
            StoppingCondition={"MaxRuntimeInSeconds": 60},
        )
