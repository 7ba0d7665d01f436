"""One model server process: its files, its start, its requests, its end."""

import contextlib
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from localcloud.cloud import Cloud, Credentials
from localcloud.sagemaker.hosting.artifacts import DeploymentFailed, S3Object, unpack
from localcloud.sagemaker.hosting.connection import HUNG_UP, ConnectionPool
from localcloud.sagemaker.hosting.models import ServedModel
from localcloud.sagemaker.hosting.serving.wire import Reply
from localcloud.sagemaker.hosting.socket_path import socket_path
from localcloud.sagemaker.jobs.bytecode import supply
from localcloud.sagemaker.jobs.container import Container, base_environment, with_variables
from localcloud.sagemaker.jobs.isolation import probe
from localcloud.sagemaker.jobs.output import HostLog, read_output
from localcloud.sagemaker.logs import LogShipper

MODEL_DIR: Final = "/opt/ml/model"
CODE_DIR: Final = "/opt/ml/code"
MAX_REASON: Final = 1024
_CHECKOUT: Final = Path(__file__).parents[3]
_STOP_GRACE_SECONDS: Final = 5.0
_END_SECONDS: Final = 5.0
_LOG_CLOSE_SECONDS: Final = 2.0

# A container's Python does not see this checkout (jobs/clean_path): it is shown for as long as the worker is imported.
_BOOT: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from localcloud.sagemaker.hosting.serving.worker import main; "
    "sys.path.pop(0); main(sys.argv[2:])"
)


@dataclass(frozen=True)
class Place:
    """Where an instance lives: its own directory, its log, and the names SageMaker shows it under.

    An instance of a transform job has the job's name as its endpoint.
    """

    directory: Path
    endpoint: str
    variant: str
    instance: str
    log_group: str = ""
    """Empty: the endpoint's."""

    @property
    def logs(self) -> tuple[str, str]:
        """Group and stream."""
        if self.log_group:
            return self.log_group, f"{self.endpoint}/{self.instance}"
        return f"/aws/sagemaker/Endpoints/{self.endpoint}", f"{self.variant}/{self.instance}"


