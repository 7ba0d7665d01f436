"""Model Monitor as boto3 meets it: captures of a real endpoint, a program for the analyzer's image, roles that bite."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud import daemon
from localcloud.errors import LocalCloudError
from tests.integration.localcloud.conftest import Running
from tests.integration.localcloud.hosting import BUCKET, INSTANCE, MAY_READ, Hosting
from tests.waiting import eventually

ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
LAST_HOUR = {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "PT0H"}
FILES = {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"arn:aws:s3:::{BUCKET}/*"}
LIST = {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}
LOGS = {"Action": "logs:*", "Resource": "*"}
METRICS = {"Action": "cloudwatch:PutMetricData", "Resource": "*"}

# Counts the captured requests of the window's hours, and finds that there are too many.
MONITOR = """
import json, os
from pathlib import Path

source, output = Path(os.environ["dataset_source"]), Path(os.environ["output_path"])
lines = [line for file in source.rglob("*.jsonl") for line in file.read_text().splitlines()]
output.mkdir(parents=True, exist_ok=True)
(output / "statistics.json").write_text(json.dumps({"item_count": len(lines)}))
dimensions = [
    {"Name": "Endpoint", "Value": os.environ["sagemaker_endpoint_name"]},
    {"Name": "MonitoringSchedule", "Value": os.environ["sagemaker_monitoring_schedule_name"]},
]
datum = {"MetricName": "captured", "Timestamp": os.environ["end_time"], "Dimensions": dimensions, "Value": len(lines)}
(output.parents[1] / "output/metrics/cloudwatch/metrics.jsonl").write_text(json.dumps(datum))
message = f"CompletedWithViolations: Job completed successfully with {len(lines)} violations."
(output.parents[1] / "output" / "message").write_text(message)
"""


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A cloud that was given an analyzer."""
    folder, state_dir = tmp_path_factory.mktemp("analyzer"), tmp_path_factory.mktemp("monitored")
    (folder / "monitor.py").write_text(MONITOR)
    with daemon.running(state_dir, analyzer=folder) as server:
        yield Running(server, state_dir)


@pytest.fixture
def hosting(monitored: Running) -> Hosting:
    made = Hosting(monitored)
    monitored.allow(made.role, MAY_READ, FILES)
    return made


