"""Batch transform jobs with real containers: files in S3 in, answers in S3 out, as the model's role."""

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.localcloud.conftest import ACCOUNT, REGION, Running
from tests.integration.localcloud.hosting import ENVIRONMENT, SKLEARN, packed
from tests.waiting import eventually

BUCKET = "data-of-the-transform-tests"
STATES = "states.amazonaws.com"
MAY_WORK = {"Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject", "logs:*"], "Resource": "*"}

# A row's sum, of CSV or of JSON's {"values": [...]}. A text in a row is an error of the client's.
SCRIPT = """
import json, os

def model_fn(model_dir):
    return None

def input_fn(body, content_type):
    if content_type == "application/json":
        return [json.loads(line)["values"] for line in body.splitlines()]
    return [line.split(",") for line in body.splitlines()]

def predict_fn(rows, model):
    if rows[0][0] == "die":
        os._exit(3)
    try:
        return [sum(map(float, row)) for row in rows]
    except ValueError as error:
        return str(error)

def output_fn(sums, accept):
    if isinstance(sums, str):
        return refusal(sums)
    told = os.environ.get("TELL", "")
    return "\\n".join(f"{one}{told}" for one in sums), accept

def refusal(message):
    def application(environ, start_response):
        start_response("400 Bad Request", [("Content-Type", "text/plain")])
        return [message.encode()]
    return application
"""


class Batch:
    """Each has a folder and a model of its own."""

    def __init__(self, cloud: Running) -> None:
        self.cloud = cloud
        self.s3, self.sagemaker = cloud.client("s3"), cloud.client("sagemaker")
        self.name = f"batch-{uuid.uuid4().hex[:8]}"
        with suppress(ClientError):
            self.s3.create_bucket(Bucket=BUCKET)
        self.role = cloud.role("sagemaker.amazonaws.com", MAY_WORK)
        artifact = packed({"code/inference.py": SCRIPT.encode()})
        self.s3.put_object(Bucket=BUCKET, Key=f"{self.name}/model.tar.gz", Body=artifact)
        url = f"s3://{BUCKET}/{self.name}/model.tar.gz"
        container = {"Image": SKLEARN, "ModelDataUrl": url, "Environment": ENVIRONMENT}
        self.sagemaker.create_model(ModelName=self.name, ExecutionRoleArn=self.role, PrimaryContainer=container)

    def put(self, **files: str) -> None:
        for name, text in files.items():
            self.s3.put_object(Bucket=BUCKET, Key=f"{self.name}/in/{name}", Body=text.encode())

    def request(self, content_type: str = "text/csv", **changes: Any) -> dict[str, Any]:
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{self.name}/in/"}
        made = {
            "TransformJobName": self.name,
            "ModelName": self.name,
            "TransformInput": {
                "DataSource": {"S3DataSource": source},
                "ContentType": content_type,
                "SplitType": "Line",
            },
            "TransformOutput": {
                "S3OutputPath": f"s3://{BUCKET}/{self.name}/out",
                "Accept": content_type,
                "AssembleWith": "Line",
            },
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }
        return made | changes

    def run(self, content_type: str = "text/csv", **changes: Any) -> dict[str, Any]:
        self.sagemaker.create_transform_job(**self.request(content_type, **changes))
        return self.ended()

    def ended(self) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            job: dict[str, Any] = self.sagemaker.describe_transform_job(TransformJobName=self.name)
            return job if job["TransformJobStatus"] in ("Completed", "Failed", "Stopped") else None

        return eventually(look, f"{self.name} has ended")

    def output(self, name: str) -> str:
        body: bytes = self.s3.get_object(Bucket=BUCKET, Key=f"{self.name}/out/{name}.out")["Body"].read()
        return body.decode()

    def outputs(self) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{self.name}/out/").get("Contents", [])
        return [item["Key"].rpartition("/")[2] for item in found]


@pytest.fixture
def batch(cloud: Running) -> Batch:
    return Batch(cloud)


