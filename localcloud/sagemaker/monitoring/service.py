"""Model Monitor as one part of SageMaker."""

from pathlib import Path
from typing import Final

from localcloud.api import Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.hosting.hosting import Hosting
from localcloud.sagemaker.monitoring.execution import ExecutionRunner, ProcessingJobs
from localcloud.sagemaker.monitoring.executions import Executions
from localcloud.sagemaker.monitoring.requests import Execution
from localcloud.sagemaker.monitoring.schedules import MonitoringSchedules
from localcloud.sagemaker.monitoring.workload import Program
from localcloud.sagemaker.tags import TagStore

SCRIPT: Final = "monitor.py"
_MERGER: Final = Program(Path(__file__).parent / "merger", "merge.py")


class ModelMonitor:
    """`analyzer` is a folder with monitor.py, which stands in for the analyzer's image; without one there is nothing
    that could run, and schedules are refused. `close` ends all schedules; their jobs are Jobs' to end."""

    def __init__(
        self, cloud: Cloud, tags: TagStore, hosting: Hosting, jobs: ProcessingJobs, analyzer: Path | None
    ) -> None:
        self._executions = Executions(cloud)
        runner = None
        if analyzer:
            folder = analyzer

            def program(one: Execution) -> Program:
                return Program(folder, SCRIPT, one.kind.namespace)

            runner = ExecutionRunner(cloud, jobs, hosting.endpoint, self._executions, program, _MERGER)
        self._schedules = MonitoringSchedules(cloud, tags, hosting.endpoint, jobs, self._executions, runner)
        hosting.guard_deletion(self._schedules.require_unmonitored)

    def operations(self) -> dict[str, Handler]:
        schedules = self._schedules
        return schedules.operations() | schedules.definitions.operations() | self._executions.operations()

    def close(self) -> None:
        self._schedules.close()
