"""What a job's run asks of its kind."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from localcloud.sagemaker.jobs.hosts import Host
from localcloud.sagemaker.jobs.processes import Command, Ending, Outcome
from localcloud.sagemaker.jobs.s3 import S3Files


class Workload(Protocol):
    """One job: what it reads, runs and leaves. Methods raise JobFailure when the job cannot go on."""

    host_count: int
    max_seconds: float
    kms_key: str | None

    def scan(self, line: str) -> object:
        """Sees every line that the job prints."""

    def prepare(self, hosts: Sequence[Host], files: S3Files, check: Callable[[], None]) -> None:
        """Download. `check` raises when the job is to stop; it is called between objects."""

    def command(self, host: Host) -> Command: ...

    def failure(self, outcome: Outcome) -> str:
        """The FailureReason of a process that exited with an error."""

    def finish(self, hosts: Sequence[Host], files: S3Files, ending: Ending) -> None:
        """Upload what a job with this ending leaves; called for failed ones too."""

    def release(self) -> None:
        """End what `prepare` has started, however far it came."""

    def description(self, hosts: Sequence[Host], ending: Ending) -> dict[str, Any]:
        """Members of Describe that are known only at the end."""
