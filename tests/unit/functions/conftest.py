"""A stage on moto: real adapters against moto's S3, DynamoDB, SNS and Step Functions, no socket opened."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

from sluice.aws.audit_log import AuditLog
from sluice.aws.executions import Executions
from sluice.aws.journal import Journal
from sluice.aws.leases import Leases
from sluice.aws.notifications import Notifications
from sluice.aws.objects import Objects
from sluice.aws.production import ProductionStates
from sluice.aws.runs import Runs
from sluice.aws.table import StateTable
from tests.definitions import definition, definition_fields
from tests.unit.functions.production_under_test import FakeEndpoints, FakeRegistry, Production

BUCKET, ACCOUNT, REGION = "sluice-dev-123456789012-us-east-1", "123456789012", "us-east-1"


@dataclass
class Clock:
    """A clock that a test moves."""

    at: datetime = datetime(2026, 11, 20, 20, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def forward(self, **duration: float) -> None:
        self.at += timedelta(**duration)


class KilledError(BaseException):
    """The function was killed here: no exception that it could catch."""


@dataclass
class StageUnderTest:
    clock: Clock
    s3: Any
    sqs: Any
    queue_url: str
    table: StateTable
    objects: Objects
    leases: Leases
    runs: Runs
    production: ProductionStates
    journal: Journal
    log: AuditLog
    executions: Executions
    counted: list[tuple[str, str]] = field(default_factory=list)

    def put(self, key: str, body: str | bytes) -> dict[str, Any]:
        stored: dict[str, Any] = self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return stored

    def put_definition(self, **changes: Any) -> None:
        fields = definition_fields(**changes)
        self.put(f"models/{fields['name']}/model.yaml", yaml.safe_dump(fields))

    @contextmanager
    def dying_after(self, calls: int) -> Iterator[None]:
        """The function is killed as soon as DynamoDB has answered so many of its calls, if it makes as many."""
        left = itertools.count(calls - 1, -1)

        def answered(**_: Any) -> None:
            if next(left) == 0:
                raise KilledError

        hooks = self.table.table.meta.client.meta.events
        hooks.register("after-call.dynamodb", answered)
        try:
            with suppress(KilledError):
                yield
        finally:
            hooks.unregister("after-call.dynamodb", answered)

    def keys(self, prefix: str = "") -> list[str]:
        return list(self.objects.keys(prefix))

    def actions(self, model: str = "churn") -> list[str]:
        return [entry.action for entry in self.log.entries(model)]

    def notices(self) -> list[str]:
        """The subjects of what people were told."""
        import json

        found = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"])["Subject"] for message in found]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[StageUnderTest]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield _stage(Clock())


def _stage(clock: Clock) -> StageUnderTest:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    table = StateTable(create_table("sluice-dev-state", "pk", "sk"))
    topic = boto3.client("sns").create_topic(Name="sluice-dev-notifications")["TopicArn"]
    sqs = boto3.client("sqs")
    queue_url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    queue_arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox"
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    log = AuditLog(table)
    counted: list[tuple[str, str]] = []
    journal = Journal(
        log, Notifications(boto3.client("sns"), topic), clock, lambda action, model: counted.append((action, model))
    )
    return StageUnderTest(
        clock=clock,
        s3=s3,
        sqs=sqs,
        queue_url=queue_url,
        table=table,
        objects=Objects(s3, BUCKET),
        leases=Leases(table, clock),
        runs=Runs(table, clock),
        production=ProductionStates(table, clock),
        journal=journal,
        log=log,
        executions=Executions(boto3.client("stepfunctions"), _create_state_machine()),
        counted=counted,
    )


def create_table(name: str, *keys: str) -> Any:
    return boto3.resource("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)],
    )


def _create_state_machine() -> str:
    trust = '{"Version":"2012-10-17","Statement":[]}'
    role = boto3.client("iam").create_role(RoleName="machine", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    created = boto3.client("stepfunctions").create_state_machine(
        name="sluice-dev-retrain",
        roleArn=role,
        definition='{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}',
    )
    return str(created["stateMachineArn"])


@pytest.fixture
def production(stage: StageUnderTest) -> Production:
    for version in range(1, 5):
        document = definition().model_dump(mode="json")
        stage.put(f"definitions/{version}.json", json.dumps(document))
    return Production(stage, FakeRegistry(), FakeEndpoints(stage.clock))
