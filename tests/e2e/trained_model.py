"""A model of the stage under test, driven through the doors a user has: S3, Step Functions, the registry, endpoints."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError

from tests.e2e.local_stage import LocalStage, write_churn
from tests.waiting import eventually

RUN_SECONDS = 180.0


def churn_definition(name: str, **sections: Any) -> dict[str, Any]:
    """What fits `write_churn`; quick to train."""
    return {
        "name": name,
        "data": {
            "target": "churned",
            "positive_label": "Yes",
            "key": "customer_id",
            "features": {
                "tenure": {"type": "numeric"},
                "plan": {"type": "categorical"},
                "monthly": {"type": "numeric"},
            },
        },
        "training": {"hyperparameters": {"num_round": 20, "max_depth": 3}},
        "gate": {"metrics": {"auc": {"min": 0.6}}},
        **sections,
    }


@dataclass
class TrainedModel:
    stage: LocalStage
    name: str
    folder: Path
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = self.stage.client(service)
        return self.clients[service]

    @property
    def endpoint(self) -> str:
        """Where its requests go; before its first deployment: where those to a serverless one would."""
        alias = self.alias()
        return str(alias["endpoint_name"]) if alias else f"sluice-dev-{self.name}"

    def alias(self) -> dict[str, Any] | None:
        ssm = self.client("ssm")
        try:
            found = ssm.get_parameter(Name=f"/sluice/dev/{self.name}/alias")
        except ssm.exceptions.ParameterNotFound:
            return None
        document: dict[str, Any] = json.loads(found["Parameter"]["Value"])
        return document

    def define(self, text: str | None = None, **sections: Any) -> None:
        body = text if text is not None else yaml.safe_dump(churn_definition(self.name, **sections))
        self.client("s3").put_object(Bucket=self.stage.bucket, Key=f"models/{self.name}/model.yaml", Body=body.encode())

    def upload(self, body: bytes | None = None, name: str = "churn.csv", rows: int = 1500, seed: int = 7) -> str:
        """Upload a file (churn data when no body is given); answers its S3 key."""
        if body is None:
            body = write_churn(self.folder / name, rows, seed).read_bytes()
        key = f"models/{self.name}/raw/{name}"
        self.client("s3").put_object(Bucket=self.stage.bucket, Key=key, Body=body)
        return key

    def executions(self) -> list[dict[str, Any]]:
        """This model's executions, the oldest first, each with its input and output."""
        states = self.client("stepfunctions")
        pages = states.get_paginator("list_executions").paginate(
            stateMachineArn=self.stage.outputs["RetrainStateMachineArn"]
        )
        summaries = [summary for page in pages for summary in page["executions"]]
        described = [states.describe_execution(executionArn=summary["executionArn"]) for summary in summaries]
        ours = [execution for execution in described if self._is_ours(json.loads(execution["input"]))]
        return sorted(ours, key=lambda execution: execution["startDate"])

    def _is_ours(self, event: Mapping[str, Any]) -> bool:
        detail = event["detail"]
        if "model" in detail:
            return bool(detail["model"] == self.name)
        return str(detail["object"]["key"]).startswith(f"models/{self.name}/")

    def ended(self, count: int = 1) -> list[dict[str, Any]]:
        """The model's executions, once there are at least `count` and none runs any more."""

        def look() -> list[dict[str, Any]] | None:
            found = self.executions()
            running = [execution for execution in found if execution["status"] == "RUNNING"]
            return found if len(found) >= count and not running else None

        return eventually(look, f"{count} ended execution(s) of {self.name}", RUN_SECONDS)

    def train(self, **sections: Any) -> dict[str, Any]:
        """Define, upload, wait; answers the run's output. Each call uploads other data."""
        before = len(self.executions())
        self.define(**sections)
        self.upload(seed=100 + before)
        execution = self.ended(before + 1)[-1]
        assert execution["status"] == "SUCCEEDED", execution
        output: dict[str, Any] = json.loads(execution["output"])
        return output

    def decide(self, package_arn: str, status: str, reason: str = "by the test") -> None:
        self.client("sagemaker").update_model_package(
            ModelPackageArn=package_arn, ModelApprovalStatus=status, ApprovalDescription=reason
        )

    def ask_for(self, detail_type: str, **detail: Any) -> None:
        """Put an event of ours on the bus, as `sluice rollback` and `sluice traffic` do."""
        asked = {"stage": "dev", "model": self.name, "requested_by": "the test", "reason": "to see what happens"}
        entry = {"Source": "sluice", "DetailType": detail_type, "Detail": json.dumps({**asked, **detail})}
        answer = self.client("events").put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0, answer

    def await_actions(self, action: str, count: int = 1, seconds: float = 60) -> list[dict[str, Any]]:
        """The audit entries of that action, once there are so many."""

        def look() -> list[dict[str, Any]] | None:
            found = [entry for entry in self.audit() if entry["action"] == action]
            return found if len(found) >= count else None

        return eventually(look, f"{count} {action} of {self.name}", seconds)

    def approval_of(self, package_arn: str) -> str:
        found = self.client("sagemaker").describe_model_package(ModelPackageName=package_arn)
        return str(found["ModelApprovalStatus"])

    def deploy(self, package_arn: str) -> dict[str, Any]:
        """Approve and wait until the audit trail says DEPLOYED; answers the endpoint."""
        before = self.actions().count("DEPLOYED")
        self.decide(package_arn, "Approved")
        eventually(lambda: self._deployed_since(before) and self.is_settled(), f"{self.name} deployed")
        endpoint = self.endpoint_now()
        assert endpoint is not None
        return endpoint

    def await_deployed(self, count: int, seconds: float = 60) -> None:
        """Until there were so many deployments, and nothing more is on its way."""

        def look() -> bool:
            return self.actions().count("DEPLOYED") >= count and self.is_settled()

        eventually(look, f"{count} deployments of {self.name}", seconds)

    def is_settled(self) -> bool:
        """Nothing arrives or waits. A deployment is in the audit trail before the record says that it has ended."""
        record = self.item("PRODUCTION") or {}
        return "arriving" not in record and "queued" not in record

    def _deployed_since(self, before: int) -> bool:
        trail = self.audit()
        assert not trail or trail[-1]["action"] != "DEPLOYMENT_FAILED", trail[-1]["why"]
        return [entry["action"] for entry in trail].count("DEPLOYED") > before

    def audit(self) -> list[dict[str, Any]]:
        answer = self.client("dynamodb").query(
            TableName=self.stage.outputs["StateTableName"],
            KeyConditionExpression="pk = :pk AND begins_with(sk, :audit)",
            ExpressionAttributeValues={":pk": {"S": f"MODEL#{self.name}"}, ":audit": {"S": "AUDIT#"}},
            ConsistentRead=True,
        )
        return [{key: value["S"] for key, value in item.items()} for item in answer["Items"]]

    def item(self, kind: str) -> dict[str, Any] | None:
        """The model's item of one kind in the state table, as DynamoDB has it."""
        key = {"pk": {"S": f"MODEL#{self.name}"}, "sk": {"S": kind}}
        table = self.stage.outputs["StateTableName"]
        found: dict[str, Any] | None = (
            self.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        )
        return found

    def actions(self) -> list[str]:
        return [entry["action"] for entry in self.audit()]

    def read(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def keys(self, prefix: str) -> list[str]:
        return self._keys(f"models/{self.name}/{prefix}")

    def captures(self) -> list[str]:
        return self._keys(f"captures/{self.name}/")

    def _keys(self, prefix: str) -> list[str]:
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.stage.bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def jobs(self) -> list[str]:
        """The names of every job that this model ever started."""
        sagemaker, named = self.client("sagemaker"), f"sluice-dev-{self.name}-"
        training = sagemaker.list_training_jobs(NameContains=named)["TrainingJobSummaries"]
        processing = sagemaker.list_processing_jobs(NameContains=named)["ProcessingJobSummaries"]
        return [job["TrainingJobName"] for job in training] + [job["ProcessingJobName"] for job in processing]

    def configs(self) -> list[str]:
        found = self.client("sagemaker").list_endpoint_configs(NameContains=f"sluice-dev-{self.name}-v")[
            "EndpointConfigs"
        ]
        return [config["EndpointConfigName"] for config in found]

    def endpoint_now(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.client("sagemaker").describe_endpoint(EndpointName=self.endpoint)
        except ClientError:
            return None
        del found["ResponseMetadata"]
        return found

    def scores(self, records: list[Mapping[str, Any]]) -> list[float]:
        answer = self.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=self.endpoint, ContentType="application/json", Body=json.dumps(records)
        )
        predictions = json.loads(answer["Body"].read())["predictions"]
        return [prediction["probability"] for prediction in predictions]


@dataclass
class Inbox:
    """A queue that hears every notification of the stage."""

    sqs: Any
    url: str
    heard: list[dict[str, Any]] = field(default_factory=list)

    def about(self, model: str) -> list[dict[str, Any]]:
        """What people were told about a model so far: SNS messages with Subject and Message."""
        while True:
            found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
            self.heard += [json.loads(message["Body"]) for message in found]
            for message in found:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            if not found:
                return [notice for notice in self.heard if notice["Subject"].startswith(f"[sluice] {model}: ")]
