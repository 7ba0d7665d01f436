"""EventBridge Scheduler by boto3 and CloudFormation: roles that bite, dead letters, a clock that is the wall's."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.localcloud.conftest import ACCOUNT, REGION, Running
from tests.waiting import eventually

SCHEDULER = "scheduler.amazonaws.com"
OFF = {"Mode": "OFF"}
PRINT = "def handle(event, context):\n    print('fired', event)\n"


def make(cloud: Running, target: dict[str, Any], expression: str = "rate(1 minute)", **more: Any) -> str:
    name = f"schedule-{uuid.uuid4().hex[:8]}"
    cloud.client("scheduler").create_schedule(
        Name=name, ScheduleExpression=expression, FlexibleTimeWindow=OFF, Target=target, **more
    )
    return name


def arn_of(name: str, group: str = "default") -> str:
    return f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{group}/{name}"


def test_a_rate_calls_a_function_through_its_role_at_once(cloud: Running) -> None:
    function = cloud.function(PRINT)
    role = cloud.role(SCHEDULER, {"Action": "lambda:InvokeFunction", "Resource": function})
    told = "<aws.scheduler.schedule-arn> attempt <aws.scheduler.attempt-number>"
    name = make(cloud, {"Arn": function, "RoleArn": role, "Input": json.dumps({"told": told})})

    eventually(lambda: f"{arn_of(name)} attempt 1" in cloud.log(function))
    cloud.client("scheduler").delete_schedule(Name=name)


def test_a_role_without_the_permission_calls_nothing_and_the_dead_letter_says_why(cloud: Running) -> None:
    function = cloud.function(PRINT)
    url, queue = cloud.queue()
    role = cloud.role(SCHEDULER, {"Action": "sqs:SendMessage", "Resource": queue})
    target = {"Arn": function, "RoleArn": role, "Input": '{"a": 1}', "DeadLetterConfig": {"Arn": queue}}
    name = make(cloud, target)

    [message] = cloud.messages(url, 1)
    cloud.client("scheduler").delete_schedule(Name=name)
    told = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert message["Body"] == '{"a": 1}'
    assert (told["ERROR_CODE"], told["RETRY_ATTEMPTS"]) == ("AccessDeniedException", "0")
    assert "lambda:InvokeFunction" in told["ERROR_MESSAGE"]
    assert (told["SCHEDULE_ARN"], told["TARGET_ARN"]) == (arn_of(name), function)
    assert "RULE_ARN" not in told
    assert cloud.log(function) == ""


def test_a_state_machine_is_started_through_the_role(cloud: Running) -> None:
    states = cloud.client("stepfunctions")
    machine = states.create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}",
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
        roleArn=cloud.role("states.amazonaws.com"),
    )["stateMachineArn"]
    role = cloud.role(SCHEDULER, {"Action": "states:StartExecution", "Resource": machine})
    name = make(cloud, {"Arn": machine, "RoleArn": role, "Input": '{"day": "<aws.scheduler.scheduled-time>"}'})

    (execution,) = eventually(lambda: states.list_executions(stateMachineArn=machine)["executions"])
    cloud.client("scheduler").delete_schedule(Name=name)
    given = json.loads(states.describe_execution(executionArn=execution["executionArn"])["input"])
    assert given["day"].endswith("Z")


def test_a_schedule_that_has_completed_deletes_itself(cloud: Running) -> None:
    url, queue = cloud.queue()
    role = cloud.role(SCHEDULER, {"Action": "sqs:SendMessage", "Resource": queue})
    target = {"Arn": queue, "RoleArn": role, "Input": "now"}
    name = make(cloud, target, "at(2026-01-01T00:00:00)", ActionAfterCompletion="DELETE")

    assert [message["Body"] for message in cloud.messages(url, 1)] == ["now"]
    scheduler = cloud.client("scheduler")
    eventually(lambda: all(one["Name"] != name for one in scheduler.list_schedules()["Schedules"]))


def test_what_scheduler_would_not_take_is_refused(cloud: Running) -> None:
    function = cloud.function(PRINT)
    role = cloud.role(SCHEDULER)
    for expression in ("rate(1 week)", "every day"):
        with pytest.raises(ClientError, match="Invalid Schedule Expression"):
            make(cloud, {"Arn": function, "RoleArn": role}, expression)
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        make(cloud, {"Arn": function, "RoleArn": cloud.role("lambda.amazonaws.com")})
    with pytest.raises(ClientError, match="have targets of lambda, sqs, sns, states only"):
        make(cloud, {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "RoleArn": role})


def test_a_caller_passes_the_role_and_is_checked_on_the_schedules_group(cloud: Running) -> None:
    function, role = cloud.function(PRINT), cloud.role(SCHEDULER)
    group = f"group-{uuid.uuid4().hex[:6]}"
    cloud.client("scheduler").create_schedule_group(Name=group)
    create = {"Action": "scheduler:CreateSchedule", "Resource": arn_of("*", group)}
    user = cloud.role({"AWS": "*"}, create)
    request = {
        "Name": "mine",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": OFF,
        "State": "DISABLED",
        "Target": {"Arn": function, "RoleArn": role},
    }
    scheduler = cloud.as_role(user, "scheduler")
    with pytest.raises(ClientError, match="iam:PassRole"):
        scheduler.create_schedule(**request, GroupName=group)
    cloud.allow(user, create, {"Action": "iam:PassRole", "Resource": role})
    scheduler.create_schedule(**request, GroupName=group)
    with pytest.raises(ClientError, match="scheduler:CreateSchedule"):
        scheduler.create_schedule(**request)


def template(schedule: dict[str, Any], text: str) -> str:
    body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": text}}]})
    resources = {
        "Nightly": {"Type": "AWS::Scheduler::Schedule", "Properties": schedule},
        "Board": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardName": text, "DashboardBody": body}},
    }
    return json.dumps({"Resources": resources})


def test_a_template_has_schedules_and_dashboards(cloud: Running) -> None:
    stack, scheduler = f"stack-{uuid.uuid4().hex[:6]}", cloud.client("scheduler")
    clouds, watch = cloud.client("cloudformation"), cloud.client("cloudwatch")
    target = {
        "Arn": cloud.function(PRINT),
        "RoleArn": cloud.role(SCHEDULER),
        "RetryPolicy": {"MaximumRetryAttempts": 1},
    }
    given = {
        "Name": stack,
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": OFF,
        "ActionAfterCompletion": "DELETE",
        "EndDate": "2099-01-01T00:00:00Z",
        "Target": target,
    }
    clouds.create_stack(StackName=stack, TemplateBody=template(given, stack))
    clouds.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    made = scheduler.get_schedule(Name=stack)
    assert (made["ActionAfterCompletion"], made["ScheduleExpressionTimezone"]) == ("DELETE", "Europe/Berlin")
    assert made["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 1}
    assert stack in watch.get_dashboard(DashboardName=stack)["DashboardBody"]

    changed = given | {"ScheduleExpression": "rate(1 day)", "State": "DISABLED"}
    clouds.update_stack(StackName=stack, TemplateBody=template(changed, stack))
    clouds.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    assert scheduler.get_schedule(Name=stack)["ScheduleExpression"] == "rate(1 day)"

    clouds.delete_stack(StackName=stack)
    clouds.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name=stack)


def test_a_template_with_a_schedule_that_is_none_fails(cloud: Running) -> None:
    stack, clouds = f"stack-{uuid.uuid4().hex[:6]}", cloud.client("cloudformation")
    target = {"Arn": cloud.function(PRINT), "RoleArn": cloud.role(SCHEDULER)}
    given = {"ScheduleExpression": "rate(1 week)", "FlexibleTimeWindow": OFF, "Target": target}
    clouds.create_stack(StackName=stack, TemplateBody=template(given, stack), OnFailure="DO_NOTHING")
    failed = eventually(
        lambda: [
            event
            for event in clouds.describe_stack_events(StackName=stack)["StackEvents"]
            if event["ResourceStatus"] == "CREATE_FAILED" and event["LogicalResourceId"] == "Nightly"
        ]
    )
    assert "Invalid Schedule Expression" in failed[0]["ResourceStatusReason"]
