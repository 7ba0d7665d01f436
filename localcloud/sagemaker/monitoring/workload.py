"""What stands in for an image of Model Monitor's: a program of this machine, in a processing job's container."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.cloud import Cloud, Credentials
from localcloud.sagemaker.jobs.bytecode import supply
from localcloud.sagemaker.jobs.hosts import Host
from localcloud.sagemaker.jobs.processes import Command, Ending
from localcloud.sagemaker.jobs.processing import ProcessingWorkload
from localcloud.sagemaker.jobs.s3 import S3Files
from localcloud.sagemaker.monitoring import metrics
from localcloud.sagemaker.monitoring.requests import ENABLED, PUBLISH

_PLACE: Final = "/opt/ml/program"


@dataclass(frozen=True)
class Program:
    """`folder` is copied into the container; `script` there is run without arguments.

    `namespace` is where its metrics are published; empty: it has none.
    """

    folder: Path
    script: str
    namespace: str = ""


class MonitorWorkload(ProcessingWorkload):
    """A processing job whose image's own entry point is `program` (see workload.Workload)."""

    def __init__(
        self, program: Program, cloud: Cloud, request: Mapping[str, Any], arn: str, credentials: Credentials
    ) -> None:
        super().__init__(cloud, request, arn, credentials)
        self._program = program
        # The platform's own, which a container without a network has as well.
        self._role = credentials

    def prepare(self, hosts: Sequence[Host], files: S3Files, check: Callable[[], None]) -> None:
        super().prepare(hosts, files, check)
        for host in hosts:
            left_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(self._program.folder, host.container.outside(_PLACE), ignore=left_out)
            supply(host.container.outside(_PLACE), self._cloud.state_dir / "cache" / "bytecode")
            host.container.outside(metrics.FOLDER).mkdir(parents=True)

    def command(self, host: Host) -> Command:
        return Command(["python3", self._program.script], _PLACE, self.environment())

    def finish(self, hosts: Sequence[Host], files: S3Files, ending: Ending) -> None:
        super().finish(hosts, files, ending)
        if ending == "completed" and self._request["Environment"].get(PUBLISH) == ENABLED and self._program.namespace:
            for host in hosts:
                self._publish(host)

    def _publish(self, host: Host) -> None:
        """What cannot be published does not fail the job; its log says so."""
        try:
            data = list(metrics.read(host.container.outside(metrics.FOLDER)))
            if data:
                metrics.publish(self._cloud.client("cloudwatch", self._role), self._program.namespace, data)
        except (metrics.UnreadableMetricError, ClientError, BotoCoreError) as error:
            host.log.note(f"The metrics were not published: {error}")