@pytest.fixture
def endpoint(hosting: Hosting) -> str:
    """With five captured requests."""
    name = hosting.plain(f"watched-{uuid.uuid4().hex[:6]}")
    hosting.sagemaker.create_endpoint_config(
        EndpointConfigName=f"{name}-c",
        ProductionVariants=[{"VariantName": "AllTraffic", "ModelName": name, **INSTANCE}],
        DataCaptureConfig={
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{BUCKET}/captures",
            "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        },
    )
    hosting.create(f"{name}-c")
    for _ in range(5):
        hosting.ask(f"{name}-c")
    s3 = hosting.cloud.client("s3")
    prefix = f"captures/{name}-c/AllTraffic/"
    eventually(lambda: len(_lines(s3, prefix)) == 5)
    return f"{name}-c"


def _lines(s3: Any, prefix: str) -> list[bytes]:
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    bodies = [s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in listed]
    return [line for body in bodies for line in body.splitlines()]


def definition(endpoint: str, role: str) -> dict[str, Any]:
    root = "/opt/ml/processing"
    target = {"S3Uri": f"s3://{BUCKET}/reports", "LocalPath": f"{root}/output", "S3UploadMode": "EndOfJob"}
    return {
        "JobDefinitionName": endpoint,
        "DataQualityAppSpecification": {"ImageUri": ANALYZER},
        "DataQualityJobInput": {"EndpointInput": {"EndpointName": endpoint, "LocalPath": f"{root}/input"}},
        "DataQualityJobOutputConfig": {"MonitoringOutputs": [{"S3Output": target}]},
        "JobResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}},
        "RoleArn": role,
    }


def watch(sagemaker: Any, endpoint: str) -> None:
    sagemaker.create_monitoring_schedule(
        MonitoringScheduleName=endpoint,
        MonitoringScheduleConfig={
            "ScheduleConfig": LAST_HOUR,
            "MonitoringJobDefinitionName": endpoint,
            "MonitoringType": "DataQuality",
        },
    )


def executed(sagemaker: Any, schedule: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        described = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=schedule)
        last: dict[str, Any] = described.get("LastMonitoringExecutionSummary", {})
        return last if last.get("MonitoringExecutionStatus") not in (None, "Pending", "InProgress") else None

    return eventually(ended, f"an execution of {schedule}")


def test_a_schedule_analyzes_what_an_endpoint_has_captured(hosting, monitored, endpoint):
    role = monitored.role("sagemaker.amazonaws.com", FILES, LIST, LOGS, METRICS)
    hosting.sagemaker.create_data_quality_job_definition(**definition(endpoint, role))
    watch(hosting.sagemaker, endpoint)

    execution = executed(hosting.sagemaker, endpoint)
    assert execution["MonitoringExecutionStatus"] == "CompletedWithViolations", execution
    job = hosting.sagemaker.describe_processing_job(ProcessingJobName=execution["ProcessingJobArn"].split("/")[-1])
    assert job["ExitMessage"].endswith("with 5 violations.")
    output = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"].removeprefix(f"s3://{BUCKET}/")
    body = monitored.client("s3").get_object(Bucket=BUCKET, Key=f"{output}/statistics.json")["Body"].read()
    assert json.loads(body) == {"item_count": 5}
    (metric,) = monitored.client("cloudwatch").list_metrics(
        Namespace="aws/sagemaker/Endpoints/data-metrics", Dimensions=[{"Name": "Endpoint", "Value": endpoint}]
    )["Metrics"]
    assert metric["MetricName"] == "captured"

    with pytest.raises(ClientError, match="is attached to it"):
        hosting.sagemaker.delete_endpoint(EndpointName=endpoint)
    hosting.sagemaker.delete_monitoring_schedule(MonitoringScheduleName=endpoint)
    missing = hosting.sagemaker.exceptions.ResourceNotFound
    eventually(lambda: _raises(missing, hosting.sagemaker, endpoint))
    hosting.delete(endpoint)
    kept = hosting.sagemaker.list_monitoring_executions(EndpointName=endpoint)["MonitoringExecutionSummaries"]
    assert [one["MonitoringExecutionStatus"] for one in kept] == ["CompletedWithViolations"]


def _raises(error: type[Exception], sagemaker: Any, schedule: str) -> bool:
    try:
        sagemaker.describe_monitoring_schedule(MonitoringScheduleName=schedule)
    except error:
        return True
    return False


def test_the_jobs_role_needs_the_captures_and_may_lack_the_metrics(hosting, monitored, endpoint):
    role = monitored.role("sagemaker.amazonaws.com", FILES, LOGS)
    hosting.sagemaker.create_data_quality_job_definition(**definition(endpoint, role))
    watch(hosting.sagemaker, endpoint)
    execution = executed(hosting.sagemaker, endpoint)
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert "s3:ListBucket" in execution["FailureReason"]

    monitored.allow(role, FILES, LIST, LOGS)
    hosting.sagemaker.update_monitoring_schedule(
        MonitoringScheduleName=endpoint,
        MonitoringScheduleConfig=hosting.sagemaker.describe_monitoring_schedule(MonitoringScheduleName=endpoint)[
            "MonitoringScheduleConfig"
        ],
    )
    second = eventually(lambda: _of_status(hosting.sagemaker, endpoint, "CompletedWithViolations"))
    name = second["ProcessingJobArn"].split("/")[-1]
    log = (monitored.state_dir / "jobs" / name / "algo-1.log").read_text()
    assert "The metrics were not published" in log
    assert "cloudwatch:PutMetricData" in log


def _of_status(sagemaker: Any, schedule: str, status: str) -> dict[str, Any] | None:
    found = sagemaker.list_monitoring_executions(MonitoringScheduleName=schedule, StatusEquals=status)
    executions: list[dict[str, Any]] = found["MonitoringExecutionSummaries"]
    return executions[0] if executions else None


def test_a_caller_passes_the_jobs_role_and_needs_each_permission(hosting, monitored, endpoint):
    role = monitored.role("sagemaker.amazonaws.com", FILES, LIST, LOGS)
    pass_role = {"Action": "iam:PassRole", "Resource": role}
    create = {
        "Action": "sagemaker:CreateDataQualityJobDefinition",
        "Resource": f"arn:aws:sagemaker:*:*:data-quality-job-definition/{endpoint}",
    }
    user = monitored.role({"AWS": "*"}, create)
    sagemaker = monitored.as_role(user, "sagemaker")
    with pytest.raises(ClientError, match="iam:PassRole"):
        sagemaker.create_data_quality_job_definition(**definition(endpoint, role))
    monitored.allow(user, create, pass_role)
    sagemaker.create_data_quality_job_definition(**definition(endpoint, role))
    with pytest.raises(ClientError, match="sagemaker:CreateMonitoringSchedule"):
        watch(sagemaker, endpoint)


def test_a_folder_without_a_program_is_refused_at_the_start(tmp_path: Path):
    with pytest.raises(LocalCloudError, match=r"has no monitor\.py"):
        daemon.start_detached(tmp_path / "state", analyzer=tmp_path)
