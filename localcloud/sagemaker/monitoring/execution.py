"""One execution of a schedule: what it finds, the jobs that it starts, and an end that is theirs."""

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from localcloud.api import ApiError
from localcloud.cloud import Cloud, Credentials
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.hosting.endpoint import Endpoint
from localcloud.sagemaker.jobs.failures import clip
from localcloud.sagemaker.jobs.s3 import S3Error, S3Files, explain
from localcloud.sagemaker.jobs.service import MakeWorkload
from localcloud.sagemaker.jobs.sessions import RoleSessions
from localcloud.sagemaker.monitoring import folders, requests
from localcloud.sagemaker.monitoring.checks import capture_of
from localcloud.sagemaker.monitoring.executions import Executions
from localcloud.sagemaker.monitoring.folders import Folder
from localcloud.sagemaker.monitoring.kinds import MODEL_QUALITY
from localcloud.sagemaker.monitoring.requests import Execution
from localcloud.sagemaker.monitoring.workload import MonitorWorkload, Program

NO_DATA: Final = "Job inputs had no data"
VIOLATIONS: Final = "CompletedWithViolations"
_MAX_REASON: Final = 1024


class ExecutionFailedError(Exception):
    """The message is the execution's FailureReason."""


class ExecutionStoppedError(Exception):
    """Its schedule was deleted, or its job was stopped; the message may say why."""


class ProcessingJobs(Protocol):
    """What an execution needs of `Jobs`."""

    def start_processing(self, request: Mapping[str, Any], make: MakeWorkload, members: Mapping[str, Any]) -> str: ...
    def stop_processing(self, name: str) -> None: ...
    def wait(self, kind: Any, name: str, timeout: float | None = None) -> dict[str, Any]: ...


@dataclass
class Abandonment:
    """Ends an execution from outside: the job that runs is stopped, and none follows."""

    jobs: ProcessingJobs
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asked: bool = False
    _running: str = ""

    def ask(self) -> None:
        with self._lock:
            self._asked = True
            running = self._running
        if running:
            self.jobs.stop_processing(running)

    def start(self, name: str, start: Callable[[], str]) -> str:
        """What `start` answers; ExecutionStoppedError when the end was asked for before."""
        with self._lock:
            if self._asked:
                raise ExecutionStoppedError
            started = start()
            self._running = name
            return started

    def ended(self) -> None:
        with self._lock:
            self._running = ""


class ExecutionRunner:
    """`programs` are what runs as the analyzer and as the merger of ground truth, by the kind's title."""

    def __init__(
        self,
        cloud: Cloud,
        jobs: ProcessingJobs,
        endpoint: Callable[[str], Endpoint],
        executions: Executions,
        program: Callable[[Execution], Program],
        merger: Program,
    ) -> None:
        self._cloud = cloud
        self._jobs = jobs
        self._endpoint = endpoint
        self._executions = executions
        self._program = program
        self._merger = merger
        self._sessions = RoleSessions(cloud)

    def run(self, one: Execution, number: int, abandonment: Abandonment) -> None:
        """Blocks until the execution has ended, as its summary then says."""
        try:
            job = self._run(one, number, abandonment)
        except ExecutionStoppedError as stopped:
            self._end(number, "Stopped", str(stopped))
        except (ExecutionFailedError, ApiError) as failed:
            self._end(number, "Failed", failed.message if isinstance(failed, ApiError) else str(failed))
        except S3Error as refused:
            self._end(number, "Failed", f"The inputs could not be listed: {explain(refused)}")
        else:
            violated = str(job.get("ExitMessage", "")).startswith(VIOLATIONS)
            self._end(number, VIOLATIONS if violated else "Completed", "")

    def _run(self, one: Execution, number: int, abandonment: Abandonment) -> dict[str, Any]:
        credentials = self._sessions.get(one.definition["RoleArn"])
        data = self._captures(one, credentials)
        if one.kind is MODEL_QUALITY:
            data = self._merged(one, data, credentials, abandonment, number)
        return self._job(one, requests.analysis(one, data), self._program(one), abandonment, number)

    def _captures(self, one: Execution, credentials: Credentials) -> list[Folder]:
        endpoint = self._endpoint(one.endpoint)
        base = capture_of(endpoint).destination_uri
        variants = endpoint.fleet.variants if endpoint.fleet else ()
        shadows = {variant.spec.shadow.name for variant in variants if variant.spec.shadow}
        found = folders.of_endpoint(self._files(credentials), base, one.endpoint, one.window, shadows)
        return _some(found)

    def _merged(
        self,
        one: Execution,
        captures: Sequence[Folder],
        credentials: Credentials,
        abandonment: Abandonment,
        number: int,
    ) -> list[Folder]:
        files = self._files(credentials)
        base = one.definition["ModelQualityJobInput"]["GroundTruthS3Input"]["S3Uri"]
        truth = _some(folders.of_ground_truth(files, base, one.window))
        self._job(one, requests.merge(one, captures, truth), self._merger, abandonment, number)
        return _some(folders.of_endpoint(files, one.merged_uri, one.endpoint, one.window))

    def _job(
        self, one: Execution, request: Mapping[str, Any], program: Program, abandonment: Abandonment, number: int
    ) -> dict[str, Any]:
        """The job's final description when it has completed."""
        name = request["ProcessingJobName"]
        make = functools.partial(MonitorWorkload, program, self._cloud)
        members = {"MonitoringScheduleArn": arn(self._cloud, "monitoring-schedule", one.schedule)}
        job_arn = abandonment.start(name, lambda: self._jobs.start_processing(request, make, members))
        self._executions.change(number, "InProgress", ProcessingJobArn=job_arn)
        job = self._jobs.wait("processing", name)
        abandonment.ended()
        reason = str(job.get("FailureReason", ""))
        if job["ProcessingJobStatus"] == "Stopped":
            raise ExecutionStoppedError(reason)
        if job["ProcessingJobStatus"] != "Completed":
            raise ExecutionFailedError(reason)
        return job

    def _files(self, credentials: Credentials) -> S3Files:
        return S3Files(self._cloud.client("s3", credentials))

    def _end(self, number: int, status: str, reason: str) -> None:
        members = {"FailureReason": clip(reason, _MAX_REASON)} if reason else {}
        self._executions.change(number, status, **members)


def _some(found: list[Folder]) -> list[Folder]:
    if not found:
        raise ExecutionFailedError(NO_DATA)
    return found
