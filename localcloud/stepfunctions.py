"""Step Functions' optimized SageMaker integrations, `.sync` included, and the permissions each task needs.

The calls are real ones, under the state machine role's session: what the role may not do fails here as on AWS.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError

from localcloud.cloud import Caller, Cloud, Credentials
from localcloud.errors import ApiError
from localcloud.executions import Execution, ExecutionEnded, TaskFailed
from localcloud.nested_executions import PREFIX as NESTED

_log = logging.getLogger(__name__)

PREFIX: Final = "arn:aws:states:::sagemaker:"

Kind = Literal["processing", "training", "transform", "tuning"]
# Blocks until the job has ended, on the service's own completion: nothing polls.
WaitForJob = Callable[[Kind, str], Mapping[str, Any]]
SessionOf = Callable[[Execution], Credentials]
HeadersOf = Callable[[Execution, str], dict[str, str]]


@dataclass(frozen=True)
class JobKind:
    """What `.sync` has to know of a kind of job. `member` is the common stem of its API names."""

    kind: Kind
    member: str
    rule: str

    @property
    def name(self) -> str:
        return f"{self.member}Name"

    @property
    def arn(self) -> str:
        return f"{self.member}Arn"

    @property
    def status(self) -> str:
        return f"{self.member}Status"


JOB_KINDS: Final[Mapping[str, JobKind]] = {
    "createProcessingJob": JobKind(
        "processing", "ProcessingJob", "StepFunctionsGetEventsForSageMakerProcessingJobsRule"
    ),
    "createTrainingJob": JobKind("training", "TrainingJob", "StepFunctionsGetEventsForSageMakerTrainingJobsRule"),
    "createTransformJob": JobKind("transform", "TransformJob", "StepFunctionsGetEventsForSageMakerTransformJobsRule"),
    "createHyperParameterTuningJob": JobKind(
        "tuning", "HyperParameterTuningJob", "StepFunctionsGetEventsForSageMakerTuningJobsRule"
    ),
}

_NESTED_RULE: Final = "StepFunctionsGetEventsForStepFunctionsExecutionRule"

# Errors that SageMaker's model names; the SDK that Step Functions uses gives every other one the service's own name.
_MODELLED_ERRORS: Final = {
    "ResourceInUse": "SageMaker.ResourceInUseException",
    "ResourceLimitExceeded": "SageMaker.ResourceLimitExceededException",
    "ResourceNotFound": "SageMaker.ResourceNotFoundException",
    "ConflictException": "SageMaker.ConflictException",
}


class SageMakerTasks:
    """Runs one `arn:aws:states:::sagemaker:<action>[.sync]` task."""

    def __init__(self, cloud: Cloud, session_of: SessionOf, wait_for_job: WaitForJob) -> None:
        self._cloud = cloud
        self._session_of = session_of
        self._wait_for_job = wait_for_job

    def run(self, execution: Execution, resource: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        action, _, pattern = resource.removeprefix(PREFIX).partition(".")
        client = self._cloud.client("sagemaker", self._session_of(execution))
        if not pattern:
            return _document(_call(client, action, arguments))
        job = JOB_KINDS.get(action)
        if job is None or pattern != "sync":
            raise TaskFailed("States.Runtime", f"The local cloud does not implement {resource}")
        return self._run_job(execution, client, job, action, arguments)

    def _run_job(
        self, execution: Execution, client: Any, job: JobKind, action: str, arguments: Mapping[str, Any]
    ) -> dict[str, Any]:
        tags = _service_tags(execution)
        _call(client, action, {**arguments, "Tags": [*arguments.get("Tags", []), *tags]})
        name = arguments[job.name]
        with execution.cancelling(lambda: _stop(client, job, name)):
            self._wait_for_job(job.kind, name)
        if execution.ended.is_set():
            raise ExecutionEnded(execution.arn)
        return self._outcome(client, job, name)

    def _outcome(self, client: Any, job: JobKind, name: str) -> dict[str, Any]:
        described = _call(client, f"describe{job.member}", {job.name: name})
        listed = _call(client, "listTags", {"ResourceArn": described[job.arn]})
        document = _document(described) | {"Tags": {tag["Key"]: tag["Value"] for tag in listed["Tags"]}}
        if described[job.status] != "Completed":
            raise TaskFailed("States.TaskFailed", json.dumps(document))
        return document


class TaskPermissions:
    """What the state machine's role must be allowed before MiniStack performs a task as root."""

    def __init__(self, cloud: Cloud, headers_of: HeadersOf) -> None:
        self._cloud = cloud
        self._headers_of = headers_of

    def check(self, execution: Execution, resource: str, arguments: Mapping[str, Any]) -> None:
        needed = _needed(resource, arguments, self._cloud)
        if needed is None:
            return
        action, target, error = needed
        service = action.partition(":")[0]
        try:
            self._cloud.authorize(Caller(self._headers_of(execution, service), execution.role_arn), action, target)
        except ApiError as denied:
            raise TaskFailed(error, _sdk_cause(service, 403, denied.code, denied.message)) from denied


