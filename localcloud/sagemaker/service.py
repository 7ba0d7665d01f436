"""The local SageMaker, put together from its parts."""

from pathlib import Path
from typing import Any, Protocol

from localcloud.api import Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.hosting.hosting import Hosting
from localcloud.sagemaker.jobs.records import Kind
from localcloud.sagemaker.jobs.service import Jobs
from localcloud.sagemaker.jobs.settings import JobSettings
from localcloud.sagemaker.model_cards import ModelCards
from localcloud.sagemaker.monitoring.service import ModelMonitor
from localcloud.sagemaker.registry import Registry
from localcloud.sagemaker.tags import TagStore
from localcloud.sagemaker.transform.service import TransformJobs
from localcloud.sagemaker.tuning.service import TuningJobs


class Part(Protocol):
    def operations(self) -> dict[str, Handler]:
        """The API operations that this part answers."""

    def close(self) -> None:
        """End every process of this part."""


class SageMaker:
    """`operations` and `runtime_operations` are the tables of the services `sagemaker` and `sagemaker-runtime`.

    `analyzer` is the folder of the program that stands in for Model Monitor's image.
    """

    def __init__(self, cloud: Cloud, job_settings: JobSettings | None = None, analyzer: Path | None = None) -> None:
        self.tags = TagStore(cloud)
        self.jobs = Jobs(cloud, self.tags, job_settings)
        self.tuning = TuningJobs(cloud, self.tags, self.jobs)
        self.registry = Registry(cloud, self.tags)
        self.model_cards = ModelCards(cloud, self.tags)
        self.hosting = Hosting(cloud, self.tags, self.registry.package)
        self.transform = TransformJobs(cloud, self.tags, self.hosting.model)
        self.monitoring = ModelMonitor(cloud, self.tags, self.hosting, self.jobs, analyzer)
        self._parts: list[Part] = [
            self.tags,
            self.jobs,
            self.tuning,
            self.registry,
            self.model_cards,
            self.hosting,
            self.transform,
            self.monitoring,
        ]

    def operations(self) -> dict[str, Handler]:
        table: dict[str, Handler] = {}
        for part in self._parts:
            for name, handler in part.operations().items():
                if name in table:
                    raise ValueError(f"Two parts answer {name}")
                table[name] = handler
        return table

    def runtime_operations(self) -> dict[str, Handler]:
        return self.hosting.runtime_operations()

    def wait_for_job(self, kind: Kind, name: str, timeout: float | None = None) -> dict[str, Any]:
        """Block until the job has ended; its final Describe output. TimeoutError after `timeout` seconds."""
        if kind == "tuning":
            return self.tuning.wait(name, timeout)
        if kind == "transform":
            return self.transform.wait(name, timeout)
        return self.jobs.wait(kind, name, timeout)

    def warm_up(self) -> None:
        """Spare the first job most of a second; call it off the critical path, when the cloud answers."""
        self.jobs.warm_up()

    def close(self) -> None:
        for part in reversed(self._parts):
            part.close()
