"""State machines that run SageMaker jobs, under their own role."""

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.localcloud.conftest import ACCOUNT, REGION, Running
from tests.waiting import eventually

IMAGE = f"683313688378.dkr.ecr.{REGION}.amazonaws.com/sagemaker-xgboost:3.2-0"
STATES = "states.amazonaws.com"
LAMBDA_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:*"

JOBS = {
    "Action": [
        "sagemaker:CreateProcessingJob",
        "sagemaker:DescribeProcessingJob",
        "sagemaker:StopProcessingJob",
        "sagemaker:AddTags",
        "sagemaker:ListTags",
    ],
    "Resource": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:processing-job/*",
}
RULES = {
    "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
    "Resource": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule",
}


def passing(role_arn: str) -> dict[str, Any]:
    service = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    return {"Action": "iam:PassRole", "Resource": role_arn, "Condition": service}


def job(name: str, role_arn: str, script: str) -> dict[str, Any]:
    return {
        "ProcessingJobName": name,
        "RoleArn": role_arn,
        "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["python3", "-c", script]},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        },
    }


def machine(arguments: Mapping[str, Any], **state: Any) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync", "Parameters": arguments}
    return {"StartAt": "Job", "States": {"Job": {**task, "End": True, **state}}}


@pytest.fixture
def job_name() -> str:
    return f"job-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def job_role(cloud: Running) -> str:
    return cloud.role("sagemaker.amazonaws.com", {"Action": ["logs:*", "s3:*"], "Resource": "*"})


@pytest.fixture(scope="module")
def machine_role(cloud: Running, job_role: str) -> str:
    return cloud.role(STATES, JOBS, RULES, passing(job_role))


def test_the_output_is_the_described_job(cloud: Running, job_name: str, job_role: str, machine_role: str) -> None:
    finished = cloud.execution(machine(job(job_name, job_role, "print('hello')")), machine_role, {})

    assert finished["status"] == "SUCCEEDED", finished.get("cause")
    output = json.loads(finished["output"])
    assert output["ProcessingJobStatus"] == "Completed"
    assert output["ProcessingJobName"] == job_name
    assert abs(output["CreationTime"] / 1000 - time.time()) < 60
    assert output["Tags"] == {
        "AWS_STEP_FUNCTIONS_EXECUTION_ARN": finished["executionArn"],
        "MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS",
    }


def test_a_failed_job_is_a_failed_task_with_the_job_as_its_cause(
    cloud: Running, job_name: str, job_role: str, machine_role: str
) -> None:
    finished = cloud.execution(machine(job(job_name, job_role, "raise SystemExit(3)")), machine_role, {})

    assert (finished["status"], finished["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(finished["cause"])["ProcessingJobStatus"] == "Failed"


def test_a_refused_job_has_sagemakers_error_name(
    cloud: Running, job_name: str, job_role: str, machine_role: str
) -> None:
    request = job(job_name, job_role, "pass")
    assert cloud.execution(machine(request), machine_role, {})["status"] == "SUCCEEDED"

    again = cloud.execution(machine(request), machine_role, {})

    assert again["error"] == "SageMaker.ResourceInUseException"
    assert job_name in again["cause"]
    assert "Error Code: ResourceInUse" in again["cause"]


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("sagemaker:CreateProcessingJob", "is not authorized to perform: sagemaker:CreateProcessingJob on resource"),
        ("sagemaker:AddTags", "is not authorized to perform: sagemaker:AddTags on resource"),
        ("sagemaker:DescribeProcessingJob", "is not authorized to perform: sagemaker:DescribeProcessingJob"),
        ("sagemaker:ListTags", "is not authorized to perform: sagemaker:ListTags"),
        ("iam:PassRole", "is not authorized to perform: iam:PassRole on resource"),
    ],
)
def test_every_permission_is_needed(cloud: Running, job_name: str, job_role: str, missing: str, said: str) -> None:
    kept = {**JOBS, "Action": [action for action in JOBS["Action"] if action != missing]}
    statements = [kept, RULES, *([] if missing == "iam:PassRole" else [passing(job_role)])]

    finished = cloud.execution(machine(job(job_name, job_role, "pass")), cloud.role(STATES, *statements), {})

    assert finished["error"] == "SageMaker.AmazonSageMakerException"
    assert said in finished["cause"]


def test_creation_needs_the_managed_rule(cloud: Running, job_name: str, job_role: str) -> None:
    role = cloud.role(STATES, JOBS, passing(job_role))

    with pytest.raises(ClientError, match="is not authorized to create managed-rule") as refused:
        cloud.start(machine(job(job_name, job_role, "pass")), role, {})

    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def test_creation_needs_a_role_that_trusts_step_functions(cloud: Running) -> None:
    role = cloud.role("lambda.amazonaws.com")

    with pytest.raises(ClientError, match="authorized to assume the provided role"):
        cloud.start({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, role, {})


def test_stopping_the_execution_stops_the_job(cloud: Running, job_name: str, job_role: str, machine_role: str) -> None:
    states, sagemaker = cloud.client("stepfunctions"), cloud.client("sagemaker")
    retried = {"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}]}
    execution = cloud.start(
        machine(job(job_name, job_role, "import time; time.sleep(300)"), **retried), machine_role, {}
    )
    eventually(lambda: _status(sagemaker, job_name) == "InProgress")

    states.stop_execution(executionArn=execution, error="Changed", cause="our minds")

    eventually(lambda: _status(sagemaker, job_name) == "Stopped")
    description = states.describe_execution(executionArn=execution)
    assert (description["status"], description["error"]) == ("ABORTED", "Changed")


def test_a_task_that_times_out_stops_its_job(cloud: Running, job_name: str, job_role: str, machine_role: str) -> None:
    definition = machine(job(job_name, job_role, "import time; time.sleep(300)"), TimeoutSeconds=3)

    finished = cloud.execution(definition, machine_role, {})

    assert finished["error"] == "States.Timeout"
    eventually(lambda: _status(cloud.client("sagemaker"), job_name) == "Stopped")


@pytest.mark.parametrize(
    ("seconds", "error"), [(3, "States.Timeout"), ("soon", "States.QueryEvaluationError")], ids=["in time", "no number"]
)
def test_a_tasks_time_may_be_an_expression(
    cloud: Running, job_name: str, job_role: str, machine_role: str, seconds: object, error: str
) -> None:
    asked = job(job_name, job_role, "import time; time.sleep(300)")
    definition = machine({}, Arguments=asked, TimeoutSeconds="{% $states.input.seconds %}")
    del definition["States"]["Job"]["Parameters"]

    finished = cloud.execution(definition | {"QueryLanguage": "JSONata"}, machine_role, {"seconds": seconds})

    assert finished["error"] == error
    if error == "States.Timeout":
        eventually(lambda: _status(cloud.client("sagemaker"), job_name) == "Stopped")


def test_an_execution_that_times_out_is_timed_out(
    cloud: Running, job_name: str, job_role: str, machine_role: str
) -> None:
    definition = machine(job(job_name, job_role, "import time; time.sleep(300)")) | {"TimeoutSeconds": 3}

    finished = cloud.execution(definition, machine_role, {})

    assert finished["status"] == "TIMED_OUT"
    eventually(lambda: _status(cloud.client("sagemaker"), job_name) == "Stopped")


def test_parameters_that_sagemaker_does_not_know_are_refused(
    cloud: Running, job_name: str, job_role: str, machine_role: str
) -> None:
    request = job(job_name, job_role, "pass") | {"Colour": "green"}

    finished = cloud.execution(machine(request), machine_role, {})

    assert finished["error"] == "States.Runtime"
    assert "Colour" in finished["cause"]


def test_a_lambda_task_needs_the_permission_of_the_machines_role(cloud: Running) -> None:
    function = cloud.function("def handle(event, context):\n    return {'doubled': event['number'] * 2}\n")
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.Payload", "End": True}
    definition = {
        "StartAt": "Double",
        "States": {"Double": {**task, "Parameters": {"FunctionName": function, "Payload.$": "$"}}},
    }
    allowed = cloud.role(STATES, {"Action": "lambda:InvokeFunction", "Resource": LAMBDA_ARN})

    assert json.loads(cloud.execution(definition, allowed, {"number": 21})["output"]) == {"doubled": 42}
    denied = cloud.execution(definition, cloud.role(STATES), {"number": 21})

    assert denied["error"] == "Lambda.AWSLambdaException"
    assert f"is not authorized to perform: lambda:InvokeFunction on resource: {function}" in denied["cause"]


def test_a_failing_function_is_caught_by_its_exceptions_name(cloud: Running) -> None:
    function = cloud.function(
        """
        class BadUpload(Exception):
            pass

        def handle(event, context):
            raise BadUpload("row 7 has no target")
        """
    )
    task = {
        "Type": "Task",
        "Resource": function,
        "End": True,
        "Catch": [{"ErrorEquals": ["BadUpload"], "Next": "Caught"}],
    }
    definition = {"StartAt": "Try", "States": {"Try": task, "Caught": {"Type": "Pass", "End": True}}}

    finished = cloud.execution(
        definition, cloud.role(STATES, {"Action": "lambda:InvokeFunction", "Resource": LAMBDA_ARN}), {}
    )

    assert finished["status"] == "SUCCEEDED"
    output = json.loads(finished["output"])
    assert output["Error"] == "BadUpload"
    assert json.loads(output["Cause"])["errorMessage"] == "row 7 has no target"


@pytest.mark.parametrize("allowed", [True, False])
def test_sdk_integrations_act_as_the_machines_role(cloud: Running, allowed: bool) -> None:
    bucket = f"sdk-{uuid.uuid4().hex[:8]}"
    statements = [{"Action": "s3:CreateBucket", "Resource": f"arn:aws:s3:::{bucket}"}] if allowed else []
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:createBucket", "Parameters": {"Bucket": bucket}}

    finished = cloud.execution(
        {"StartAt": "Make", "States": {"Make": {**task, "End": True}}}, cloud.role(STATES, *statements), {}
    )

    made = bucket in [one["Name"] for one in cloud.client("s3").list_buckets()["Buckets"]]
    assert (finished["status"], made) == (("SUCCEEDED", True) if allowed else ("FAILED", False))


@pytest.mark.parametrize("allowed", [True, False])
def test_sagemakers_sdk_integration_acts_as_the_machines_role(cloud: Running, allowed: bool) -> None:
    name = f"sdk-{uuid.uuid4().hex[:8]}"
    statements = [{"Action": "sagemaker:CreateModelPackageGroup", "Resource": "*"}] if allowed else []
    resource = "arn:aws:states:::aws-sdk:sagemaker:createModelPackageGroup"
    task = {"Type": "Task", "Resource": resource, "Parameters": {"ModelPackageGroupName": name}, "End": True}

    finished = cloud.execution({"StartAt": "Make", "States": {"Make": task}}, cloud.role(STATES, *statements), {})

    if allowed:
        assert json.loads(finished["output"])["ModelPackageGroupArn"].endswith(f"/{name}")
    else:
        assert finished["error"] == "SageMaker.AccessDeniedException"
        assert "is not authorized to perform: sagemaker:CreateModelPackageGroup" in finished["cause"]


def _status(sagemaker: Any, name: str) -> str:
    try:
        return str(sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"])
    except ClientError:
        return ""