class ModelServer:
    """start() and stop() may alternate: a serverless variant's server comes and goes. Not thread-safe; its owner is."""

    def __init__(self, cloud: Cloud, model: ServedModel, place: Place) -> None:
        self._cloud = cloud
        self._model = model
        self._place = place
        self._session: Credentials | None = None
        self._container: Container | None = None
        self._code_dir = CODE_DIR
        self._process: subprocess.Popen[bytes] | None = None
        self._pool: ConnectionPool | None = None
        self._sockets: Path | None = None
        self._log: HostLog | None = None
        self._reader: threading.Thread | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def prepare(self) -> None:
        """Fetch the model, as its role, into the container's directory. Raises DeploymentFailed."""
        self._session = self._cloud.assume_role(self._model.role_arn, f"SageMaker-{self._place.endpoint}"[:64])
        s3 = self._cloud.client("s3", self._session)
        self._container = Container.create(self._place.directory, probe())
        unpack(s3, self._model.artifact, self._container.outside(MODEL_DIR))
        self._code_dir = self._unpacked_code(s3, self._container)
        supply(self._container.outside(self._code_dir), self._cloud.state_dir / "cache" / "bytecode")

    def start(self, timeout: float) -> None:
        """Return when /ping is answered. Raises DeploymentFailed after `timeout` seconds or when the process dies."""
        self.stop()
        path = socket_path()
        self._sockets = path.parent
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(path))
            listener.listen(128)
            # Connections wait in the backlog until the model is loaded; nothing polls. Our own copy is closed, so
            # that a process that dies takes the socket with it.
            self._process = self._launch(listener)
        self._pool = ConnectionPool(path)
        try:
            healthy = self._pool.request("GET", "/ping", {}, b"", timeout).status == 200
        except (TimeoutError, *HUNG_UP):
            healthy = False
        if not healthy:
            self.stop()
            raise DeploymentFailed(self._unhealthy())

    def invoke(self, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        """Raises TimeoutError, or one of HUNG_UP when the process ends meanwhile: then it is not `running` any more."""
        if self._pool is None:
            raise ConnectionError(f"instance {self._place.instance} is stopped")
        try:
            return self._pool.request("POST", "/invocations", headers, body, timeout)
        except HUNG_UP:
            self._await_end()
            raise

    def _await_end(self) -> None:
        """A process hangs up a moment before it is gone: the next request would go to it, too."""
        process = self._process
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)

    def stop(self) -> None:
        if self._process is not None:
            self._cloud.processes.stop(self._process, _STOP_GRACE_SECONDS)
            self._process = None
        if self._reader is not None:
            self._reader.join(_LOG_CLOSE_SECONDS)
            self._reader = None
        if self._pool is not None:
            self._pool.close()
            self._pool = None
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None

    def abort(self) -> None:
        """Kill the process, from any thread; a start() under way fails."""
        process = self._process
        if process is not None:
            self._cloud.processes.stop(process, 0.0)

    def remove(self) -> None:
        """Stop, and delete the container's files; the log stays."""
        self.stop()
        shutil.rmtree(self._place.directory, ignore_errors=True)

    def _launch(self, listener: socket.socket) -> "subprocess.Popen[bytes]":
        if self._container is None:
            raise RuntimeError("start() before prepare()")
        argv = [sys.executable, "-P", "-c", _BOOT, str(_CHECKOUT), "--fd", str(listener.fileno())]
        argv += ["--model-dir", MODEL_DIR, "--code-dir", self._code_dir]
        argv += ["--program", self._model.environment["SAGEMAKER_PROGRAM"], "--framework", self._model.framework]
        self._container.outside(CODE_DIR).mkdir(exist_ok=True)
        process = self._container.start(
            self._cloud,
            argv,
            self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[listener.fileno()],
        )
        self._read_log(process)
        return process

    def _environment(self) -> dict[str, str]:
        image = {"SM_MODEL_DIR": MODEL_DIR}
        if self._model.framework == "xgboost":
            # The container's own default: more threads cost more than they give on single requests.
            image["OMP_NUM_THREADS"] = "1"
        return with_variables(base_environment(self._cloud, self._session), image | dict(self._model.environment))

    def _read_log(self, process: "subprocess.Popen[bytes]") -> None:
        path = self._place.directory.parent / f"{self._place.directory.name}.log"
        group, stream = self._place.logs
        log = HostLog(path, LogShipper(lambda: self._cloud.client("logs", self._session), group, stream))
        self._log = log
        if process.stdout is None or process.stderr is None:
            raise RuntimeError("the process has no pipes")
        pipes = process.stdout, process.stderr

        def read() -> None:
            with contextlib.suppress(OSError):
                read_output(*pipes, log)
            log.close(_LOG_CLOSE_SECONDS)

        self._reader = threading.Thread(target=read, name=f"log {stream}", daemon=True)
        self._reader.start()

    def _unhealthy(self) -> str:
        lines = [line for line in (self._log.stderr() if self._log else []) if line.strip()]
        told = f" The container's last line: {lines[-1].strip()}" if lines else ""
        reason = (
            f"The primary container for production variant {self._place.variant} did not pass the ping health check. "
            f"Please check CloudWatch logs for this endpoint.{told}"
        )
        return reason[:MAX_REASON]

    def _unpacked_code(self, s3: object, container: Container) -> str:
        """The container path of the inference script's directory."""
        submitted = self._model.environment.get("SAGEMAKER_SUBMIT_DIRECTORY", CODE_DIR)
        if submitted.startswith("s3://"):
            unpack(s3, S3Object.parse(submitted, "SAGEMAKER_SUBMIT_DIRECTORY"), container.outside(CODE_DIR))
            submitted = CODE_DIR
        try:
            directory = container.outside(submitted)
        except ValueError as error:
            message = f"SAGEMAKER_SUBMIT_DIRECTORY is {submitted}; it must be an s3:// URL or lie under /opt/ml"
            raise DeploymentFailed(message) from error
        if not directory.is_dir():
            raise DeploymentFailed(
                f"SAGEMAKER_SUBMIT_DIRECTORY is {submitted}, and there is no such directory. Put the inference script "
                f"into code/ in {self._model.artifact.url}, and set it to /opt/ml/model/code."
            )
        if (directory / "requirements.txt").exists():
            raise DeploymentFailed(
                f"{submitted}/requirements.txt: the local cloud installs nothing when a container starts. Remove the "
                "file; what the framework image holds is there already."
            )
        return submitted
