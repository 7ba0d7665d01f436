"""What the service knows of its jobs: their Describe output, who waits for them, and the events of their changes."""

import copy
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from localcloud.api import ApiError
from localcloud.cloud import Cloud
from localcloud.sagemaker.events import emit
from localcloud.sagemaker.tags import TagStore

Kind = Literal["processing", "training", "transform", "tuning"]
TERMINAL: Final = ("Completed", "Failed", "Stopped")


@dataclass(frozen=True)
class JobKind:
    """How one kind of job is called in the API. `unknown` words the refusal of a name that no job has.

    `title` is the kind in the detail-type of its events, where that is not its prefix.
    """

    kind: Kind
    prefix: str
    resource: str
    log_group: str
    unknown: str
    unknown_code: str = "ValidationException"
    title: str = ""

    @property
    def name(self) -> str:
        return f"{self.prefix}JobName"

    @property
    def arn(self) -> str:
        return f"{self.prefix}JobArn"

    @property
    def status(self) -> str:
        return f"{self.prefix}JobStatus"

    @property
    def detail_type(self) -> str:
        return f"SageMaker {self.title or self.prefix} Job State Change"

    def end_time(self) -> str:
        return f"{self.prefix}EndTime"


TRAINING: Final = JobKind(
    "training", "Training", "training-job", "/aws/sagemaker/TrainingJobs", "Requested resource not found."
)
PROCESSING: Final = JobKind(
    "processing",
    "Processing",
    "processing-job",
    "/aws/sagemaker/ProcessingJobs",
    "Could not find requested job with name: {name}",
)


class JobRecords:
    """The jobs of one kind. Descriptions go out as copies; every change wakes the waiters and emits an event."""

    def __init__(self, kind: JobKind, cloud: Cloud, tags: TagStore) -> None:
        self.kind = kind
        self._cloud = cloud
        self._tags = tags
        self._changed = threading.Condition()
        self._jobs: dict[str, dict[str, Any]] = {}

    def add(self, description: Mapping[str, Any]) -> None:
        """ResourceInUse when the name is taken; names are never free again."""
        name = description[self.kind.name]
        with self._changed:
            if name in self._jobs:
                noun = self.kind.kind
                raise ApiError(
                    "ResourceInUse",
                    f"{self.kind.prefix} job names must be unique within an AWS account and region, and a {noun} job "
                    f"with this name already exists ({self._jobs[name][self.kind.arn]})",
                )
            self._jobs[name] = dict(description)

    def describe(self, name: str) -> dict[str, Any]:
        with self._changed:
            return copy.deepcopy(self._known(name))

    def all(self) -> list[dict[str, Any]]:
        with self._changed:
            return [dict(job) for job in self._jobs.values()]

    def update(self, name: str, changes: Mapping[str, Any]) -> None:
        """Change, wake, emit. A job that has ended changes no more."""
        with self._changed:
            job = self._known(name)
            if job[self.kind.status] in TERMINAL:
                return
            job.update(changes, LastModifiedTime=datetime.now(UTC))
            self._changed.notify_all()
        self.announce(name)

    def move(self, name: str, secondary: str, message: str, changes: Mapping[str, Any] | None = None) -> None:
        """`update` with a training job's next secondary status."""
        now = datetime.now(UTC)
        with self._changed:
            transitions = copy.deepcopy(self._known(name).get("SecondaryStatusTransitions", []))
        if transitions:
            transitions[-1]["EndTime"] = now
        step = {"Status": secondary, "StartTime": now, "StatusMessage": message}
        if secondary in (*TERMINAL, "MaxRuntimeExceeded"):
            step["EndTime"] = now
        moved = {"SecondaryStatus": secondary, "SecondaryStatusTransitions": [*transitions, step]}
        self.update(name, moved | dict(changes or {}))

    def announce(self, name: str) -> None:
        job = self.describe(name)
        emit(self._cloud, self.kind.detail_type, job[self.kind.arn], job, self._tags.of(job[self.kind.arn]))

    def wait(self, name: str, timeout: float | None = None) -> dict[str, Any]:
        """The final description; TimeoutError when the job has not ended by then."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._known(name)[self.kind.status] in TERMINAL, timeout):
                raise TimeoutError(f"The {self.kind.kind} job {name} has not ended in {timeout} s")
            return copy.deepcopy(self._known(name))

    def _known(self, name: str) -> dict[str, Any]:
        if name not in self._jobs:
            raise ApiError(self.kind.unknown_code, self.kind.unknown.format(name=name))
        return self._jobs[name]
