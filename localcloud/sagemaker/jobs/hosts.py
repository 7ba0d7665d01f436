"""A job's machines: as many containers on this one machine, which reach each other over loopback."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localcloud.sagemaker.jobs.container import Container
from localcloud.sagemaker.jobs.isolation import Isolation
from localcloud.sagemaker.jobs.output import HostLog

_SYSTEM_HOSTS = Path("/etc/hosts")


@dataclass(frozen=True)
class Host:
    """`label` is algo-1, algo-2 …; `name` is what the script is told, and can connect to."""

    index: int
    label: str
    name: str
    container: Container
    log: HostLog


def label(index: int) -> str:
    return f"algo-{index + 1}"


def names(count: int, isolation: Isolation) -> list[str]:
    """SM_HOSTS: algo-1, algo-2 … as on AWS where they resolve, else (several hosts, paths rewritten) their addresses.

    A single host is algo-1 everywhere: it has nobody to connect to.
    """
    if count > 1 and isolation.way == "rewriting":
        return [_address(index) for index in range(count)]
    return [label(index) for index in range(count)]


def hosts_file(count: int) -> str:
    """The job's /etc/hosts: this machine's own, and its hosts' names at loopback addresses of their own."""
    own = "".join(f"{_address(index)} {label(index)}\n" for index in range(count))
    return own + (_SYSTEM_HOSTS.read_text(errors="replace") if _SYSTEM_HOSTS.is_file() else "127.0.0.1 localhost\n")


def make_hosts(directory: Path, isolation: Isolation, logs: Sequence[HostLog]) -> list[Host]:
    """One host for each log, below the job's directory."""
    count = len(logs)
    text = hosts_file(count)
    return [
        Host(index, label(index), name, Container.create(directory / label(index), isolation, text), logs[index])
        for index, name in enumerate(names(count, isolation))
    ]


def _address(index: int) -> str:
    return f"127.0.0.{index + 1}"
