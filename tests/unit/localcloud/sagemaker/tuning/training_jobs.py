"""Training jobs without processes: each waits until its test ends it."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from localcloud.errors import ApiError
from localcloud.sagemaker.metrics import Metric
from localcloud.sagemaker.tuning.outcome import Summary
from tests.unit.localcloud.sagemaker.tuning.requests import METRIC

Script = Callable[["FakeJob"], None]


class FakeJob:
    def __init__(self, request: Mapping[str, Any], observe: Callable[[Metric], object]) -> None:
        self.request = request
        self.stopped = threading.Event()
        self.ended = threading.Event()
        self._observe = observe
        self.description: dict[str, Any] = {
            "TrainingJobName": request["TrainingJobName"],
            "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:000000000000:training-job/{request['TrainingJobName']}",
            "TrainingJobStatus": "InProgress",
            "CreationTime": datetime.now(UTC),
        }

    @property
    def rate(self) -> float:
        return float(self.request["HyperParameters"]["rate"])

    def emit(self, value: float) -> None:
        self._observe(Metric("noise", -1.0, datetime.now(UTC)))
        self._observe(Metric(METRIC, value, datetime.now(UTC)))
        self.description["FinalMetricDataList"] = [{"MetricName": METRIC, "Value": value}]

    def end(self, status: str = "Completed", reason: str = "") -> None:
        self.description |= {"TrainingJobStatus": status} | ({"FailureReason": reason} if reason else {})
        self.ended.set()


class FakeTrainingJobs:
    """`script` plays each job, in a thread of its own; without one, jobs run until they are stopped or ended."""

    def __init__(self, script: Script | None = None) -> None:
        self._script = script or (lambda job: job.stopped.wait(60) and None)
        self.jobs: dict[str, FakeJob] = {}
        self.refused = ""
        """Why no job can start any more."""
        self.killed: list[str] = []

    def start_child(self, request: Mapping[str, Any], tuning_job_arn: str, observe: Callable[[Metric], object]) -> None:
        if self.refused:
            raise ApiError("ValidationException", self.refused)
        job = self.jobs[request["TrainingJobName"]] = FakeJob(request, observe)
        threading.Thread(target=self._play, args=(job,), daemon=True).start()

    def describe_child(self, name: str) -> Summary:
        return dict(self.jobs[name].description)

    def wait_for_child(self, name: str) -> dict[str, Any]:
        assert self.jobs[name].ended.wait(60)
        return self.describe_child(name)

    def stop_child(self, name: str) -> None:
        self.jobs[name].stopped.set()

    def kill_child(self, name: str) -> None:
        self.killed.append(name)
        self.jobs[name].stopped.set()

    def running(self) -> list[FakeJob]:
        return [job for job in list(self.jobs.values()) if not job.ended.is_set()]

    def _play(self, job: FakeJob) -> None:
        self._script(job)
        if not job.ended.is_set():
            job.end("Stopped" if job.stopped.is_set() else "Completed")
