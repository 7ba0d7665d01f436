"""A container engine for `sam local invoke`: the one that the machine's own tool sets up, else the user's Docker."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT.parent / "shared/tools/lambda-engine"
AWS_IMAGE = "public.ecr.aws/lambda/python:3.13"


class NoEngineError(Exception):
    """Neither engine can run here; the message says why."""


@dataclass(frozen=True)
class Engine:
    settings: dict[str, str]
    """Environment of every docker and sam command."""
    image: str | None
    """What functions run in; None: AWS's own image, which SAM pulls."""

    @property
    def sam_options(self) -> list[str]:
        return ["--skip-pull-image", "--invoke-image", self.image] if self.image else []

    def host_address(self) -> str:
        """This machine's IP address as a container sees it (a name would make boto3 put buckets into the host name)."""
        command = ["docker", "run", "--rm", "--add-host", "host.docker.internal:host-gateway", "--entrypoint", "getent"]
        answer = subprocess.run(
            [*command, self.image or AWS_IMAGE, "ahostsv4", "host.docker.internal"],
            env={**os.environ, **self.settings},
            capture_output=True,
            text=True,
        )
        if answer.returncode != 0:
            raise NoEngineError(f"a container cannot find this machine: {answer.stderr.strip()}")
        return answer.stdout.split()[0]


@contextmanager
def container_engine() -> Iterator[Engine]:
    if TOOL.exists() and os.geteuid() == 0:
        with _tools_engine() as engine:
            yield engine
    else:
        yield _users_docker()


@contextmanager
def _tools_engine() -> Iterator[Engine]:
    """Started for these tests and stopped after them, unless it was running before."""
    socket = Path(os.environ.get("LAMBDA_ENGINE_DIR", "/var/tmp/lambda-engine")) / "docker.sock"
    was_running = socket.exists()
    answer = subprocess.run([TOOL, "up"], capture_output=True, text=True)
    if answer.returncode != 0:
        raise NoEngineError(answer.stderr.strip())
    exports = dict(word.split("=", 1) for word in answer.stdout.split() if "=" in word)
    try:
        yield Engine({"DOCKER_HOST": exports["DOCKER_HOST"]}, exports["SAM_LOCAL_IMAGE"])
    finally:
        if not was_running:
            subprocess.run([TOOL, "down"], check=True)


def _users_docker() -> Engine:
    if shutil.which("docker") is None:
        raise NoEngineError("no container engine: install Docker, then make sam-local")
    answer = subprocess.run(["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True)
    if answer.returncode != 0:
        raise NoEngineError(f"Docker does not answer: {answer.stderr.strip()}")
    return Engine({}, None)
