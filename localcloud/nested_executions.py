"""Step Functions' `startExecution.sync`: an execution that runs another and waits for it.

All calls are real ones, under the outer state machine's role: it may need DescribeExecution and StopExecution too.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
"""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError, ParamValidationError

from localcloud.cloud import Cloud, Credentials
from localcloud.executions import Execution, ExecutionEnded, TaskFailed

_log = logging.getLogger(__name__)

PREFIX: Final = "arn:aws:states:::states:startExecution.sync"

# Blocks until the execution of that ARN has ended.
WaitForExecution = Callable[[str], None]
_MEMBERS: Final = {
    "executionArn": "ExecutionArn",
    "stateMachineArn": "StateMachineArn",
    "name": "Name",
    "status": "Status",
    "startDate": "StartDate",
    "stopDate": "StopDate",
    "input": "Input",
    "output": "Output",
    "error": "Error",
    "cause": "Cause",
}


class NestedExecutions:
    """Runs one task of the resource `arn:aws:states:::states:startExecution.sync` or `….sync:2`."""

    def __init__(
        self, cloud: Cloud, session_of: Callable[[Execution], Credentials], wait_for_execution: WaitForExecution
    ) -> None:
        self._cloud = cloud
        self._session_of = session_of
        self._wait = wait_for_execution

    def run(self, execution: Execution, resource: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        client = self._cloud.client("stepfunctions", self._session_of(execution))
        arn: str = _call(client.start_execution, **_request(arguments))["executionArn"]
        with execution.cancelling(lambda: _stop(client, arn)):
            self._wait(arn)
        if execution.ended.is_set():
            raise ExecutionEnded(execution.arn)
        described = _document(_call(client.describe_execution, executionArn=arn))
        if described["Status"] != "SUCCEEDED":
            raise TaskFailed("States.TaskFailed", json.dumps(described))
        if resource.endswith(".sync:2"):
            described["Output"] = json.loads(described["Output"])
        return described


def _request(arguments: Mapping[str, Any]) -> dict[str, Any]:
    members = {f"{name[:1].lower()}{name[1:]}": value for name, value in arguments.items()}
    if "input" in members and not isinstance(members["input"], str):
        members["input"] = json.dumps(members["input"])
    return members


def _call(operation: Callable[..., dict[str, Any]], **arguments: Any) -> dict[str, Any]:
    try:
        return operation(**arguments)
    except ParamValidationError as error:
        raise TaskFailed("States.Runtime", f"The Parameters could not be used to start the Task: [{error}]") from error
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        known = {"ExecutionAlreadyExists", "StateMachineDoesNotExist", "InvalidExecutionInput", "InvalidName"}
        name = f"StepFunctions.{code}Exception" if code in known else "StepFunctions.AWSStepFunctionsException"
        cause = f"{message} (Service: AWSStepFunctions; Status Code: {status}; Error Code: {code}; Proxy: null)"
        raise TaskFailed(name, cause) from error


def _stop(client: Any, arn: str) -> None:
    """Best effort, as on AWS: one that has just ended, or a role without StopExecution, is no failure of the abort."""
    try:
        _call(client.stop_execution, executionArn=arn)
    except TaskFailed as error:
        _log.warning("%s was not stopped with the execution that started it: %s", arn, error.cause)


def _document(described: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeExecution as a state's output: times are epoch milliseconds there."""
    return {
        name: int(described[member].timestamp() * 1000)
        if isinstance(described[member], datetime)
        else described[member]
        for member, name in _MEMBERS.items()
        if described.get(member) is not None
    }
