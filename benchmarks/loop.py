"""What the machinery costs: the whole loop against the same four scripts run bare, one after the other, in one run.

    make bench-loop                      Telco customers where they are at hand, else the churn example
    make bench-loop ARGS='--rounds 5'

The loop: from the upload, through preprocess, train, evaluate, gate, registration, approval and deployment, to the
first answer of the endpoint; local cloud and functions warm (one round is run first and not counted). Bare: the
scripts as plain commands on local files. Both sides alternate, so that a machine that changes its speed changes both.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import yaml

from benchmarks.data import definition, small_customers
from localcloud import daemon
from localcloud.deploy import deploy

ROOT = Path(__file__).resolve().parents[1]
MODEL = "bench"


@dataclass(frozen=True)
class Bare:
    """The four scripts, as a person would run them."""

    data: Path
    definition: Path
    folder: Path

    def round(self) -> dict[str, float]:
        work = Path(tempfile.mkdtemp(dir=self.folder))
        out, model, records = work / "out", work / "model", work / "record.csv"
        with self.data.open() as lines:
            records.write_text(next(lines) + next(lines))
        return {
            "preprocess": _run("preprocess", "--data", self.data, "--definition", self.definition, "--output", out),
            "train": _run(
                "train",
                *("--train", out / "train", "--validation", out / "validation", "--codec", out / "codec"),
                *("--model-dir", model),
                *self._hyperparameters(),
            ),
            "evaluate": _run(
                "evaluate",
                *("--holdout", out / "holdout", "--model", model, "--definition", self.definition, "--output", out),
            ),
            "inference": _run("inference", "--model-dir", model, "--input", records),
        }

    def _hyperparameters(self) -> list[str]:
        chosen = json.loads(self.definition.read_text())["training"]["hyperparameters"]
        return [part for name, value in chosen.items() for part in (f"--{name}", str(value))]


@dataclass
class Loop:
    """The same work through S3, Step Functions, the Lambdas, the jobs, the registry and the endpoint."""

    endpoint_url: str
    bucket: str
    machine: str
    data: Path
    clients: dict[str, object] = field(default_factory=dict)
    version: int = 0

    def client(self, service: str):  # noqa: ANN201  boto3's clients have no common type
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint_url,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self.clients[service]

    def round(self) -> dict[str, float]:
        started = time.perf_counter()
        self.client("s3").upload_file(str(self.data), self.bucket, f"models/{MODEL}/raw/data.csv")
        self.version += 1
        package = f"arn:aws:sagemaker:us-east-1:000000000000:model-package/sluice-dev-{MODEL}/{self.version}"
        _until(lambda: self._approval(package) is not None and self._finished())
        registered = time.perf_counter()
        self.client("sagemaker").update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
        _until(self._answers)
        return {"upload to registered": registered - started, "approval to answer": time.perf_counter() - registered}

    def _approval(self, package: str) -> str | None:
        try:
            return str(self.client("sagemaker").describe_model_package(ModelPackageName=package)["ModelApprovalStatus"])
        except Exception as error:
            if "does not exist" in str(error) or "not find" in str(error):
                self._raise_if_failed()
                return None
            raise

    def _finished(self) -> bool:
        return not self._executions("RUNNING")

    def _raise_if_failed(self) -> None:
        for execution in self._executions("FAILED"):
            found = self.client("stepfunctions").describe_execution(executionArn=execution["executionArn"])
            raise SystemExit(f"the loop failed: {found['error']}: {found['cause']}")

    def _executions(self, status: str) -> list[dict[str, str]]:
        listed = self.client("stepfunctions").list_executions(stateMachineArn=self.machine, statusFilter=status)
        found: list[dict[str, str]] = listed["executions"]
        return found

    def _answers(self) -> bool:
        """Whether the endpoint serves this round's version and answers a row of the data."""
        sagemaker = self.client("sagemaker")
        try:
            endpoint = sagemaker.describe_endpoint(EndpointName=f"sluice-dev-{MODEL}")
        except sagemaker.exceptions.ClientError:
            return False
        if endpoint["EndpointStatus"] != "InService" or f"-v{self.version}-" not in endpoint["EndpointConfigName"]:
            return False
        with self.data.open() as lines:
            body = next(lines) + next(lines)
        self.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=f"sluice-dev-{MODEL}", ContentType="text/csv", Body=body
        )
        return True


def _run(script: str, *arguments: object) -> float:
    command = [sys.executable, ROOT / "training_code" / f"{script}.py", *map(str, arguments)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{script}.py failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - started


def _until(look: Callable[[], bool], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            raise SystemExit(f"the loop did not end within {seconds:g} s")
        time.sleep(0.02)


def _measure(rounds: int, folder: Path) -> dict[str, list[dict[str, float]]]:
    data, target = small_customers(folder)
    text, written = definition(data, target, MODEL, folder)
    bare = Bare(data, written, folder)
    with daemon.running(folder / "cloud") as server:
        outputs = deploy(ROOT / "template.yaml", stack_name="sluice-dev", endpoint_url=server.endpoint_url)
        loop = Loop(server.endpoint_url, outputs["BucketName"], outputs["RetrainStateMachineArn"], data)
        loop.client("s3").put_object(Bucket=loop.bucket, Key=f"models/{MODEL}/model.yaml", Body=text.encode())
        loop.round()
        bare.round()
        measured: dict[str, list[dict[str, float]]] = {"loop": [], "bare": []}
        for _ in range(rounds):
            measured["loop"].append(loop.round())
            measured["bare"].append(bare.round())
    return measured


def _summary(measured: dict[str, list[dict[str, float]]]) -> dict[str, object]:
    def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
        return {part: round(statistics.median(one[part] for one in rounds), 2) for part in rounds[0]}

    totals = {side: [sum(one.values()) for one in rounds] for side, rounds in measured.items()}
    ratios = [loop / bare for loop, bare in zip(totals["loop"], totals["bare"], strict=True)]
    return {
        "loop_seconds": medians(measured["loop"]),
        "bare_seconds": medians(measured["bare"]),
        "ratio": round(statistics.median(ratios), 2),
        "aim": 1.5,
        "rounds": len(ratios),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(yaml.safe_dump(_summary(_measure(arguments.rounds, Path(folder))), sort_keys=False), end="")


if __name__ == "__main__":
    main()
