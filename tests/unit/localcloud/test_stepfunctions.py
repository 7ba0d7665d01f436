"""What a task needs to be allowed, and how SageMaker's answers become a state's."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Credentials
from localcloud.errors import ApiError
from localcloud.executions import Execution, TaskFailed
from localcloud.stepfunctions import SageMakerTasks, TaskPermissions, require_managed_rules
from tests.fakes.cloud import FakeCloud

ROLE = "arn:aws:iam::000000000000:role/machine"
SCOPE = "us-east-1:000000000000"


@pytest.fixture
def execution() -> Execution:
    return Execution(f"arn:aws:states:{SCOPE}:execution:retrain:1", ROLE)


@pytest.fixture
def cloud(tmp_path: Path) -> FakeCloud:
    return FakeCloud(tmp_path)


@pytest.mark.parametrize(
    ("resource", "arguments", "asked"),
    [
        (
            "arn:aws:states:::lambda:invoke",
            {"FunctionName": f"arn:aws:lambda:{SCOPE}:function:gate"},
            ("lambda:InvokeFunction", f"arn:aws:lambda:{SCOPE}:function:gate"),
        ),
        (
            "arn:aws:states:::lambda:invoke.waitForTaskToken",
            {"FunctionName": "gate"},
            ("lambda:InvokeFunction", f"arn:aws:lambda:{SCOPE}:function:gate"),
        ),
        (
            f"arn:aws:lambda:{SCOPE}:function:gate:live",
            {},
            ("lambda:InvokeFunction", f"arn:aws:lambda:{SCOPE}:function:gate:live"),
        ),
        (
            "arn:aws:states:::dynamodb:putItem",
            {"TableName": "state"},
            ("dynamodb:PutItem", f"arn:aws:dynamodb:{SCOPE}:table/state"),
        ),
        (
            "arn:aws:states:::sqs:sendMessage",
            {"QueueUrl": "http://127.0.0.1:4566/000000000000/todo"},
            ("sqs:SendMessage", f"arn:aws:sqs:{SCOPE}:todo"),
        ),
        ("arn:aws:states:::sns:publish", {"TopicArn": "arn:topic"}, ("sns:Publish", "arn:topic")),
        (
            "arn:aws:states:::states:startExecution.sync:2",
            {"StateMachineArn": "arn:machine"},
            ("states:StartExecution", "arn:machine"),
        ),
        ("arn:aws:states:::events:putEvents", {}, ("events:PutEvents", f"arn:aws:events:{SCOPE}:event-bus/default")),
        # These make calls of their own, which are authorized where they arrive.
        ("arn:aws:states:::sagemaker:createTrainingJob.sync", {}, None),
        ("arn:aws:states:::aws-sdk:s3:copyObject", {}, None),
    ],
)
def test_each_kind_of_task_is_authorized(
    cloud: FakeCloud, execution: Execution, resource: str, arguments: dict[str, Any], asked: tuple[str, str] | None
) -> None:
    TaskPermissions(cloud, lambda _execution, _service: {}).check(execution, resource, arguments)

    assert [(one.action, one.resource) for one in cloud.authorizations] == ([asked] if asked else [])


def test_a_denied_lambda_task_fails_as_step_functions_says(cloud: FakeCloud, execution: Execution) -> None:
    cloud.denied.add("lambda:InvokeFunction")

    with pytest.raises(TaskFailed) as failed:
        TaskPermissions(cloud, lambda _execution, _service: {}).check(
            execution, "arn:aws:states:::lambda:invoke", {"FunctionName": "gate"}
        )

    assert failed.value.error == "Lambda.AWSLambdaException"
    assert failed.value.cause.startswith(f"User: {ROLE} is not authorized to perform: lambda:InvokeFunction")
    assert failed.value.cause.endswith(
        "(Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException; Proxy: null)"
    )


class RefusingClient:
    def __init__(self, code: str) -> None:
        self._code = code

    def create_model(self, **_arguments: Any) -> dict[str, Any]:
        answer = {"Error": {"Code": self._code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        raise ClientError(answer, "CreateModel")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ResourceLimitExceeded", "SageMaker.ResourceLimitExceededException"),
        ("ResourceInUse", "SageMaker.ResourceInUseException"),
        ("ConflictException", "SageMaker.ConflictException"),
        ("ValidationException", "SageMaker.AmazonSageMakerException"),
        ("AccessDeniedException", "SageMaker.AmazonSageMakerException"),
        ("ThrottlingException", "SageMaker.AmazonSageMakerException"),
    ],
)
def test_errors_are_named_as_by_the_service_integration(
    cloud: FakeCloud, execution: Execution, code: str, name: str
) -> None:
    cloud.clients["sagemaker"] = RefusingClient(code)
    tasks = SageMakerTasks(cloud, lambda _execution: Credentials("a", "b"), lambda _kind, _name: {})

    with pytest.raises(TaskFailed) as failed:
        tasks.run(execution, "arn:aws:states:::sagemaker:createModel", {"ModelName": "m"})

    assert failed.value.error == name
    assert failed.value.cause == f"no (Service: AmazonSageMaker; Status Code: 400; Error Code: {code}; Proxy: null)"


@pytest.mark.parametrize("resource", ["createEndpoint.sync", "createTrainingJob.waitForTaskToken", "fly"])
def test_what_is_not_there_is_said_to_be_missing(cloud: FakeCloud, execution: Execution, resource: str) -> None:
    cloud.clients["sagemaker"] = object()
    tasks = SageMakerTasks(cloud, lambda _execution: Credentials("a", "b"), lambda _kind, _name: {})

    with pytest.raises(TaskFailed, match=r"States\.Runtime"):
        tasks.run(execution, f"arn:aws:states:::sagemaker:{resource}", {})


@pytest.mark.parametrize("missing", ["events:PutTargets", "events:PutRule", "events:DescribeRule"])
def test_a_machine_with_jobs_needs_every_permission_on_the_managed_rule(missing: str) -> None:
    definition = '{"Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync"}'

    with pytest.raises(ApiError, match="is not authorized to create managed-rule"):
        require_managed_rules(definition, lambda action, _arn: action != missing, ROLE, "000000000000", "us-east-1")


@pytest.mark.parametrize(
    ("resource", "rule"),
    [
        ("sagemaker:createProcessingJob.sync", "SageMakerProcessingJobs"),
        ("sagemaker:createTrainingJob.sync", "SageMakerTrainingJobs"),
        ("sagemaker:createHyperParameterTuningJob.sync", "SageMakerTuningJobs"),
        ("states:startExecution.sync", "StepFunctionsExecution"),
        ("states:startExecution.sync:2", "StepFunctionsExecution"),
    ],
)
def test_every_kind_of_job_has_a_managed_rule_of_its_own(resource: str, rule: str) -> None:
    definition = json.dumps({"Resource": f"arn:aws:states:::{resource}"})
    arn = f"arn:aws:events:{SCOPE}:rule/StepFunctionsGetEventsFor{rule}Rule"
    asked: list[str] = []

    require_managed_rules(
        definition, lambda _action, on: bool(asked.append(on) or True), ROLE, "000000000000", "us-east-1"
    )

    assert set(asked) == {arn}


@pytest.mark.parametrize("resource", ["sagemaker:createHyperParameterTuningJob", "states:startExecution"])
def test_what_is_not_waited_for_needs_no_rule(resource: str) -> None:
    definition = json.dumps({"Resource": f"arn:aws:states:::{resource}"})
    require_managed_rules(definition, lambda *_: False, ROLE, "000000000000", "us-east-1")


def test_a_machine_without_jobs_needs_none() -> None:
    require_managed_rules('{"Resource": "arn:aws:states:::lambda:invoke"}', lambda *_: False, ROLE, "0", "us-east-1")


def test_the_end_of_an_execution_reaches_the_running_task_once(execution: Execution) -> None:
    ended: list[str] = []
    with execution.cancelling(lambda: ended.append("first")):
        execution.end()
    with execution.cancelling(lambda: ended.append("late")):
        pass

    assert ended == ["first", "late"]
