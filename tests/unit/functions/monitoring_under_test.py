"""RunMonitor around one model whose version 6 serves, with its traffic in moto's bucket."""

import copy
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.run_monitor.batches import Batches
from functions.run_monitor.preparation import Preparation
from functions.run_monitor.run_monitor import RunMonitor
from sluice.aws.checks import Check, Checks
from sluice.aws.processing_jobs import ProcessingJobs
from sluice.aws.production import Deployment
from sluice.aws.registry import Package
from sluice.aws.schedules import Schedules
from sluice.aws.variant_metrics import VariantMetrics
from sluice.aws.version_definitions import VersionDefinitions
from sluice.aws.watched import Watched, WatchedModels
from sluice.events import CheckRequested
from sluice.plan import CodeVersion, Surroundings, definition_document
from sluice.rollout import PackageRef
from tests.definitions import definition
from tests.events import load_event
from tests.fakes.schedules import FakeProcessing, FakeScheduler
from tests.unit.functions.conftest import BUCKET, StageUnderTest

ENDPOINT = "sluice-dev-churn"
CAPTURES = f"captures/churn/{ENDPOINT}"
LIVE_SINCE = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
CODE = CodeVersion("abc", f"s3://{BUCKET}/code/abc/processing/", f"s3://{BUCKET}/code/abc/sourcedir.tar.gz")


def arn(version: int) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:model-package/sluice-dev-churn/{version}"


@dataclass
class FakeVersions:
    """The registry; `without_reference` are versions of the time before monitoring."""

    without_reference: set[int] = field(default_factory=set)
    asked: int = 0

    def package(self, package_arn: str) -> Package:
        self.asked += 1
        version = int(package_arn.rpartition("/")[2])
        run = f"s3://{BUCKET}/models/churn/runs/r{version}"
        metadata = {"definition": f"{run}/definition/definition.json"}
        package = Package(
            PackageRef(package_arn, version),
            "sluice-dev-churn",
            "Approved",
            "",
            f"{run}/model/job/output/model.tar.gz",
            "image",
            {},
            f"{run}/baseline/statistics.json",
            metadata,
            "ada",
        )
        if version in self.without_reference:
            return package
        evaluation = f"{run}/evaluation"
        return replace(
            package,
            evaluation_uri=f"{evaluation}/evaluation.json",
            quality_constraints_uri=f"{evaluation}/quality_constraints.json",
        )


@dataclass
class FakeEndpointList:
    gone: set[str] = field(default_factory=set)

    def describe(self, name: str) -> str | None:
        return None if name in self.gone else name


@dataclass
class FakeMetricData:
    """CloudWatch; `values` by metric and statistic, all of them in one minute."""

    values: dict[tuple[str, str], float] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_metric_data(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        results = []
        for query in request["MetricDataQueries"]:
            stat = query["MetricStat"]
            dimensions = {one["Name"]: one["Value"] for one in stat["Metric"]["Dimensions"]}
            value = self.values.get((stat["Metric"]["MetricName"], stat["Stat"]))
            found = [value] if value is not None and dimensions.get("VariantName") == "AllTraffic" else []
            results.append({"Id": query["Id"], "Timestamps": [request["StartTime"]] * len(found), "Values": found})
        return {"MetricDataResults": results}


@dataclass
class Monitored:
    stage: StageUnderTest
    registry: FakeVersions = field(default_factory=FakeVersions)
    endpoints: FakeEndpointList = field(default_factory=FakeEndpointList)
    scheduler: FakeScheduler = field(default_factory=FakeScheduler)
    processing: FakeProcessing = field(default_factory=FakeProcessing)
    metrics: FakeMetricData = field(default_factory=FakeMetricData)

    @property
    def checks(self) -> Checks:
        return Checks(self.stage.table, self.stage.clock)

    @property
    def watched(self) -> WatchedModels:
        return WatchedModels(self.stage.table, self.stage.clock)

    def go_live(
        self, version: int = 6, mode: Any = "serverless", since: datetime = LIVE_SINCE, **monitoring: Any
    ) -> None:
        model = definition(monitoring={"enabled": True, **monitoring})
        key = f"models/churn/runs/r{version}/definition/definition.json"
        self.stage.put(key, definition_document(model))
        package = PackageRef(arn(version), version)
        config = f"config-{version}"
        deployment = Deployment(package, config, f"c{version}", "approved", "ada", since, ENDPOINT, mode)
        assert self.stage.production.put(replace(self.stage.production.get("churn"), live=deployment))
        self.watched.put(Watched("churn", config, ENDPOINT, version, since, "scheduled-job", "scheduled-job"))

    def capture(self, hour: str, variant: str = "AllTraffic", name: str = "a") -> str:
        """An object of that hour, as if written now."""
        key = f"{CAPTURES}/{variant}/{hour}/{name}.jsonl"
        self.stage.put(key, "{}\n")
        return key

    def run_monitor(self) -> RunMonitor:
        stage, fakes = self.stage, self._fakes()
        surroundings = Surroundings("dev", BUCKET, "arn:role", "image", CODE, None)
        return RunMonitor(
            stage="dev",
            production=stage.production,
            watched=self.watched,
            definitions=VersionDefinitions(stage.objects, fakes.registry),
            registry=fakes.registry,
            endpoints=fakes.endpoints,
            schedules=Schedules(fakes.scheduler, "dev"),
            checks=self.checks,
            preparation=Preparation(surroundings, stage.objects, self.checks, VariantMetrics(fakes.metrics)),
            batches=Batches(stage.objects),
            jobs=ProcessingJobs(fakes.processing),
            journal=stage.journal,
            now=stage.clock,
        )

    def _fakes(self) -> Any:
        return self

    def event(self, at: str = "2026-11-20T12:05:00Z", **detail: Any) -> CheckRequested:
        event = copy.deepcopy(load_event("check_requested"))
        event["time"] = at
        event["detail"] |= detail
        return CheckRequested.model_validate(event)

    def ask(self, at: str = "2026-11-20T12:05:00Z", **detail: Any) -> dict[str, Any]:
        return self.run_monitor().handle(self.event(at, **detail))

    def plan(self, check_id: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.stage.objects.read(f"models/churn/monitoring/checks/{check_id}/plan.json")
        )
        return found

    def manifest(self, check_id: str, name: str) -> list[Any]:
        key = f"models/churn/monitoring/checks/{check_id}/{name}.manifest"
        found: list[Any] = json.loads(self.stage.objects.read(key))
        return found

    def check(self, check_id: str) -> Check:
        found = self.checks.find("churn", check_id)
        assert found is not None
        return found

    def end(self, check_id: str, **changes: Any) -> None:
        """As HandleDrift would."""
        ended: dict[str, Any] = {"status": "ENDED", "verdict": "no-drift", **changes}
        self.checks.put(replace(self.check(check_id), **ended))


HOUR = timedelta(hours=1)
