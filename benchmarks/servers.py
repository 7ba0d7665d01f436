"""The servers that benchmarks/serving.py compares: how each is started, asked and understood.

All have the same model file and predict with one thread. Ours is given texts, as customers have them; the others are
given the numbers that preprocess.py makes of them.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.inference import Trained
from benchmarks.processes import ROOT, SideFailed

START_SECONDS, STOP_SECONDS = 90.0, 10.0
SIDES = ROOT / "benchmarks" / "sides"
OURS, BARE, MLSERVER, BENTOML = "ours", "a bare ASGI app", "MLServer", "BentoML"
# As in SageMaker's containers, and the same for all sides.
ONE_THREAD = {"OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Request:
    path: str
    content_type: str
    body: str

    def to_bytes(self) -> bytes:
        body = self.body.encode()
        head = f"POST {self.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {self.content_type}\r\n"
        return f"{head}Accept: {self.content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass(frozen=True)
class Side:
    """score: the first row's, out of an answer's body. inherits: a listening socket, where the server takes one."""

    name: str
    port: int
    command: Sequence[str]
    request: Request
    score: Callable[[str], float]
    environment: Mapping[str, str] = field(default_factory=dict)
    inherits: Sequence[int] = ()


def ours(trained: Trained, descriptor: int, port: int) -> Side:
    """The process behind an endpoint of the local cloud. There it inherits a Unix socket, here one with a port."""
    start = "from localcloud.sagemaker.hosting.serving.worker import main; import sys; main(sys.argv[1:])"
    command = [sys.executable, "-c", start, "--fd", str(descriptor), "--model-dir", str(trained.model)]
    command += ["--code-dir", str(trained.model / "code"), "--program", "inference.py", "--framework", "xgboost"]
    record = trained.raw.read_text(encoding="utf-8").splitlines()[0]
    return Side(OURS, port, command, Request("/invocations", "text/csv", f"{record}\n"), float, inherits=[descriptor])


def others(trained: Trained, folder: Path) -> list[Side]:
    numbers = [float(cell) for cell in trained.encoded.read_text(encoding="utf-8").splitlines()[0].split(",")]
    return [
        bare(trained, numbers, _free_port(), _program("uvicorn")),
        mlserver(trained, numbers, folder, [_free_port() for _ in range(3)], _program("mlserver")),
        bentoml(trained, numbers, folder, _free_port(), _program("bentoml")),
    ]


def bare(trained: Trained, numbers: list[float], port: int, program: str) -> Side:
    command = [program, "--app-dir", str(SIDES), "asgi_app:app", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning"]
    request = Request("/", "application/json", json.dumps(numbers))
    return Side(BARE, port, command, request, lambda body: float(json.loads(body)[0]), _model(trained))


def bentoml(trained: Trained, numbers: list[float], folder: Path, port: int, program: str) -> Side:
    command = [program, "serve", "bento_service:Scores", "--working-dir", str(SIDES)]
    settings = {"BENTOML_HOME": str(folder / "bentoml"), "BENTOML_DO_NOT_TRACK": "True"}
    request = Request("/predict", "application/json", json.dumps({"rows": [numbers]}))
    return Side(
        BENTOML,
        port,
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        request,
        lambda body: float(json.loads(body)[0]),
        _model(trained) | settings,
    )


def mlserver(trained: Trained, numbers: list[float], folder: Path, ports: Sequence[int], program: str) -> Side:
    """Its settings are those that answered fastest: without a pool of processes, a request passes one queue less."""
    home = folder / "mlserver" / "bench"
    home.mkdir(parents=True)
    numbered = zip(("http_port", "grpc_port", "metrics_port"), ports, strict=True)
    settings = {"host": "127.0.0.1", **dict(numbered), "parallel_workers": 0, "debug": False}
    model = {"name": "bench", "implementation": "mlserver_xgboost.XGBoostModel"}
    uri = {"parameters": {"uri": str(trained.model / "model.ubj")}}
    (home / "settings.json").write_text(json.dumps(settings))
    (home / "model-settings.json").write_text(json.dumps({**model, **uri}))
    rows = {"name": "rows", "shape": [1, len(numbers)], "datatype": "FP32", "data": numbers}
    body = json.dumps({"inputs": [rows], "outputs": [{"name": "predict"}]})
    request = Request("/v2/models/bench/infer", "application/json", body)
    return Side(
        MLSERVER,
        ports[0],
        [program, "start", str(home)],
        request,
        lambda body: float(json.loads(body)["outputs"][0]["data"][0]),
    )


def _model(trained: Trained) -> dict[str, str]:
    return {"MODEL": str(trained.model / "model.ubj")}


def _program(name: str) -> str:
    """Makes its environment where that is missing."""
    subprocess.run([sys.executable, ROOT / "tools" / "environment.py", name], check=True)
    return str(ROOT / ".tools" / name / "bin" / name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(side: Side, folder: Path) -> Iterator[None]:
    """The server for the length of the block, with all processes that it starts. Raises SideFailed with its log."""
    log = folder / f"{side.name.replace(' ', '-')}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            side.command,
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD, **side.environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=side.inherits,
        )
    try:
        _await_answer(side, process, log)
        yield
    finally:
        _end(process)


def _await_answer(side: Side, process: "subprocess.Popen[Any]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(side):
        if process.poll() is not None or time.monotonic() > deadline:
            state = "is up" if process.returncode is None else f"ended with {process.returncode}"
            raise SideFailed(f"{side.name} does not answer, it {state}:\n{log.read_text()[-3000:]}")
        time.sleep(0.2)


def _answers(side: Side) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", side.port), 5) as connection:
        connection.sendall(side.request.to_bytes())
        return connection.recv(65536).startswith(b"HTTP/1.1 200")
    return False


def _end(process: "subprocess.Popen[Any]") -> None:
    """The whole group: a server that ends may leave its workers behind."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
