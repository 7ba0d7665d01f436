"""A stage with a live version, files that it scores, and a transform job that answers 0.5 and No to each row."""

import copy
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.finish_batch.finish_batch import FinishBatch
from functions.finish_batch.request import FinishBatchRequest
from functions.start_batch.request import Answer, StartBatchRequest
from functions.start_batch.start_batch import StartBatch
from sluice.aws.production import Deployment, ProductionRecord
from sluice.aws.quarantine import Quarantine
from sluice.aws.registry import Registry
from sluice.aws.transform_jobs import TransformJobs
from sluice.aws.version_definitions import VersionDefinitions
from sluice.plan import definition_document
from sluice.rollout import PackageRef
from tests.definitions import definition
from tests.events import load_event
from tests.fakes.aws_clients import client_error
from tests.fakes.events import FakeBus
from tests.fakes.sagemaker_jobs import FakeSageMaker
from tests.unit.functions.conftest import BUCKET, REGION, StageUnderTest

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sluice-dev-churn/6"
HEADER = "id,age,plan\n"
GOOD = f"{HEADER}1,30,basic\n2,41,plus\n"
STARTED = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/1"


class FakeJobLogs:
    """`streams`: messages by the stream's name."""

    def __init__(self) -> None:
        self.streams: dict[str, list[str]] = {}

    def describe_log_streams(self, logGroupName: str, logStreamNamePrefix: str, limit: int) -> dict[str, Any]:
        assert logGroupName == "/aws/sagemaker/TransformJobs"
        if not self.streams:
            raise client_error("ResourceNotFoundException", "The specified log group does not exist.", "Describe")
        found = [name for name in self.streams if name.startswith(logStreamNamePrefix)]
        return {"logStreams": [{"logStreamName": name} for name in sorted(found)[:limit]]}

    def get_log_events(self, logGroupName: str, logStreamName: str, startFromHead: bool, limit: int) -> dict[str, Any]:
        return {"events": [{"message": message} for message in self.streams[logStreamName][:limit]]}


@dataclass
class Batches:
    stage: StageUnderTest
    sagemaker: FakeSageMaker = field(default_factory=FakeSageMaker)
    logs: FakeJobLogs = field(default_factory=FakeJobLogs)
    bus: FakeBus = field(default_factory=FakeBus)
    claims: dict[str, str] = field(default_factory=dict)
    kms_key_arn: str | None = None
    sequence: int = 0

    def go_live(self, **changes: Any) -> None:
        uri = f"s3://{BUCKET}/models/churn/runs/r1/definition/definition.json"
        self.stage.put("models/churn/runs/r1/definition/definition.json", definition_document(definition(**changes)))
        self.sagemaker.packages[ARN] = {
            "ModelPackageArn": ARN,
            "ModelPackageVersion": 6,
            "ModelPackageGroupName": "sluice-dev-churn",
            "ModelApprovalStatus": "Approved",
            "InferenceSpecification": {"Containers": [{"Image": "i", "ModelDataUrl": "s3://b/m.tar.gz"}]},
            "CustomerMetadataProperties": {"definition": uri},
        }
        deployment = Deployment(PackageRef(ARN, 6), "config", "c", "r", "me", STARTED, "sluice-dev-churn", "serverless")
        record = self.stage.production.get("churn")
        assert self.stage.production.put(ProductionRecord("churn", record.revision, live=deployment))

    def event(self, body: str | bytes = GOOD, name: str = "a.csv", model: str = "churn") -> dict[str, Any]:
        key = f"models/{model}/batch/in/{name}"
        stored = self.stage.put(key, body)
        self.sequence += 1
        event = copy.deepcopy(load_event("batch_object_created"))
        event["time"] = (STARTED + timedelta(seconds=self.sequence)).isoformat()
        event["detail"]["bucket"]["name"] = BUCKET
        event["detail"]["object"] = {
            "key": key,
            "size": len(body.encode() if isinstance(body, str) else body),
            "etag": stored["ETag"].strip('"'),
            "version-id": stored["VersionId"],
            "sequencer": f"{self.sequence:016X}",
        }
        return event

    def start(self, event: dict[str, Any], execution: str = "arn:1") -> Answer:
        client: Any = self.sagemaker
        stage = self.stage
        start_batch = StartBatch(
            objects=stage.objects,
            production=stage.production,
            definitions=VersionDefinitions(stage.objects, Registry(client)),
            journal=stage.journal,
            quarantine=Quarantine(stage.objects),
            claim=self.claims.setdefault,  # type: ignore[arg-type]
            stage="dev",
            role_arn="arn:role",
            kms_key_arn=self.kms_key_arn,
        )
        return start_batch.handle(StartBatchRequest.model_validate({"event": event, "execution_arn": execution}))

    def planned(self, event: dict[str, Any], execution: str = "arn:1") -> dict[str, Any]:
        answer = self.start(event, execution)
        assert answer.outcome == "batch", answer
        assert answer.plan is not None
        return answer.plan

    def transform(self, plan: dict[str, Any], end: str = "\n", lose: int = 0) -> None:
        """What the job leaves: each part joined with its answers, below a prefix of SageMaker's choice."""
        prefix = plan["input_uri"].partition(f"{BUCKET}/")[2]
        for key in [key for key in self.stage.keys(prefix) if "/in/part-" in key]:
            lines = self.stage.objects.read(key).decode().splitlines()
            kept = lines[: len(lines) - lose]
            joined = [f"{line},{'probability,label' if line == HEADER.strip() else '0.5,No'}" for line in kept]
            name = key.rpartition("/")[2]
            self.stage.put(f"{prefix.replace('/in/', '/out/')}deep/{name}.out", end.join(joined) + end)
        self.end_job(plan, "Completed")

    def end_job(self, plan: dict[str, Any], status: str, reason: str | None = None) -> None:
        self.sagemaker.transform_jobs[plan["name"]] = {
            "TransformJobName": plan["name"],
            "TransformJobStatus": status,
            "TransformStartTime": STARTED,
            "TransformEndTime": STARTED + timedelta(seconds=90),
            **({"FailureReason": reason} if reason else {}),
        }

    def finish(self, event: dict[str, Any], execution: str = "arn:1", **more: Any) -> dict[str, Any]:
        client: Any = self.sagemaker
        stage = self.stage
        bus: Any = self.bus
        definitions = VersionDefinitions(stage.objects, Registry(client))
        jobs = TransformJobs(client, self.logs)
        finish = FinishBatch(stage.objects, jobs, stage.journal, definitions, bus, "dev", REGION)
        request = {"event": event, "execution_arn": execution, **more}
        return finish.handle(FinishBatchRequest.model_validate(json.loads(json.dumps(request))))

    def read(self, key: str) -> bytes:
        return self.stage.objects.read(f"models/churn/{key}")

    def tags(self, key: str) -> dict[str, str]:
        found = self.stage.s3.get_object_tagging(Bucket=BUCKET, Key=key)["TagSet"]
        return {tag["Key"]: tag["Value"] for tag in found}
