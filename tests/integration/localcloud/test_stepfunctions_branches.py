"""Parallel and Map states, and executions inside executions: what ends with what."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.localcloud.conftest import ACCOUNT, REGION, Running
from tests.integration.localcloud.test_stepfunctions_sync import JOBS, RULES, STATES, job, passing
from tests.waiting import eventually

SCOPE = f"{REGION}:{ACCOUNT}"
NESTED = "arn:aws:states:::states:startExecution.sync:2"
FOLLOW = {
    "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
    "Resource": f"arn:aws:events:{SCOPE}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
}
SLEEP = "import time; time.sleep(300)"


@pytest.fixture(scope="module")
def job_role(cloud: Running) -> str:
    return cloud.role("sagemaker.amazonaws.com", {"Action": ["logs:*", "s3:*"], "Resource": "*"})


@pytest.fixture(scope="module")
def machine_role(cloud: Running, job_role: str) -> str:
    return cloud.role(STATES, JOBS, RULES, passing(job_role))


def job_name() -> str:
    return f"job-{uuid.uuid4().hex[:8]}"


def sync(arguments: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    resource = "arn:aws:states:::sagemaker:createProcessingJob.sync"
    return {"Type": "Task", "Resource": resource, "Parameters": arguments, "End": True, **members}


def branch(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def status(cloud: Running, name: str) -> str:
    try:
        described = cloud.client("sagemaker").describe_processing_job(ProcessingJobName=name)
    except ClientError:
        return ""
    return str(described["ProcessingJobStatus"])


def test_history_tells_the_states_of_branches_apart(cloud: Running, job_role: str, machine_role: str) -> None:
    """Each event names the one before it in its own branch."""
    names = {"First": job_name(), "Second": job_name()}
    branches = [branch(**{state: sync(job(name, job_role, "pass"))}) for state, name in names.items()]
    machine = branch(Both={"Type": "Parallel", "Branches": branches, "End": True})

    finished = cloud.execution(machine, machine_role, {})

    pages = cloud.client("stepfunctions").get_paginator("get_execution_history")
    found = pages.paginate(executionArn=finished["executionArn"]).build_full_result()["events"]
    events = {event["id"]: event for event in found}
    for state, name in names.items():
        (left,) = [
            event
            for event in found
            if event["type"] == "TaskStateExited" and event["stateExitedEventDetails"]["name"] == state
        ]
        assert json.loads(left["stateExitedEventDetails"]["output"])["ProcessingJobName"] == name
        before = left
        while before["type"] != "TaskStateEntered":
            before = events[before["previousEventId"]]
        assert before["stateEnteredEventDetails"]["name"] == state


def test_a_branch_that_fails_ends_the_others_and_their_jobs(cloud: Running, job_role: str, machine_role: str) -> None:
    # Given a branch that waits for an endless job, with a Retry that would start it again, and one that fails
    endless, failing = job_name(), job_name()
    retried = {"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}]}
    parallel = {
        "Type": "Parallel",
        "Branches": [
            branch(Wait=sync(job(endless, job_role, SLEEP), **retried)),
            branch(Fail=sync(job(failing, job_role, "raise SystemExit(3)"))),
        ],
        "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "Caught"}],
        "End": True,
    }
    caught = {"Type": "Pass", "End": True}

    # When they run
    finished = cloud.execution(branch(Both=parallel, Caught=caught), machine_role, {})

    # Then the state fails as the branch did, and the other one's job has been stopped
    assert finished["status"] == "SUCCEEDED", finished.get("cause")
    output = json.loads(finished["output"])
    assert output["Error"] == "States.TaskFailed"
    assert json.loads(output["Cause"])["ProcessingJobName"] == failing
    assert status(cloud, endless) == "Stopped"


def test_an_item_that_fails_ends_the_other_items(cloud: Running, job_role: str, machine_role: str) -> None:
    endless, failing = job_name(), job_name()
    request = {**job("", job_role, ""), "ProcessingJobName.$": "$.name"}
    del request["ProcessingJobName"]
    application = request["AppSpecification"]
    del application["ContainerEntrypoint"]
    application["ContainerEntrypoint.$"] = "States.Array('python3', '-c', $.script)"
    every = {"Type": "Map", "ItemsPath": "$.items", "Iterator": branch(Job=sync(request)), "End": True}
    items = [{"name": endless, "script": SLEEP}, {"name": failing, "script": "raise SystemExit(3)"}]

    finished = cloud.execution(branch(Every=every), machine_role, {"items": items})

    assert (finished["status"], finished["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(finished["cause"])["ProcessingJobName"] == failing
    assert status(cloud, endless) == "Stopped"


def test_stopping_the_execution_stops_the_jobs_of_all_branches(
    cloud: Running, job_role: str, machine_role: str
) -> None:
    names = [job_name(), job_name()]
    inner = {"Type": "Parallel", "End": True, "Branches": [branch(B=sync(job(names[1], job_role, SLEEP)))]}
    branches = [branch(A=sync(job(names[0], job_role, SLEEP))), branch(Inner=inner)]
    always = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Never"}]}
    outer = {"Type": "Parallel", "End": True, "Branches": branches, **always}
    execution = cloud.start(branch(Outer=outer, Never={"Type": "Pass", "End": True}), machine_role, {})
    eventually(lambda: [status(cloud, name) for name in names] == ["InProgress"] * 2)

    cloud.client("stepfunctions").stop_execution(executionArn=execution)

    eventually(lambda: [status(cloud, name) for name in names] == ["Stopped"] * 2)
    assert cloud.client("stepfunctions").describe_execution(executionArn=execution)["status"] == "ABORTED"


def test_a_parallel_state_takes_jsonata(cloud: Running) -> None:
    definition = {
        "QueryLanguage": "JSONata",
        **branch(
            Both={
                "Type": "Parallel",
                "Arguments": {"number": "{% $states.input.number + 1 %}"},
                "Branches": [
                    branch(Double={"Type": "Pass", "Output": {"is": "{% $states.input.number * 2 %}"}, "End": True}),
                    branch(Same={"Type": "Succeed"}),
                ],
                "Assign": {"doubled": "{% $states.result[0].is %}"},
                "Output": {"same": "{% $states.result[1].number %}"},
                "Next": "Tell",
            },
            Tell={
                "Type": "Pass",
                "Output": {"doubled": "{% $doubled %}", "same": "{% $states.input.same %}"},
                "End": True,
            },
        ),
    }

    finished = cloud.execution(definition, cloud.role(STATES), {"number": 4})

    assert finished["status"] == "SUCCEEDED", finished.get("cause")
    assert json.loads(finished["output"]) == {"doubled": 10, "same": 5}


def inner_machine(cloud: Running, definition: Mapping[str, Any], role: str) -> str:
    made = cloud.client("stepfunctions").create_state_machine(
        name=f"inner-{uuid.uuid4().hex[:8]}", definition=json.dumps(definition), roleArn=role
    )
    return str(made["stateMachineArn"])


def nesting(machine: str, *left_out: str) -> list[dict[str, Any]]:
    """What the outer role needs to run the inner machine."""
    executions = f"{machine.replace(':stateMachine:', ':execution:')}:*"
    statements = [
        {"Action": "states:StartExecution", "Resource": machine},
        {"Action": "states:DescribeExecution", "Resource": executions},
        {"Action": "states:StopExecution", "Resource": executions},
        FOLLOW,
    ]
    return [one for one in statements if one["Action"] not in left_out]


def nested(machine: str, **members: Any) -> dict[str, Any]:
    arguments = {"StateMachineArn": machine, "Input": {"number.$": "$.number"}, **members}
    return branch(Run={"Type": "Task", "Resource": NESTED, "Parameters": arguments, "End": True})


def test_a_nested_executions_output_is_the_tasks(cloud: Running) -> None:
    double = {"Type": "Pass", "Parameters": {"doubled.$": "States.MathAdd($.number, $.number)"}, "End": True}
    machine = inner_machine(cloud, branch(Double=double), cloud.role(STATES))

    finished = cloud.execution(nested(machine), cloud.role(STATES, *nesting(machine)), {"number": 21})

    assert finished["status"] == "SUCCEEDED", finished.get("cause")
    output = json.loads(finished["output"])
    assert output["Output"] == {"doubled": 42}
    assert (output["Status"], output["StateMachineArn"]) == ("SUCCEEDED", machine)
    assert output["StopDate"] >= output["StartDate"]


def test_a_nested_execution_that_fails_is_a_failed_task(cloud: Running) -> None:
    fail = {"Type": "Fail", "Error": "NoRows", "Cause": "the file is empty"}
    machine = inner_machine(cloud, branch(Fail=fail), cloud.role(STATES))

    finished = cloud.execution(nested(machine), cloud.role(STATES, *nesting(machine)), {"number": 1})

    assert finished["error"] == "States.TaskFailed"
    cause = json.loads(finished["cause"])
    assert (cause["Status"], cause["Error"], cause["Cause"]) == ("FAILED", "NoRows", "the file is empty")


@pytest.mark.parametrize("missing", ["states:StartExecution", "states:DescribeExecution"])
def test_every_permission_of_nesting_is_needed(cloud: Running, missing: str) -> None:
    machine = inner_machine(cloud, branch(Pass={"Type": "Pass", "End": True}), cloud.role(STATES))

    finished = cloud.execution(nested(machine), cloud.role(STATES, *nesting(machine, missing)), {"number": 1})

    assert finished["error"] == "StepFunctions.AWSStepFunctionsException"
    assert missing in finished["cause"]


def test_nesting_needs_its_managed_rule(cloud: Running) -> None:
    machine = inner_machine(cloud, branch(Pass={"Type": "Pass", "End": True}), cloud.role(STATES))
    role = cloud.role(STATES, {"Action": "states:*", "Resource": "*"})

    with pytest.raises(ClientError, match="is not authorized to create managed-rule"):
        cloud.start(nested(machine), role, {"number": 1})


def test_stopping_the_outer_execution_stops_the_inner_one(cloud: Running, job_role: str, machine_role: str) -> None:
    # Given an execution that waits for another, which waits for a job
    name = job_name()
    machine = inner_machine(cloud, branch(Job=sync(job(name, job_role, SLEEP))), machine_role)
    execution = cloud.start(nested(machine, Name="inner"), cloud.role(STATES, *nesting(machine)), {"number": 1})
    eventually(lambda: status(cloud, name) == "InProgress")

    # When the outer one is stopped
    states = cloud.client("stepfunctions")
    states.stop_execution(executionArn=execution)

    # Then so are the inner one and its job
    inner = f"{machine.replace(':stateMachine:', ':execution:')}:inner"
    eventually(lambda: states.describe_execution(executionArn=inner)["status"] == "ABORTED")
    eventually(lambda: status(cloud, name) == "Stopped")
    assert states.describe_execution(executionArn=execution)["status"] == "ABORTED"


def test_a_nested_execution_is_announced_like_any(cloud: Running) -> None:
    machine = inner_machine(cloud, branch(Pass={"Type": "Pass", "End": True}), cloud.role(STATES))
    url, arn = cloud.queue(admits="events.amazonaws.com")
    events, rule = cloud.client("events"), f"nested-{uuid.uuid4().hex[:8]}"
    pattern = {"detail-type": ["Step Functions Execution Status Change"], "detail": {"stateMachineArn": [machine]}}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])

    cloud.execution(nested(machine), cloud.role(STATES, *nesting(machine)), {"number": 1})

    seen = [json.loads(message["Body"])["detail"]["status"] for message in cloud.messages(url, 2)]
    events.remove_targets(Rule=rule, Ids=["queue"])
    events.delete_rule(Name=rule)
    assert sorted(seen) == ["RUNNING", "SUCCEEDED"]
