"""Sluice installed in an account of moto's: two versions in the registry, rows in the table."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.main import run
from cli.target import Aws, chosen_stage
from sluice.audit import AuditEntry
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

OUTPUTS = {
    "BucketName": BUCKET,
    "StateTableName": TABLE,
    "RetrainStateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:sluice-dev-retrain",
    "Stage": "dev",
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


class AwsWithStacks(Aws):
    def __init__(self, stage: str | None, stacks: Stacks) -> None:
        super().__init__(session(), chosen_stage(stage))
        self._stacks = stacks

    def client(self, service: str) -> Any:
        return self._stacks if service == "cloudformation" else super().client(service)


@dataclass(frozen=True)
class Account:
    sagemaker: Any
    s3: Any
    registry: Registry
    audit_log: AuditLog
    runs: Runs
    production: ProductionStates

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
        return run(list(arguments), lambda stage: AwsWithStacks(stage, stacks))

    def approval(self, version: int) -> tuple[str, str]:
        package = self.registry.package(version_arn(version))
        return package.approval_status, package.approval_description


def put_live(account: Account, version: int) -> None:
    """As if that version of churn served."""
    package = PackageRef(version_arn(version), version)
    live = Deployment(package, f"config-{version}", "cause", "approved", "ann", NOW)
    assert account.production.put(ProductionRecord("churn", live=live))


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
