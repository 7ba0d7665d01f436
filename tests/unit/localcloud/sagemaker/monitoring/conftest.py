"""Model Monitor with real processing jobs, an S3 in memory, and an analyzer that does what the test says."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from localcloud.api import JsonService
from localcloud.sagemaker.hosting.hosting import Hosting
from localcloud.sagemaker.jobs.service import Jobs
from localcloud.sagemaker.jobs.settings import JobSettings
from localcloud.sagemaker.monitoring.service import ModelMonitor
from localcloud.sagemaker.registry import Registry
from localcloud.sagemaker.tags import TagStore
from tests.fakes.alarms import FakeAlarms
from tests.fakes.aws_clients import FakeLogs, FakeS3
from tests.fakes.cloud import FakeCloud
from tests.fakes.model_server import FakeServers
from tests.unit.localcloud.sagemaker.hosting.conftest import ROLE, SCRIPT, XGBOOST
from tests.unit.localcloud.sagemaker.hosting.variant_requests import instances
from tests.unit.localcloud.sagemaker.monitoring.requests import CAPTURES, ENDPOINT
from tests.waiting import eventually

# It tells what it was given, and then does what the definition's own variable DO says.
ANALYZER_SCRIPT = """
import json, os, sys, time
from pathlib import Path

told = {name: value for name, value in os.environ.items() if not name.startswith("AWS")}
source, output = Path(told["dataset_source"]), Path(told["output_path"])
told["files"] = sorted(path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file())
told["records"] = [json.loads(line) for name in told["files"] for line in (source / name).read_text().splitlines()]
told["arguments"] = sys.argv[1:]
for name in ("baseline_constraints", "baseline_statistics"):
    told[name + ".text"] = Path(told[name]).read_text() if name in told else None
output.mkdir(parents=True, exist_ok=True)
(output / "told.json").write_text(json.dumps(told))
ml = output.parents[1]
order = told.get("DO", "")
if order == "fail":
    sys.exit("the analyzer failed")
if order == "sleep":
    time.sleep(60)
if order == "nap":
    time.sleep(0.5)
if order == "violate":
    (ml / "output" / "message").write_text("CompletedWithViolations: Job completed successfully with 1 violations.")
if order == "publish":
    metrics = ml / "output" / "metrics" / "cloudwatch" / "cloudwatch_metrics.jsonl"
    metrics.write_text(told["baseline_constraints.text"])