def test_files_are_answered_joined_and_announced(cloud: Running, batch: Batch) -> None:
    url, arn = cloud.queue(admits="events.amazonaws.com")
    events = cloud.client("events")
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Transform Job State Change"],
        "detail": {"TransformJobName": [batch.name], "TransformJobStatus": ["Completed"]},
    }
    events.put_rule(Name=batch.name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=batch.name, Targets=[{"Id": "queue", "Arn": arn}])
    batch.put(**{"a.csv": "id1,1,2\nid2,3,4\n", "b.csv": "id3,5,6"})

    job = batch.run(
        DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 2},
        Environment={"TELL": "!"},
        Tags=[{"Key": "team", "Value": "churn"}],
    )

    assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
    assert batch.output("a.csv") == "id1,3.0!\nid2,7.0!\n"
    assert batch.output("b.csv") == "id3,11.0!\n"
    tags = batch.sagemaker.list_tags(ResourceArn=job["TransformJobArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "churn"}]
    [message] = cloud.messages(url, 1)
    assert json.loads(message["Body"])["resources"] == [job["TransformJobArn"]]


def test_json_lines(batch: Batch) -> None:
    batch.put(**{"a.jsonl": '{"id":1,"values":[1,2]}\n{"id":2,"values":[3]}\n'})

    job = batch.run(
        "application/json", DataProcessing={"JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"}
    )

    assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
    assert batch.output("a.jsonl") == '{"id":1,"SageMakerOutput":3.0}\n{"id":2,"SageMakerOutput":3.0}\n'


def test_a_header_is_a_record_and_what_the_container_refuses_fails_the_job(cloud: Running, batch: Batch) -> None:
    batch.put(**{"a.csv": "tenure,charges\n1,2\n", "b.csv": "1,2\n"})

    job = batch.run(BatchStrategy="SingleRecord", MaxConcurrentTransforms=2)

    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"] == "ClientError: See job logs for more information"
    assert batch.outputs() == ["b.csv.out"]
    events = cloud.client("logs").filter_log_events(logGroupName="/aws/sagemaker/TransformJobs")["events"]
    told = [one["message"] for one in events if batch.name in one["message"]]
    assert any("a.csv: ClientError: 400" in line for line in told)


def test_a_container_that_dies_is_started_again_and_the_job_fails_in_the_end(batch: Batch) -> None:
    batch.put(**{"a.csv": "die,1\n"})

    job = batch.run(ModelClientConfig={"InvocationsMaxRetries": 1})

    assert (job["TransformJobStatus"], job["FailureReason"]) == (
        "Failed",
        "AlgorithmError: See job logs for more information",
    )
    assert batch.outputs() == []


def test_the_output_is_written_as_the_models_role(cloud: Running, batch: Batch) -> None:
    cloud.allow(batch.role, {"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"})
    batch.put(**{"a.csv": "1,2\n"})

    job = batch.run()

    assert job["TransformJobStatus"] == "Failed"
    assert "Failed to upload" in job["FailureReason"]
    assert "AccessDenied" in job["FailureReason"]


def machine(batch: Batch) -> Mapping[str, Any]:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTransformJob.sync",
        "Parameters": batch.request(),
        "End": True,
    }
    return {"StartAt": "Score", "States": {"Score": task}}


JOBS = {
    "Action": [f"sagemaker:{verb}" for verb in ("CreateTransformJob", "DescribeTransformJob", "StopTransformJob")]
    + ["sagemaker:AddTags", "sagemaker:ListTags"],
    "Resource": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:transform-job/*",
}
RULES = {
    "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
    "Resource": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForSageMakerTransformJobsRule",
}


def test_step_functions_waits_for_the_job(cloud: Running, batch: Batch) -> None:
    batch.put(**{"a.csv": "1,2\n"})

    ended = cloud.execution(machine(batch), cloud.role(STATES, JOBS, RULES), {})

    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    output = json.loads(ended["output"])
    assert output["TransformJobStatus"] == "Completed"
    assert output["Tags"]["MANAGED_BY_AWS"] == "STARTED_BY_STEP_FUNCTIONS"
    assert batch.output("a.csv") == "3.0\n"


def test_a_machine_needs_the_managed_rule(cloud: Running, batch: Batch) -> None:
    with pytest.raises(ClientError, match="is not authorized to create managed-rule"):
        cloud.execution(machine(batch), cloud.role(STATES, JOBS), {})
