"""Tuning jobs by boto3 and by Step Functions, with IAM enforced."""

import io
import json
import tarfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from localcloud import daemon
from tests.integration.localcloud.conftest import ACCOUNT, REGION, Running
from tests.waiting import eventually

STATES = "states.amazonaws.com"
IMAGE = f"683313688378.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
BUCKET = "data-of-the-tuning-tests"
QUICKLY = {"Delay": 0.05, "MaxAttempts": 1200}
METRIC = "validation:score"
TUNING_JOBS = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:hyper-parameter-tuning-job/*"
SCRIPT = """
import argparse, os
parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("--rate", type=float, required=True)
rate = parser.parse_args().rate
print(f"validation-score:{-abs(rate - 0.3)}")
open(os.path.join(os.environ["SM_MODEL_DIR"], "rate"), "w").write(str(rate))
"""
SLEEP = "import time; time.sleep(300)"
JOBS = {
    "Action": [
        "sagemaker:CreateHyperParameterTuningJob",
        "sagemaker:DescribeHyperParameterTuningJob",
        "sagemaker:StopHyperParameterTuningJob",
        "sagemaker:AddTags",
        "sagemaker:ListTags",
    ],
    "Resource": TUNING_JOBS,
}
RULES = {
    "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
    "Resource": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForSageMakerTuningJobsRule",
}


def passing(role_arn: str) -> dict[str, Any]:
    service = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    return {"Action": "iam:PassRole", "Resource": role_arn, "Condition": service}


class Account:
    """What a user has: clients, a bucket, a role for the jobs."""

    def __init__(self, cloud: Running) -> None:
        self.cloud = cloud
        self.sagemaker = cloud.client("sagemaker")
        self.s3 = cloud.client("s3")
        self.s3.create_bucket(Bucket=BUCKET)
        self.role = cloud.role(
            "sagemaker.amazonaws.com",
            {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"arn:aws:s3:::{BUCKET}/*"},
            {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"},
            {"Action": "logs:*", "Resource": "*"},
        )

    def request(self, script: str = SCRIPT, jobs: int = 4, parallel: int = 2, **members: Any) -> dict[str, Any]:
        ranges = [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}]
        return {
            "HyperParameterTuningJobName": f"tune-{uuid.uuid4().hex[:8]}",
            "HyperParameterTuningJobConfig": {
                "Strategy": "Bayesian",
                "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": METRIC},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": parallel},
                "ParameterRanges": {"ContinuousParameterRanges": ranges},
            },
            "TrainingJobDefinition": {
                "AlgorithmSpecification": {
                    "TrainingImage": IMAGE,
                    "TrainingInputMode": "File",
                    "MetricDefinitions": [{"Name": METRIC, "Regex": r"validation-score:(\S+)"}],
                },
                "StaticHyperParameters": {
                    "sagemaker_program": "train.py",
                    "sagemaker_submit_directory": self.source(script),
                },
                "RoleArn": self.role,
                "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
                "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
                "StoppingCondition": {"MaxRuntimeInSeconds": 120},
            },
            **members,
        }

    def source(self, script: str) -> str:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            member = tarfile.TarInfo("train.py")
            member.size = len(script.encode())
            tar.addfile(member, io.BytesIO(script.encode()))
        key = f"code/{uuid.uuid4().hex}.tar.gz"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=buffer.getvalue())
        return f"s3://{BUCKET}/{key}"

    def described(self, name: str) -> dict[str, Any]:
        described: dict[str, Any] = self.sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        return described

    def status(self, name: str) -> str:
        try:
            return str(self.described(name)["HyperParameterTuningJobStatus"])
        except ClientError:
            return ""

    def tune(self, request: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """Run a tuning job to its end, whatever that is."""
        request = request or self.request(**changes)
        name = request["HyperParameterTuningJobName"]
        self.sagemaker.create_hyper_parameter_tuning_job(**request)
        ended = ("Completed", "Failed", "Stopped")
        eventually(lambda: self.status(name) in ended, f"{name} ends")
        return self.described(name)

    def children(self, name: str, **members: Any) -> list[dict[str, Any]]:
        pages = self.sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
            HyperParameterTuningJobName=name, **members
        )
        return [one for page in pages for one in page["TrainingJobSummaries"]]


@pytest.fixture(scope="module")
def account(cloud: Running) -> Account:
    return Account(cloud)


def test_the_best_model_of_a_search_lies_where_its_training_job_says(account: Account) -> None:
    # Given a search of six jobs, when it has ended
    job = account.tune(jobs=6, parallel=2)

    # Then all of them are training jobs of its own, listed page by page
    name = job["HyperParameterTuningJobName"]
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    assert job["TrainingJobStatusCounters"]["Completed"] == 6
    listed = account.children(name, PaginationConfig={"PageSize": 4})
    assert len(listed) == 6

    # And the best one's model holds the best rate
    best = max(listed, key=lambda one: one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])
    assert job["BestTrainingJob"]["TrainingJobName"] == best["TrainingJobName"]
    trained = account.sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert trained["TuningJobArn"] == job["HyperParameterTuningJobArn"]
    key = trained["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/")
    body = account.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        rate = tar.extractfile("rate").read().decode()
    assert rate == best["TunedHyperParameters"]["rate"]

    # And each has a log and a metric under its own name
    group = "/aws/sagemaker/TrainingJobs"
    for one in listed:
        streams = account.cloud.client("logs").describe_log_streams(
            logGroupName=group, logStreamNamePrefix=one["TrainingJobName"]
        )
        assert len(streams["logStreams"]) == 1


def test_the_jobs_run_under_the_definitions_role(account: Account) -> None:
    may_nothing = account.cloud.role("sagemaker.amazonaws.com")
    request = account.request(jobs=2)
    request["TrainingJobDefinition"]["RoleArn"] = may_nothing
    name = request["HyperParameterTuningJobName"]
    account.sagemaker.create_hyper_parameter_tuning_job(**request)
    eventually(lambda: account.status(name) == "Failed")
    reason = account.described(name)["FailureReason"]
    assert "No training job succeeded after 2 attempts" in reason
    assert "Data download failed" in reason


def test_the_waiter_of_boto3_waits_for_the_children_as_well(account: Account) -> None:
    job = account.tune(jobs=1, parallel=1)
    waiter = account.sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=job["BestTrainingJob"]["TrainingJobName"], WaiterConfig=QUICKLY)
    failed = account.tune(script="raise SystemExit(3)", jobs=1, parallel=1)
    (child,) = account.children(failed["HyperParameterTuningJobName"])
    with pytest.raises(WaiterError, match="terminal failure state"):
        waiter.wait(TrainingJobName=child["TrainingJobName"], WaiterConfig=QUICKLY)


def caller(account: Account, *statements: Mapping[str, Any]) -> Any:
    trusted = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    return account.cloud.as_role(account.cloud.role(trusted, *statements), "sagemaker")


def test_tagging_and_passing_are_asked_of_the_caller(account: Account) -> None:
    create = {"Action": "sagemaker:CreateHyperParameterTuningJob", "Resource": TUNING_JOBS}
    tagged = account.request(jobs=1, parallel=1, Tags=[{"Key": "team", "Value": "a"}])
    for statements, said in (
        ([], "sagemaker:CreateHyperParameterTuningJob"),
        ([create, passing(account.role)], "sagemaker:AddTags"),
        ([create, {"Action": "sagemaker:AddTags", "Resource": TUNING_JOBS}], "iam:PassRole"),
    ):
        with pytest.raises(ClientError, match=said) as refused:
            caller(account, *statements).create_hyper_parameter_tuning_job(**tagged)
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"

    allowed = [create, {"Action": "sagemaker:AddTags", "Resource": TUNING_JOBS}, passing(account.role)]
    made = caller(account, *allowed).create_hyper_parameter_tuning_job(**tagged)
    tags = account.sagemaker.list_tags(ResourceArn=made["HyperParameterTuningJobArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "a"}]


def test_errors_have_sagemakers_names(account: Account) -> None:
    exceptions = account.sagemaker.exceptions
    with pytest.raises(exceptions.ResourceNotFound, match="can't find a tuning job called absent"):
        account.described("absent")
    request = account.request(jobs=1, parallel=1)
    account.sagemaker.create_hyper_parameter_tuning_job(**request)
    with pytest.raises(exceptions.ResourceInUse, match="names must be unique"):
        account.sagemaker.create_hyper_parameter_tuning_job(**request)


def test_every_state_is_an_event_that_a_rule_sees(account: Account) -> None:
    url, arn = account.cloud.queue(admits="events.amazonaws.com")
    events, rule = account.cloud.client("events"), f"tuning-{uuid.uuid4().hex[:8]}"
    request = account.request(jobs=1, parallel=1)
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker HyperParameter Tuning Job State Change"],
        "detail": {"HyperParameterTuningJobName": [request["HyperParameterTuningJobName"]]},
    }
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    job = account.tune(request)
    seen = [json.loads(message["Body"]) for message in account.cloud.messages(url, 2)]
    events.remove_targets(Rule=rule, Ids=["queue"])
    events.delete_rule(Name=rule)
    assert {event["detail"]["HyperParameterTuningJobStatus"] for event in seen} == {"InProgress", "Completed"}
    assert all(event["resources"] == [job["HyperParameterTuningJobArn"]] for event in seen)


def machine(request: Mapping[str, Any]) -> dict[str, Any]:
    resource = "arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync"
    return {
        "StartAt": "Tune",
        "States": {"Tune": {"Type": "Task", "Resource": resource, "Parameters": request, "End": True}},
    }


def test_a_state_machine_waits_for_its_search(account: Account) -> None:
    role = account.cloud.role(STATES, JOBS, RULES, passing(account.role))

    finished = account.cloud.execution(machine(account.request()), role, {})

    assert finished["status"] == "SUCCEEDED", finished.get("cause")
    output = json.loads(finished["output"])
    assert output["HyperParameterTuningJobStatus"] == "Completed"
    assert output["BestTrainingJob"]["TrainingJobStatus"] == "Completed"
    assert output["Tags"]["AWS_STEP_FUNCTIONS_EXECUTION_ARN"] == finished["executionArn"]
    # The tags are those of the search, and so of every training job that it starts.
    child = output["BestTrainingJob"]["TrainingJobArn"]
    tags = {tag["Key"]: tag["Value"] for tag in account.sagemaker.list_tags(ResourceArn=child)["Tags"]}
    assert tags == output["Tags"]


def test_a_failed_search_is_a_failed_task(account: Account) -> None:
    role = account.cloud.role(STATES, JOBS, RULES, passing(account.role))

    finished = account.cloud.execution(machine(account.request("raise SystemExit(3)", jobs=2)), role, {})

    assert (finished["status"], finished["error"]) == ("FAILED", "States.TaskFailed")
    cause = json.loads(finished["cause"])
    assert cause["HyperParameterTuningJobStatus"] == "Failed"
    assert "ExitCode 3" in cause["FailureReason"]


@pytest.mark.parametrize(
    "missing",
    [
        "sagemaker:CreateHyperParameterTuningJob",
        "sagemaker:AddTags",
        "sagemaker:DescribeHyperParameterTuningJob",
        "sagemaker:ListTags",
        "iam:PassRole",
    ],
)
def test_every_permission_is_needed(account: Account, missing: str) -> None:
    kept = {**JOBS, "Action": [action for action in JOBS["Action"] if action != missing]}
    statements = [kept, RULES, *([] if missing == "iam:PassRole" else [passing(account.role)])]

    finished = account.cloud.execution(
        machine(account.request(jobs=1, parallel=1)), account.cloud.role(STATES, *statements), {}
    )

    assert finished["error"] == "SageMaker.AmazonSageMakerException"
    assert f"is not authorized to perform: {missing}" in finished["cause"]


def test_creation_needs_the_managed_rule(account: Account) -> None:
    role = account.cloud.role(STATES, JOBS, passing(account.role))

    with pytest.raises(ClientError, match="is not authorized to create managed-rule"):
        account.cloud.start(machine(account.request()), role, {})


def test_stopping_the_execution_stops_the_search_and_its_jobs(account: Account) -> None:
    role = account.cloud.role(STATES, JOBS, RULES, passing(account.role))
    request = account.request(SLEEP)
    name = request["HyperParameterTuningJobName"]
    execution = account.cloud.start(machine(request), role, {})
    eventually(lambda: account.status(name) and len(account.children(name, StatusEquals="InProgress")) == 2)

    account.cloud.client("stepfunctions").stop_execution(executionArn=execution)

    eventually(lambda: account.status(name) == "Stopped")
    assert {one["TrainingJobStatus"] for one in account.children(name)} == {"Stopped"}


def test_a_search_ends_with_a_server_that_ends(account: Account, tmp_path: Path) -> None:
    """Its training processes must not outlive it."""
    with daemon.running(tmp_path) as server:
        other = Account(Running(server, tmp_path))
        marker = tmp_path / "pid"
        other.sagemaker.create_hyper_parameter_tuning_job(
            **other.request(
                f"import os\nopen({str(marker)!r}, 'w').write(str(os.getpid()))\n{SLEEP}", jobs=1, parallel=1
            )
        )
        eventually(lambda: marker.is_file() and marker.read_text())
    eventually(lambda: not Path(f"/proc/{marker.read_text()}").exists(), "the training process ends")
