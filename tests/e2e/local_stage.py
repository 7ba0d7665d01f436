"""A local cloud that a test starts and stops the way a user does: through the `sluice` command and real clients."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
SLUICE = Path(sys.executable).with_name("sluice")
STACK = "sluice-dev"
MODEL = "churn"
FIELDS = ("customer_id", "tenure", "plan", "monthly", "churned")


@dataclass(frozen=True)
class LocalStage:
    state_dir: Path
    exports: Mapping[str, str]
    """What `sluice up` prints: the variables that point a client at the local cloud."""

    @property
    def endpoint_url(self) -> str:
        return self.exports["AWS_ENDPOINT_URL"]

    @cached_property
    def outputs(self) -> dict[str, str]:
        stack = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    @property
    def bucket(self) -> str:
        return self.outputs["BucketName"]

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=self.exports["AWS_DEFAULT_REGION"],
            aws_access_key_id=self.exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.exports["AWS_SECRET_ACCESS_KEY"],
        )

    def run(self, command: Sequence[str | Path], settings: Mapping[str, str] | None = None) -> str:
        """The standard output of a client that runs in the user's shell after `eval "$(sluice up)"`."""
        environment = {**os.environ, **self.exports, **(settings or {})}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def await_execution(self, seconds: float = 120) -> dict[str, Any]:
        """The only execution of the state machine, once it has ended."""
        states = self.client("stepfunctions")

        def ended() -> dict[str, Any] | None:
            executions = states.list_executions(stateMachineArn=self.outputs["RetrainStateMachineArn"])["executions"]
            if executions and executions[0]["status"] != "RUNNING":
                return dict(states.describe_execution(executionArn=executions[0]["executionArn"]))
            return None

        return eventually(ended, "the execution ends", seconds)


@contextmanager
def sluice_up(state_dir: Path, *options: str) -> Iterator[LocalStage]:
    up = subprocess.run([SLUICE, "up", "--state-dir", state_dir, *options], cwd=ROOT, capture_output=True, text=True)
    try:
        assert up.returncode == 0, up.stderr
        lines = [line.removeprefix("export ") for line in up.stdout.splitlines() if line.startswith("export ")]
        yield LocalStage(state_dir, dict(line.split("=", 1) for line in lines))
    finally:
        subprocess.run([SLUICE, "down", "--state-dir", state_dir], cwd=ROOT, capture_output=True, check=True)


def write_churn(path: Path, rows: int = 1500, seed: int = 7) -> Path:
    """Customers who leave the sooner the newer they are and the more they pay."""
    source = random.Random(seed)
    lines = [",".join(FIELDS)]
    for number in range(rows):
        tenure, monthly = source.randint(0, 72), round(source.uniform(20, 120), 2)
        leaves = source.random() < 0.8 - tenure / 90 + (monthly - 70) / 250
        lines.append(f"C{number:05d},{tenure},{source.choice(('basic', 'plus'))},{monthly},{'Yes' if leaves else 'No'}")
    path.write_text("\n".join(lines) + "\n")
    return path
