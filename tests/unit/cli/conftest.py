"""Sluice installed in an account of moto's: two versions in the registry, rows in the table."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.main import run
from cli.target import Aws, chosen_stage
from sluice.alias import Alias
from sluice.audit import AuditEntry
from sluice.aws.aliases import Aliases
from sluice.aws.audit_log import AuditLog
from sluice.aws.production import Deployment, ProductionRecord, ProductionStates
from sluice.aws.registry import Registry
from sluice.aws.runs import Runs
from sluice.aws.table import StateTable
from sluice.rollout import PackageRef

BUCKET = "sluice-dev-bucket"
TABLE = "sluice-dev-state"
GROUP = "sluice-dev-churn"
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
EVENT_ID = "1"

OUTPUTS = {
    "BucketName": BUCKET,
    "StateTableName": TABLE,
    "RetrainStateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:sluice-dev-retrain",
    "Stage": "dev",
    "InferenceApiUrl": "https://api.example",
}


def version_arn(number: int) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{GROUP}/{number}"


class Stacks:
    """A CloudFormation client; moto's own needs packages that nothing else here does."""

    def __init__(self, outputs: dict[str, dict[str, str]]) -> None:
        self._outputs = outputs

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        if StackName not in self._outputs:
            error: Any = {"Error": {"Code": "ValidationError", "Message": f"Stack with id {StackName} does not exist"}}
            raise ClientError(error, "DescribeStacks")
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self._outputs[StackName].items()]
        return {"Stacks": [{"StackStatus": "UPDATE_COMPLETE", "Outputs": outputs}]}


@cache
def session() -> boto3.Session:
    """One for all tests: it keeps the service models that it has read."""
    return boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")


class Bus:
    """An `events` client. `heard` is called with each event's detail type and detail, as a rule's target is."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.heard: Callable[[str, dict[str, Any]], None] = lambda kind, detail: None
        self.refuses = False

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        if self.refuses:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow"}]}
        for entry in Entries:
            assert entry["Source"] == "sluice"
            assert json.loads(entry["Detail"])["stage"] == "dev"
            self.sent.append((entry["DetailType"], json.loads(entry["Detail"])))
            self.heard(*self.sent[-1])
        return {"FailedEntryCount": 0, "Entries": [{"EventId": EVENT_ID}]}


class AwsWithStacks(Aws):
    """clients: what takes the place of moto's."""

    def __init__(self, stage: str | None, stacks: Stacks, clients: Mapping[str, Any] | None = None) -> None:
        super().__init__(session(), chosen_stage(stage))
        self._given = {**(clients or {}), "cloudformation": stacks}

    def client(self, service: str) -> Any:
        return self._given.get(service) or super().client(service)


@dataclass(frozen=True)
class Account:
    sagemaker: Any
    s3: Any
    registry: Registry
    audit_log: AuditLog
    runs: Runs
    production: ProductionStates
    bus: Bus = field(default_factory=Bus)
    clients: dict[str, Any] = field(default_factory=dict)

    def register(self, status: str, run_id: str, auc: str, **metadata: str) -> str:
        created = self.sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus=status,
            ModelPackageDescription=f"Run {run_id}",
            InferenceSpecification={
                "Containers": [{"Image": "image", "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz"}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            CustomerMetadataProperties={"run_id": run_id, "auc": auc, **metadata},
        )
        return str(created["ModelPackageArn"])

    def leave(self, key: str, content: str | dict[str, Any]) -> str:
        """Put what a run leaves into the bucket; its URI."""
        body = content if isinstance(content, str) else json.dumps(content)
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body.encode())
        return f"s3://{BUCKET}/{key}"

    def type(self, *arguments: str) -> int:
        """Run the command line as if this account were the environment's."""
        stacks = Stacks({"sluice-dev": OUTPUTS})
        clients = {"events": self.bus, **self.clients}
        return run(list(arguments), lambda stage: AwsWithStacks(stage, stacks, clients))

    def approval(self, version: int) -> tuple[str, str]:
        package = self.registry.package(version_arn(version))
        return package.approval_status, package.approval_description


def deployment(version: int) -> Deployment:
    package = PackageRef(version_arn(version), version)
    endpoint = "sluice-dev-churn--real-time"
    return Deployment(package, f"config-{version}", "cause", "approved", "ann", NOW, endpoint, "real-time")


def put_live(account: Account, version: int, **others: Any) -> None:
    """As if that version of churn served."""
    revision = account.production.get("churn").revision
    roles: dict[str, Any] = {"live": deployment(version), **others}
    assert account.production.put(ProductionRecord("churn", revision, **roles))


def put_alias(**changes: Any) -> None:
    """churn's requests go to the real-time endpoint of version 1, but for the changes."""
    fields: dict[str, Any] = {
        "model": "churn",
        "endpoint_name": "sluice-dev-churn--real-time",
        "mode": "real-time",
        "version": 1,
        "definition_uri": f"s3://{BUCKET}/definition.json",
        "variants": {"AllTraffic": 1},
    }
    Aliases(session().client("ssm"), "dev").put(Alias(**(fields | changes)))


def put_endpoint(name: str = "sluice-dev-churn--real-time", **weights: float) -> None:
    """An endpoint of moto's with a variant for each weight."""
    sagemaker = session().client("sagemaker")
    role = "arn:aws:iam::123456789012:role/endpoints"
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": "image"})
    variants = [
        {
            "VariantName": variant,
            "ModelName": name,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
            "InitialVariantWeight": weight,
        }
        for variant, weight in (weights or {"AllTraffic": 1.0}).items()
    ]
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


def type_into_empty_account(*arguments: str) -> int:
    return run(list(arguments), lambda stage: AwsWithStacks(stage, Stacks({})))


@pytest.fixture
def empty_account() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def account(empty_account: None) -> Account:
    sagemaker, s3 = session().client("sagemaker"), session().client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="models/churn/model.yaml", Body=b"name: churn")
    s3.put_object(Bucket=BUCKET, Key="models/upsell/model.yaml", Body=b"name: upsell")
    sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    table = StateTable(_create_table())
    audit_log, runs = AuditLog(table), Runs(table, lambda: NOW)
    production = ProductionStates(table, lambda: NOW)
    found = Account(sagemaker, s3, Registry(sagemaker), audit_log, runs, production)
    found.register("Approved", "261120080000-aaaa", "0.84")
    found.register("PendingManualApproval", "261120090000-bbbb", "0.86")
    _add_rows(audit_log, runs)
    return found


def _create_table() -> Any:
    return (
        session()
        .resource("dynamodb")
        .create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
    )


def _add_rows(audit_log: AuditLog, runs: Runs) -> None:
    who = "arn:aws:sts::123456789012:assumed-role/approver/ann"
    audit_log.write(AuditEntry("churn", "RUN_STARTED", NOW, "sluice", "churn.csv arrived"))
    audit_log.write(
        AuditEntry("churn", "MODEL_APPROVED", NOW + timedelta(minutes=5), who, "reviewed", {"version": "1"})
    )
    for run_id in ("261120080000-aaaa", "261120090000-bbbb"):
        plan = {"model": "churn", "run_id": run_id, "data_version": f"s3://{BUCKET}/models/churn/raw/new.csv#v1"}
        runs.start(plan, f"arn:aws:states:us-east-1:123456789012:execution:sluice-dev-retrain:{run_id}")
    first = runs.get("churn", "261120080000-aaaa")
    assert first is not None
    runs.finish(first, "SUCCEEDED", "pass", version_arn(1), None)
