"""One local cloud for all tests of this folder. Each test names its own resources, so that they do not meet."""

import io
import json
import textwrap
import time
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from localcloud import daemon
from localcloud.server import Server
from tests.waiting import eventually

REGION = "us-east-1"
ACCOUNT = "000000000000"


@dataclass
class Running:
    """The running server, and what tests make in it."""

    server: Server
    state_dir: Path
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str, **credentials: Any) -> Any:
        """Signed by the account's root, or by the credentials given as boto3 takes them."""
        if not credentials and service in self._clients:
            return self._clients[service]
        signer = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        made = boto3.client(
            service,
            endpoint_url=self.server.endpoint_url,
            region_name=REGION,
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
            **signer,
        )
        if not credentials:
            self._clients[service] = made
        return made

    def role(self, trusted: str | Mapping[str, str], *statements: Mapping[str, Any], name: str = "") -> str:
        """A new role that `trusted` (a service, or a Principal) may assume, allowed what the statements say."""
        name = name or f"role-{uuid.uuid4().hex[:8]}"
        principal = {"Service": trusted} if isinstance(trusted, str) else dict(trusted)
        trust = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
        iam = self.client("iam")
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        if statements:
            self.allow(arn, *statements)
        return arn

    def allow(self, role_arn: str, *statements: Mapping[str, Any]) -> None:
        """Replace what the role may do."""
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}
        name = role_arn.rsplit("/", 1)[-1]
        self.client("iam").put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=json.dumps(policy))

    def as_role(self, role_arn: str, service: str) -> Any:
        session = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]
        return self.client(
            service,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )

    def function(self, code: str, role_arn: str = "", **settings: Any) -> str:
        """A new function of that code; its ARN."""
        name = f"function-{uuid.uuid4().hex[:8]}"
        made = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="handler.handle",
            Role=role_arn or self.role("lambda.amazonaws.com", {"Action": "logs:*", "Resource": "*"}),
            Code={"ZipFile": zipped({"handler.py": textwrap.dedent(code)})},
            **settings,
        )
        return str(made["FunctionArn"])

    def queue(self, *, admits: str = "") -> tuple[str, str]:
        """A new queue's URL and ARN; `admits` names a service that may send to it."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        if admits:
            statement = {
                "Effect": "Allow",
                "Principal": {"Service": admits},
                "Action": "sqs:SendMessage",
                "Resource": arn,
            }
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [statement]})})
        return url, arn

    def messages(self, queue_url: str, count: int, seconds: float = 60) -> Sequence[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + seconds
        while len(found) < count and time.monotonic() < deadline:
            answer = self.client("sqs").receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"]
            )
            for message in answer.get("Messages", []):
                self.client("sqs").delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
                found.append(message)
        return found

    def log(self, function_arn: str) -> str:
        """Everything in the function's log group; empty before its first event."""
        logs = self.client("logs")
        group = f"/aws/lambda/{function_arn.rsplit(':', 1)[-1]}"
        try:
            found = logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return ""
        return "\n".join(event["message"] for event in found)

    def execution(self, definition: Mapping[str, Any], role_arn: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Create a state machine, run it once and describe the finished execution."""
        arn = self.start(definition, role_arn, document)
        states = self.client("stepfunctions")
        return eventually(lambda: ended(states.describe_execution(executionArn=arn)))

    def start(self, definition: Mapping[str, Any], role_arn: str, document: Mapping[str, Any]) -> str:
        states = self.client("stepfunctions")
        machine = states.create_state_machine(
            name=f"machine-{uuid.uuid4().hex[:8]}", definition=json.dumps(definition), roleArn=role_arn
        )
        started = states.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(document))
        return str(started["executionArn"])


def ended(description: dict[str, Any]) -> dict[str, Any] | None:
    return description if description["status"] != "RUNNING" else None


def zipped(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    state_dir = tmp_path_factory.mktemp("localcloud")
    with daemon.running(state_dir) as server:
        yield Running(server, state_dir)
