"""One host of a job, or one instance of an endpoint: its directory behind /opt/ml, its environment, its process."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from localcloud.cloud import Cloud, Credentials
from localcloud.sagemaker.jobs.isolation import CONTAINER_ROOT, Isolation, prepare

__all__ = ["CONTAINER_ROOT", "Container", "base_environment", "with_variables"]

_CLEAN_PATH = Path(__file__).parent / "clean_path"


@dataclass(frozen=True)
class Container:
    """`directory` belongs to this container alone. Paths given as text are container paths, `/opt/ml/…`."""

    directory: Path
    isolation: Isolation

    @classmethod
    def create(cls, directory: Path, isolation: Isolation, hosts: str = "") -> "Container":
        prepare(directory, hosts if isolation.way == "namespace" else "")
        (directory / "home").mkdir()
        return cls(directory, isolation)

    def outside(self, path: str) -> Path:
        """Where the server finds the container path; ValueError when it does not lie under /opt/ml."""
        return self.directory / "ml" / Path(os.path.normpath(path)).relative_to(CONTAINER_ROOT)

    def inside(self, path: str) -> str:
        """The container path as the script sees it."""
        return self.isolation.rewrite(self.directory, path)

    def write(self, path: str, text: str) -> None:
        file = self.outside(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def start(
        self,
        cloud: Cloud,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        cwd: str = CONTAINER_ROOT,
        stdout: IO[bytes] | int,
        stderr: IO[bytes] | int,
        pass_fds: Sequence[int] = (),
    ) -> "subprocess.Popen[bytes]":
        """Container paths in `argv`, `env` and `cwd` are made to work. FileNotFoundError: no such program."""
        seen = {name: self.inside(value) for name, value in env.items()} | {"HOME": str(self.directory / "home")}
        namespaced = self.isolation.way == "namespace"
        return cloud.processes.start(
            self.isolation.argv(self.directory, cwd, argv),
            cwd=self.directory if namespaced else self.outside(cwd),
            env=seen,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
        )


def base_environment(cloud: Cloud, credentials: Credentials | None) -> dict[str, str]:
    """What every container has: PATH with the local cloud's interpreter first, the region, the role's credentials.

    Nothing of the server's own environment. Without credentials (network isolation) there is no endpoint either.
    XDG_CACHE_HOME is shared by all, so that matplotlib and the like build their caches once.
    """
    env = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": str(_CLEAN_PATH),
        "XDG_CACHE_HOME": str(cloud.state_dir / "cache"),
        "AWS_REGION": cloud.region,
        "AWS_DEFAULT_REGION": cloud.region,
    }
    if credentials is None:
        return env
    return env | credentials.environment() | {"AWS_ENDPOINT_URL": cloud.endpoint_url}


def with_variables(env: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """`env` with further variables; PYTHONPATH is put before the one that is there, the others replace."""
    joined = [path for path in (variables.get("PYTHONPATH"), env.get("PYTHONPATH")) if path]
    return {**env, **variables, "PYTHONPATH": os.pathsep.join(joined)}
