"""The API of jobs: Create, Describe, List and Stop of both kinds."""

import functools
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Caller, Cloud, Credentials
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.jobs import processing, training
from localcloud.sagemaker.jobs.checks import refuse
from localcloud.sagemaker.jobs.isolation import probe
from localcloud.sagemaker.jobs.progress import ProcessingProgress, Progress, TrainingProgress
from localcloud.sagemaker.jobs.records import PROCESSING, TERMINAL, TRAINING, JobKind, JobRecords, Kind
from localcloud.sagemaker.jobs.run import JobRun, RunContext
from localcloud.sagemaker.jobs.sessions import RoleSessions
from localcloud.sagemaker.jobs.settings import JobSettings
from localcloud.sagemaker.jobs.workload import Workload
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.tags import TagStore

MakeWorkload = Callable[[Mapping[str, Any], str, Credentials], Workload]

_JOIN_SECONDS = 5.0
_FILTERS_NOT_IMPLEMENTED = ("WarmPoolStatusEquals", "TrainingPlanArnEquals")


@dataclass(frozen=True)
class _Behaviour:
    """What the two kinds do differently: check a request, describe a new job, run it, tell of it."""

    kind: JobKind
    validate: Callable[[Mapping[str, Any]], None]
    describe: Callable[[Mapping[str, Any]], dict[str, Any]]
    workload: MakeWorkload
    progress: Callable[[JobRecords, str], Progress]


class Jobs:
    """Processing and training jobs. `close` ends all that run."""

    def __init__(self, cloud: Cloud, tags: TagStore, settings: JobSettings | None = None) -> None:
        self._settings = settings or JobSettings()
        every = self._settings.checkpoint_seconds * cloud.time_scale
        self._training_workload = functools.partial(training.TrainingWorkload, cloud, every)
        self._kinds: dict[Kind, _Service] = {
            "processing": _Service(
                cloud,
                tags,
                self._settings,
                _Behaviour(
                    PROCESSING,
                    processing.validate,
                    processing.describe,
                    functools.partial(processing.ProcessingWorkload, cloud),
                    ProcessingProgress,
                ),
            ),
            "training": _Service(
                cloud,
                tags,
                self._settings,
                _Behaviour(
                    TRAINING,
                    training.validate,
                    training.describe,
                    self._training_workload,
                    TrainingProgress,
                ),
            ),
        }
        self._cloud = cloud

    def warm_up(self) -> None:
        """What the first job would otherwise wait for, about half a second: call it when the cloud answers."""
        probe(self._settings.isolation)
        for service in ("s3", "logs"):
            self._cloud.client(service)

    def operations(self) -> dict[str, Handler]:
        return {name: handler for kind in self._kinds.values() for name, handler in kind.operations().items()}

    def wait(self, kind: Kind, name: str, timeout: float | None = None) -> dict[str, Any]:
        """Block until the job has ended; its final description."""
        return self._kinds[kind].wait(name, timeout)

    def start_child(self, request: Mapping[str, Any], tuning_job_arn: str, observe: training.Observe) -> None:
        """A training job of a tuning job's: SageMaker's own act, so nobody is authorized but its role's session.

        Raises ApiError when the role cannot be assumed (any more).
        """
        workload = functools.partial(self._training_workload, observe=observe)
        self._kinds["training"].begin(request, workload, {"TuningJobArn": tuning_job_arn})

    def describe_child(self, name: str) -> dict[str, Any]:
        return self._kinds["training"].records.describe(name)

    def wait_for_child(self, name: str) -> dict[str, Any]:
        return self.wait("training", name)

    def stop_child(self, name: str) -> None:
        """As StopTrainingJob does; nothing when the job has ended."""
        self._kinds["training"].stop(name)

    def kill_child(self, name: str) -> None:
        """At once: the server ends."""
        self._kinds["training"].kill([name])

    def start_processing(self, request: Mapping[str, Any], make: MakeWorkload, members: Mapping[str, Any]) -> str:
        """A processing job that SageMaker itself starts, of its own images; its ARN. `members` are further ones of its
        description. Raises ApiError when the name is taken or the role cannot be assumed."""
        return self._kinds["processing"].begin(request, make, members)

    def stop_processing(self, name: str) -> None:
        """As StopProcessingJob does; nothing when the job has ended."""
        self._kinds["processing"].stop(name)

    def close(self) -> None:
        for kind in self._kinds.values():
            kind.kill()
        for kind in self._kinds.values():
            kind.join()


