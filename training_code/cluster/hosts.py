"""Which hosts a job runs on, and which of them this process is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from job import BadData

ALONE = "algo-1"


@dataclass(frozen=True)
class Cluster:
    """hosts: in the same order on every host. job: its name, which tells two jobs on one machine apart."""

    current: str
    hosts: tuple[str, ...]
    job: str = ""

    @cached_property
    def rank(self) -> int:
        return self.hosts.index(self.current)

    @property
    def size(self) -> int:
        return len(self.hosts)

    @property
    def is_first(self) -> bool:
        return self.rank == 0


def training_cluster(environ: Mapping[str, str]) -> Cluster:
    """From SM_HOSTS and SM_CURRENT_HOST as the training toolkit sets them; without them this host is alone."""
    if not environ.get("SM_HOSTS"):
        return Cluster(ALONE, (ALONE,))
    hosts = _json(environ["SM_HOSTS"], "SM_HOSTS")
    return _cluster(environ.get("SM_CURRENT_HOST", ALONE), hosts, environ.get("TRAINING_JOB_NAME", ""), "SM_HOSTS")


def processing_cluster(resource_config: Path) -> Cluster:
    """From a processing job's resourceconfig.json, and the job's name from processingjobconfig.json beside it."""
    if not resource_config.is_file():
        return Cluster(ALONE, (ALONE,))
    config = _json(resource_config.read_text(encoding="utf-8"), str(resource_config))
    if not isinstance(config, dict):
        raise BadData(f"{resource_config} holds no object: it must name current_host and hosts.")
    of_the_job = resource_config.with_name("processingjobconfig.json")
    job = _json(of_the_job.read_text(encoding="utf-8"), str(of_the_job)) if of_the_job.is_file() else {}
    name = str(job.get("ProcessingJobArn", ""))
    return _cluster(str(config.get("current_host")), config.get("hosts"), name, str(resource_config))


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadData(f"{where} is not JSON: {error}.") from error


def _cluster(current: str, hosts: Any, job: str, where: str) -> Cluster:
    if not isinstance(hosts, list) or len(set(map(str, hosts))) < len(hosts) or current not in hosts:
        raise BadData(f"{where} names the hosts {hosts!r}: a list without repetition that holds this host, {current}.")
    return Cluster(current, tuple(map(str, hosts)), job)
