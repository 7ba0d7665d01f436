"""How an execution inside an execution is asked for, and what its end is to the outer one."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Credentials
from localcloud.executions import Execution, ExecutionEnded, TaskFailed
from localcloud.nested_executions import NestedExecutions
from tests.fakes.cloud import FakeCloud

SYNC = "arn:aws:states:::states:startExecution.sync"
INNER = "arn:aws:states:us-east-1:000000000000:execution:inner:1"
ARGUMENTS = {"StateMachineArn": "arn:machine", "Name": "1", "Input": {"number": 1}}


class FakeStates:
    """`refuses` maps an operation to the error code of its answer."""

    def __init__(self, **ended: Any) -> None:
        self.described = {
            "executionArn": INNER,
            "stateMachineArn": "arn:machine",
            "name": "1",
            "status": "SUCCEEDED",
            "startDate": datetime(2026, 1, 1, tzinfo=UTC),
            "stopDate": datetime(2026, 1, 2, tzinfo=UTC),
            "input": '{"number": 1}',
            "output": '{"doubled": 2}',
            "ResponseMetadata": {},
        } | ended
        self.refuses: dict[str, str] = {}
        self.started: dict[str, Any] = {}
        self.stopped: list[str] = []

    def start_execution(self, **request: Any) -> dict[str, Any]:
        self._answer("start_execution")
        self.started = request
        return {"executionArn": INNER}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        self._answer("describe_execution")
        return self.described

    def stop_execution(self, executionArn: str) -> dict[str, Any]:
        self.stopped.append(executionArn)
        self._answer("stop_execution")
        return {}

    def _answer(self, operation: str) -> None:
        code = self.refuses.get(operation)
        if code:
            answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raise ClientError(answer, operation)  # type: ignore[arg-type]


@pytest.fixture
def execution() -> Execution:
    return Execution("arn:aws:states:us-east-1:000000000000:execution:outer:1", "arn:role")


def nested(tmp_path: Path, states: FakeStates, during: Any = lambda: None) -> NestedExecutions:
    cloud = FakeCloud(tmp_path)
    cloud.clients["stepfunctions"] = states
    return NestedExecutions(cloud, lambda _execution: Credentials("a", "b"), lambda _arn: during())


@pytest.mark.parametrize(("version", "output"), [("", '{"doubled": 2}'), (":2", {"doubled": 2})])
def test_the_output_is_text_or_its_meaning(tmp_path: Path, execution: Execution, version: str, output: Any) -> None:
    states = FakeStates()

    found = nested(tmp_path, states).run(execution, f"{SYNC}{version}", ARGUMENTS)

    assert states.started == {"stateMachineArn": "arn:machine", "name": "1", "input": '{"number": 1}'}
    assert found["Output"] == output
    assert (found["ExecutionArn"], found["Status"]) == (INNER, "SUCCEEDED")
    assert found["StopDate"] - found["StartDate"] == 86_400_000
    assert "ResponseMetadata" not in found


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_any_other_end_is_a_failed_task(tmp_path: Path, execution: Execution, status: str) -> None:
    states = FakeStates(status=status, error="NoRows", output=None)

    with pytest.raises(TaskFailed) as failed:
        nested(tmp_path, states).run(execution, f"{SYNC}:2", ARGUMENTS)

    assert failed.value.error == "States.TaskFailed"
    assert json.loads(failed.value.cause)["Status"] == status


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ExecutionAlreadyExists", "StepFunctions.ExecutionAlreadyExistsException"),
        ("StateMachineDoesNotExist", "StepFunctions.StateMachineDoesNotExistException"),
        ("AccessDeniedException", "StepFunctions.AWSStepFunctionsException"),
    ],
)
def test_errors_are_named_as_by_the_service_integration(
    tmp_path: Path, execution: Execution, code: str, name: str
) -> None:
    states = FakeStates()
    states.refuses["start_execution"] = code

    with pytest.raises(TaskFailed) as failed:
        nested(tmp_path, states).run(execution, SYNC, ARGUMENTS)

    assert failed.value.error == name
    assert failed.value.cause == f"no (Service: AWSStepFunctions; Status Code: 400; Error Code: {code}; Proxy: null)"


@pytest.mark.parametrize("refused", [False, True])
def test_the_end_of_the_outer_one_ends_the_inner_one_if_it_may(
    tmp_path: Path, execution: Execution, refused: bool
) -> None:
    states = FakeStates(status="ABORTED")
    states.refuses = {"stop_execution": "AccessDeniedException"} if refused else {}

    with pytest.raises(ExecutionEnded):
        nested(tmp_path, states, execution.end).run(execution, SYNC, ARGUMENTS)

    assert states.stopped == [INNER]