class _Service:
    def __init__(self, cloud: Cloud, tags: TagStore, settings: JobSettings, behaviour: _Behaviour) -> None:
        self._cloud = cloud
        self._tags = tags
        self._settings = settings
        self._behaviour = behaviour
        self._kind = behaviour.kind
        self.records = JobRecords(behaviour.kind, cloud, tags)
        self._runs: dict[str, JobRun] = {}
        self._sessions = RoleSessions(cloud)
        self._starting = threading.Lock()

    def operations(self) -> dict[str, Handler]:
        job = f"{self._kind.prefix}Job"
        return {
            f"Create{job}": self._create,
            f"Describe{job}": self._describe,
            f"List{job}s": self._list,
            f"Stop{job}": self._stop,
        }

    def wait(self, name: str, timeout: float | None) -> dict[str, Any]:
        return self.records.wait(name, timeout)

    def begin(
        self,
        request: Mapping[str, Any],
        workload: MakeWorkload | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> str:
        """Start a job that may be started; its ARN. `members` are further ones of its description."""
        name, job_arn = request[self._kind.name], self._arn(request[self._kind.name])
        credentials = self._sessions.get(request["RoleArn"])
        made = (workload or self._behaviour.workload)(request, job_arn, credentials)
        with self._starting:
            self._add(name, job_arn, request, members or {})
            self._tags.register(job_arn, request.get("Tags", ()))
            self._runs[name] = self._run(name, made, credentials)
        self.records.announce(name)
        self._runs[name].start()
        return job_arn

    def stop(self, name: str) -> None:
        with self._starting:
            run = self._runs[name]
        run.stop()

    def kill(self, names: Iterable[str] | None = None) -> None:
        """Without names, all of them."""
        for run in [self._runs[name] for name in (list(self._runs) if names is None else names)]:
            run.kill()

    def join(self) -> None:
        for run in list(self._runs.values()):
            run.join(_JOIN_SECONDS)

    def _create(self, call: Call) -> dict[str, Any]:
        request = call.input
        self._authorize_create(call.caller, request, self._arn(request[self._kind.name]))
        self._behaviour.validate(request)
        return {self._kind.arn: self.begin(request)}

    def _describe(self, call: Call) -> dict[str, Any]:
        name = call.input[self._kind.name]
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", self._arn(name))
        return self.records.describe(name)

    def _list(self, call: Call) -> dict[str, Any]:
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", "*")
        refuse(call.input, _FILTERS_NOT_IMPLEMENTED)
        chosen = select(self.records.all(), call.input, self._kind.name, self._kind.status)
        shown, token = page(chosen, call.input)
        members = (
            self._kind.name, self._kind.arn, "CreationTime", self._kind.end_time(), "LastModifiedTime",
            self._kind.status, *self._summary_members(),
        )  # fmt: skip
        summaries = [{member: job[member] for member in members if member in job} for job in shown]
        return {f"{self._kind.prefix}JobSummaries": summaries, "NextToken": token}

    def _stop(self, call: Call) -> dict[str, Any]:
        name = call.input[self._kind.name]
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", self._arn(name))
        status = self.records.describe(name)[self._kind.status]
        if status in TERMINAL:
            noun = self._kind.kind
            raise ApiError(
                "ValidationException", f"The request was rejected because the {noun} job is in status {status}."
            )
        self.stop(name)
        return {}

    def _authorize_create(self, caller: Caller, request: Mapping[str, Any], job_arn: str) -> None:
        self._cloud.authorize(caller, f"sagemaker:Create{self._kind.prefix}Job", job_arn)
        self._tags.authorize(caller, job_arn, request.get("Tags", ()))
        passed_to = {"iam:PassedToService": "sagemaker.amazonaws.com"}
        self._cloud.authorize(caller, "iam:PassRole", request["RoleArn"], passed_to)

    def _add(self, name: str, job_arn: str, request: Mapping[str, Any], members: Mapping[str, Any]) -> None:
        now = datetime.now(UTC)
        started = {"SecondaryStatus": "Starting"} if self._kind is TRAINING else {}
        description = (
            self._behaviour.describe(request)
            | dict(members)
            | {
                self._kind.arn: job_arn,
                self._kind.status: "InProgress",
                "CreationTime": now,
                "LastModifiedTime": now,
            }
        )
        if started:
            transition = {"Status": "Starting", "StartTime": now, "StatusMessage": "Starting the training job"}
            description |= started | {"SecondaryStatusTransitions": [transition]}
        self.records.add(description)

    def _run(self, name: str, workload: Workload, credentials: Credentials) -> JobRun:
        context = RunContext(
            self._cloud, self._settings, credentials, name, self._kind.log_group, lambda: self._directory(name)
        )
        return JobRun(context, workload, self._behaviour.progress(self.records, name))

    def _directory(self, name: str) -> Path:
        """`<state>/jobs/<name>/`, emptied of what a server before this one left; a training and a processing job may
        share a name, and then the second one's directory ends with its kind."""
        directory = self._cloud.state_dir / "jobs" / name
        marker = directory / ".kind"
        with self._starting:
            if directory.is_dir() and marker.is_file() and marker.read_text() != self._kind.kind:
                directory = directory.with_name(f"{name}.{self._kind.kind}")
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
            (directory / ".kind").write_text(self._kind.kind)
        return directory

    def _summary_members(self) -> tuple[str, ...]:
        return ("SecondaryStatus",) if self._kind is TRAINING else ("FailureReason", "ExitMessage")

    def _arn(self, name: str) -> str:
        return arn(self._cloud, self._kind.resource, name)
