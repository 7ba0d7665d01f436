"""EventBridge's deliveries: permissions, retries, dead letters; and Lambda's asynchronous invocations behind them."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.localcloud.conftest import ACCOUNT, REGION, Running
from tests.waiting import eventually

EVENTS = "events.amazonaws.com"
PASS_THROUGH = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


@dataclass
class Rule:
    """A rule on a source of its own."""

    cloud: Running
    name: str
    source: str

    @property
    def arn(self) -> str:
        return f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{self.name}"

    def targets(self, **target: Any) -> None:
        self.cloud.client("events").put_targets(Rule=self.name, Targets=[{"Id": "target", **target}])

    def put(self, **detail: Any) -> None:
        entry = {"Source": self.source, "DetailType": "Test", "Detail": json.dumps(detail)}
        assert self.cloud.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


@pytest.fixture
def rule(cloud: Running) -> Rule:
    name = f"rule-{uuid.uuid4().hex[:8]}"
    source = f"test.{name}"
    cloud.client("events").put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))
    return Rule(cloud, name, source)


def attributes(message: Mapping[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


def test_a_queue_that_admits_eventbridge_gets_the_event(cloud: Running, rule: Rule) -> None:
    url, arn = cloud.queue(admits=EVENTS)
    rule.targets(Arn=arn, InputPath="$.detail")

    rule.put(number=1)

    [message] = cloud.messages(url, 1)
    assert json.loads(message["Body"]) == {"number": 1}


def test_a_queue_that_does_not_admit_eventbridge_gets_nothing_and_the_dead_letter_says_why(
    cloud: Running, rule: Rule
) -> None:
    _, closed = cloud.queue()
    dead_url, dead = cloud.queue(admits=EVENTS)
    rule.targets(Arn=closed, DeadLetterConfig={"Arn": dead})

    rule.put(number=1)

    [message] = cloud.messages(dead_url, 1)
    found = attributes(message)
    assert found["ERROR_CODE"] == "NO_PERMISSIONS"
    assert found["RULE_ARN"] == rule.arn
    assert found["TARGET_ARN"] == closed
    assert found["RETRY_ATTEMPTS"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in found
    assert json.loads(message["Body"])["detail"] == {"number": 1}


def test_a_function_that_does_not_admit_eventbridge_is_not_invoked(cloud: Running, rule: Rule) -> None:
    function = cloud.function("def handle(event, context):\n    return event\n")
    dead_url, dead = cloud.queue(admits=EVENTS)
    rule.targets(Arn=function, DeadLetterConfig={"Arn": dead})
    rule.put(number=1)
    assert attributes(cloud.messages(dead_url, 1)[0])["ERROR_CODE"] == "NO_PERMISSIONS"

    cloud.client("lambda").add_permission(
        FunctionName=function,
        StatementId="events",
        Action="lambda:InvokeFunction",
        Principal=EVENTS,
        SourceArn=rule.arn,
    )
    rule.put(number=2)

    assert "Version: $LATEST" in eventually(lambda: cloud.log(function))
    assert cloud.messages(dead_url, 1, seconds=1) == []


def test_a_state_machine_is_started_under_the_targets_role(cloud: Running, rule: Rule) -> None:
    states = cloud.client("stepfunctions")
    machine = states.create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}",
        definition=json.dumps(PASS_THROUGH),
        roleArn=cloud.role("states.amazonaws.com"),
    )["stateMachineArn"]
    role = cloud.role(EVENTS)
    dead_url, dead = cloud.queue(admits=EVENTS)
    rule.targets(Arn=machine, RoleArn=role, DeadLetterConfig={"Arn": dead})
    rule.put(number=1)
    [refused] = cloud.messages(dead_url, 1)
    assert attributes(refused)["ERROR_CODE"] == "NO_PERMISSIONS"
    assert "is not authorized to perform: states:StartExecution" in attributes(refused)["ERROR_MESSAGE"]

    cloud.allow(role, {"Action": "states:StartExecution", "Resource": machine})
    rule.put(number=2)

    started = eventually(lambda: states.list_executions(stateMachineArn=machine)["executions"])
    assert len(started) == 1
    given = states.describe_execution(executionArn=started[0]["executionArn"])["input"]
    assert json.loads(given)["detail"] == {"number": 2}


def test_a_role_that_does_not_trust_eventbridge_delivers_nothing(cloud: Running, rule: Rule) -> None:
    machine = cloud.client("stepfunctions").create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}",
        definition=json.dumps(PASS_THROUGH),
        roleArn=cloud.role("states.amazonaws.com"),
    )["stateMachineArn"]
    role = cloud.role("lambda.amazonaws.com", {"Action": "*", "Resource": "*"})
    dead_url, dead = cloud.queue(admits=EVENTS)
    rule.targets(Arn=machine, RoleArn=role, DeadLetterConfig={"Arn": dead})

    rule.put(number=1)

    assert attributes(cloud.messages(dead_url, 1)[0])["ERROR_CODE"] == "NO_PERMISSIONS"


def test_a_target_that_is_gone_is_not_retried(cloud: Running, rule: Rule) -> None:
    gone = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:gone-{rule.name}"
    role = cloud.role(EVENTS, {"Action": "states:StartExecution", "Resource": gone})
    dead_url, dead = cloud.queue(admits=EVENTS)
    rule.targets(Arn=gone, RoleArn=role, DeadLetterConfig={"Arn": dead}, RetryPolicy={"MaximumRetryAttempts": 5})

    rule.put(number=1)

    found = attributes(cloud.messages(dead_url, 1)[0])
    assert (found["ERROR_CODE"], found["RETRY_ATTEMPTS"]) == ("NO_RESOURCE", "0")


def test_a_dead_letter_queue_that_does_not_admit_eventbridge_gets_nothing(cloud: Running, rule: Rule) -> None:
    _, closed = cloud.queue()
    dead_url, dead = cloud.queue()
    rule.targets(Arn=closed, DeadLetterConfig={"Arn": dead})

    rule.put(number=1)

    lost = eventually(lambda: _metric(cloud, "InvocationsFailedToBeSentToDlq", rule.name))
    assert lost == 1
    assert cloud.messages(dead_url, 1, seconds=1) == []


def test_an_asynchronous_failure_is_retried_twice_and_then_dead_lettered(cloud: Running, rule: Rule) -> None:
    dead_url, dead = cloud.queue()
    role = cloud.role("lambda.amazonaws.com", {"Action": "sqs:SendMessage", "Resource": dead})
    function = cloud.function(
        "def handle(event, context):\n    raise KeyError(event['detail']['number'])\n",
        role,
        DeadLetterConfig={"TargetArn": dead},
    )
    cloud.client("lambda").add_permission(
        FunctionName=function,
        StatementId="events",
        Action="lambda:InvokeFunction",
        Principal=EVENTS,
        SourceArn=rule.arn,
    )
    rule.targets(Arn=function)

    rule.put(number=7)

    [message] = cloud.messages(dead_url, 1, seconds=20)
    body = json.loads(message["Body"])
    assert body["requestPayload"]["detail"] == {"number": 7}
    assert body["responsePayload"]["errorType"] == "KeyError"
    assert cloud.log(function).count("[ERROR] KeyError: 7") == 3


def test_a_functions_role_needs_the_permission_to_dead_letter(cloud: Running) -> None:
    dead_url, dead = cloud.queue()
    function = cloud.function(
        "def handle(event, context):\n    raise ValueError('always')\n",
        cloud.role("lambda.amazonaws.com"),
        DeadLetterConfig={"TargetArn": dead},
    )

    cloud.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")

    name = function.rsplit(":", 1)[-1]
    assert eventually(lambda: _sum(cloud, "AWS/Lambda", "DeadLetterErrors", "FunctionName", name)) == 1
    assert cloud.messages(dead_url, 1, seconds=1) == []


def _metric(cloud: Running, name: str, rule_name: str) -> float:
    return _sum(cloud, "AWS/Events", name, "RuleName", rule_name)


def _sum(cloud: Running, namespace: str, name: str, dimension: str, value: str) -> float:
    found = cloud.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": dimension, "Value": value}],
        StartTime="2020-01-01T00:00:00Z",
        EndTime="2100-01-01T00:00:00Z",
        Period=86400,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in found)