"""


class FakeHostingS3(FakeS3):
    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {}


@dataclass
class FakeCloudWatch(FakeAlarms):
    published: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def put_metric_data(self, Namespace: str, MetricData: list[dict[str, Any]]) -> None:
        self.published += [(Namespace, datum) for datum in MetricData]


@dataclass
class Stage:
    """Both sides of every call pass botocore's model."""

    cloud: FakeCloud
    tags: TagStore
    hosting: Hosting
    jobs: Jobs
    s3: FakeS3
    cloudwatch: FakeCloudWatch
    service: JsonService
    monitor: ModelMonitor

    def close(self) -> None:
        self.monitor.close()
        self.jobs.close()
        self.hosting.close()

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        return self.service.call(operation, request, self.cloud.caller)

    def endpoint(self, name: str = ENDPOINT, capture: bool = True, shadow: str = "", **variant: Any) -> None:
        """In service; with `capture`, its captures go to CAPTURES."""
        config = {
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": CAPTURES,
            "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        }
        container = {"Image": XGBOOST, "ModelDataUrl": "s3://bucket/model.tar.gz", "Environment": SCRIPT}
        self("CreateModel", ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        more: dict[str, Any] = {"DataCaptureConfig": config} if capture else {}
        if shadow:
            more["ShadowProductionVariants"] = [instances(name, shadow)]
        variants = [variant or instances(name)]
        self("CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=variants, **more)
        self("CreateEndpoint", EndpointName=name, EndpointConfigName=name)
        eventually(lambda: self("DescribeEndpoint", EndpointName=name)["EndpointStatus"] == "InService")

    def captured(
        self, *ids: str, at: datetime | None = None, variant: str = "AllTraffic", endpoint: str = ENDPOINT
    ) -> str:
        """A file of captured requests with these inference ids; its path below the endpoint's folder."""
        at = at or datetime.now(UTC)
        path = f"{variant}/{at:%Y/%m/%d/%H}/{ids[0]}.jsonl"
        records = [
            {
                "captureData": {"endpointOutput": {"data": "0.9", "encoding": "CSV"}},
                "eventMetadata": {"eventId": f"event-{one}", "inferenceId": one},
                "eventVersion": "0",
            }
            for one in ids
        ]
        self.s3.put(f"{CAPTURES}/{endpoint}/{path}", "".join(f"{json.dumps(one)}\n" for one in records).encode())
        return path

    def truth(self, at: datetime | None = None, **labels: str) -> None:
        lines = [
            {"groundTruthData": {"data": label, "encoding": "CSV"}, "eventMetadata": {"eventId": one}}
            for one, label in labels.items()
        ]
        at = at or datetime.now(UTC)
        self.s3.put(f"s3://bucket/truth/{at:%Y/%m/%d/%H}/1.jsonl", "\n".join(map(json.dumps, lines)).encode())

    def executions(self, **filters: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self("ListMonitoringExecutions", **filters)["MonitoringExecutionSummaries"]
        return found

    def executed(self, schedule: str = "watch") -> dict[str, Any]:
        """The schedule's last execution once it has ended."""

        def ended() -> dict[str, Any] | None:
            last = self("DescribeMonitoringSchedule", MonitoringScheduleName=schedule)
            found: dict[str, Any] = last.get("LastMonitoringExecutionSummary", {})
            busy = ("Pending", "InProgress", "Stopping")
            return found if found and found["MonitoringExecutionStatus"] not in busy else None

        return eventually(ended, f"an execution of {schedule}")

    def settled(self, schedule: str = "watch") -> str:
        """The schedule's status once it is not Pending."""

        def status() -> str | None:
            told = self("DescribeMonitoringSchedule", MonitoringScheduleName=schedule)["MonitoringScheduleStatus"]
            return None if told == "Pending" else told

        return eventually(status, f"the schedule {schedule} settles")

    def told(self) -> dict[str, Any]:
        """What the analyzer was given, of its only report."""
        (uri,) = [uri for uri in self.s3.uris() if uri.endswith("told.json")]
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        document: dict[str, Any] = json.loads(self.s3.objects[bucket, key])
        return document | {"uri": uri}


def staged(state: Path, analyzer: Path | None, time_scale: float = 0.001) -> Stage:
    s3, cloudwatch = FakeHostingS3(), FakeCloudWatch()
    for name in ("constraints", "statistics"):
        s3.put(f"s3://bucket/baseline/{name}.json", name.encode())
    clients = {"s3": s3, "logs": FakeLogs(), "cloudwatch": cloudwatch}
    cloud = FakeCloud(state, clients=clients, time_scale=time_scale)
    tags = TagStore(cloud)
    registry = Registry(cloud, tags)
    jobs = Jobs(cloud, tags, JobSettings(isolation="rewriting"))
    hosting = Hosting(cloud, tags, registry.package, FakeServers())
    monitor = ModelMonitor(cloud, tags, hosting, jobs, analyzer)
    table = hosting.operations() | jobs.operations() | tags.operations() | monitor.operations()
    service = JsonService("sagemaker", table, lambda headers: cloud.caller)
    return Stage(cloud, tags, hosting, jobs, s3, cloudwatch, service, monitor)


@pytest.fixture
def analyzer(tmp_path: Path) -> Path:
    folder = tmp_path / "analyzer"
    folder.mkdir()
    (folder / "monitor.py").write_text(ANALYZER_SCRIPT)
    return folder


@pytest.fixture
def stage(tmp_path: Path, analyzer: Path) -> Iterator[Stage]:
    made = staged(tmp_path / "state", analyzer)
    made.endpoint()
    yield made
    made.close()
    names = [thread.name for thread in threading.enumerate()]
    assert "monitoring schedule" not in names