def require_managed_rules(
    definition: str, allowed: Callable[[str, str], bool], role_arn: str, account: str, region: str
) -> None:
    """Creating a state machine with `.sync` tasks makes EventBridge rules, under its role.

    `allowed(action, resource)` says what the role may do. Raises ApiError as CreateStateMachine does.
    """
    rules = {f"{PREFIX}{action}.sync": job.rule for action, job in JOB_KINDS.items()} | {NESTED: _NESTED_RULE}
    for resource, name in rules.items():
        if resource not in definition:
            continue
        rule = f"arn:aws:events:{region}:{account}:rule/{name}"
        if not all(allowed(needed, rule) for needed in ("events:PutTargets", "events:PutRule", "events:DescribeRule")):
            raise ApiError("AccessDeniedException", f"'{role_arn}' is not authorized to create managed-rule.", 400)


def _call(client: Any, action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    operation = getattr(client, xform_name(action[0].upper() + action[1:]), None)
    if operation is None:
        raise TaskFailed("States.Runtime", f"SageMaker has no action {action}")
    try:
        answer: dict[str, Any] = operation(**arguments)
    except ParamValidationError as error:
        shown = json.dumps(arguments, default=str)
        reason = f"The Parameters '{shown}' could not be used to start the Task: [{error}]"
        raise TaskFailed("States.Runtime", reason) from error
    except ClientError as error:
        raise _task_failure(error) from error
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _task_failure(error: ClientError) -> TaskFailed:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    name = _MODELLED_ERRORS.get(code, "SageMaker.AmazonSageMakerException")
    return TaskFailed(name, _sdk_cause("sagemaker", status, code, message))


def _sdk_cause(service: str, status: int, code: str, message: str) -> str:
    name = {"sagemaker": "AmazonSageMaker", "lambda": "AWSLambda"}.get(service, service)
    return f"{message} (Service: {name}; Status Code: {status}; Error Code: {code}; Proxy: null)"


def _stop(client: Any, job: JobKind, name: str) -> None:
    """Best effort, as on AWS: a job that has just ended, or a role without Stop, is no failure of the abort."""
    try:
        _call(client, f"stop{job.member}", {job.name: name})
    except TaskFailed as error:
        _log.warning("job %s of an ended execution was not stopped: %s", name, error.cause)


def _service_tags(execution: Execution) -> list[dict[str, str]]:
    return [
        {"Key": "AWS_STEP_FUNCTIONS_EXECUTION_ARN", "Value": execution.arn},
        {"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"},
    ]


def _document(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as a state's output: times are epoch milliseconds there."""
    return {name: _output(value) for name, value in answer.items()}


def _output(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, Mapping):
        return _document(value)
    if isinstance(value, list):
        return [_output(item) for item in value]
    return value


def _needed(resource: str, arguments: Mapping[str, Any], cloud: Cloud) -> tuple[str, str, str] | None:
    """The action, the resource it is checked on, and the name of the error when it is denied.

    None for what is checked elsewhere: `sagemaker:` and `aws-sdk:` tasks make authorized calls of their own.
    """
    if ":function:" in resource and not resource.startswith("arn:aws:states:"):
        return "lambda:InvokeFunction", resource, "Lambda.AWSLambdaException"
    integration = resource.removeprefix("arn:aws:states:::").partition(".")[0]
    if integration == "lambda:invoke":
        function = _function_arn(str(arguments.get("FunctionName", "")), cloud)
        return "lambda:InvokeFunction", function, "Lambda.AWSLambdaException"
    return _optimized(integration, arguments, cloud)


def _optimized(integration: str, arguments: Mapping[str, Any], cloud: Cloud) -> tuple[str, str, str] | None:
    service, _, action = integration.partition(":")
    scope = f"{cloud.region}:{cloud.account}"
    needed = f"{service}:{action[:1].upper()}{action[1:]}"
    match service:
        case "dynamodb":
            table = str(arguments.get("TableName", ""))
            arn = table if table.startswith("arn:") else f"arn:aws:dynamodb:{scope}:table/{table}"
            return needed, arn, "DynamoDB.AmazonDynamoDBException"
        case "sns":
            return needed, str(arguments.get("TopicArn") or arguments.get("TargetArn", "")), "SNS.AmazonSNSException"
        case "sqs":
            queue = str(arguments.get("QueueUrl", "")).rsplit("/", 1)[-1]
            return needed, f"arn:aws:sqs:{scope}:{queue}", "SQS.AmazonSQSException"
        case "states":
            return needed, str(arguments.get("StateMachineArn", "")), "StepFunctions.AWSStepFunctionsException"
        case "events":
            return needed, f"arn:aws:events:{scope}:event-bus/default", "EventBridge.AmazonEventBridgeException"
    return None


def _function_arn(name: str, cloud: Cloud) -> str:
    if name.startswith("arn:"):
        return name
    return f"arn:aws:lambda:{cloud.region}:{cloud.account}:function:{name.rpartition('function:')[2]}"
