"""One job's life, in a thread of its own: download, run, upload, and an end that is true."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from localcloud.cloud import Cloud, Credentials
from localcloud.sagemaker.jobs.failures import JobFailure
from localcloud.sagemaker.jobs.hosts import Host, label, make_hosts
from localcloud.sagemaker.jobs.isolation import probe
from localcloud.sagemaker.jobs.output import HostLog
from localcloud.sagemaker.jobs.processes import Ending, Outcome, Processes
from localcloud.sagemaker.jobs.progress import Progress
from localcloud.sagemaker.jobs.s3 import S3Files
from localcloud.sagemaker.jobs.settings import JobSettings
from localcloud.sagemaker.jobs.workload import Workload
from localcloud.sagemaker.logs import LogShipper

_log = logging.getLogger(__name__)

# Logs that CloudWatch has not taken by then stay in the job's own file.
_LOG_SECONDS: Final = 10.0
_DEFECT: Final = "InternalServerError: the local cloud failed; its log says where"
_REWRITTEN: Final = (
    "Without a mount namespace /opt/ml is rewritten in arguments and variables, and not in the script's own text"
)


class _StopRequestedError(Exception):
    """Stop came before the job's processes had started."""


@dataclass(frozen=True)
class RunContext:
    """`make_directory` gives the job's own, empty; its log files outlive the job."""

    cloud: Cloud
    settings: JobSettings
    credentials: Credentials
    name: str
    log_group: str
    make_directory: Callable[[], Path]


class JobRun:
    def __init__(self, context: RunContext, workload: Workload, progress: Progress) -> None:
        self._context = context
        self._workload = workload
        self._progress = progress
        self._stop = threading.Event()
        self._killed = False
        grace = context.settings.stop_grace_seconds * context.cloud.time_scale
        self._processes = Processes(context.cloud, grace)
        self._thread = threading.Thread(target=self._live, name=f"job {context.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """SIGTERM, then SIGKILL after the grace; what the script has saved by then is uploaded, as on AWS."""
        if not self._stop.is_set():
            self._stop.set()
            self._progress.stopping()
            self._processes.stop()

    def kill(self) -> None:
        """End at once, upload nothing: the server stops."""
        self._killed = True
        self._stop.set()
        self._processes.kill()

    def join(self, timeout: float | None = None) -> None:
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _live(self) -> None:
        hosts: list[Host] = []
        logs: list[HostLog] = []
        try:
            directory = self._context.make_directory()
            logs += self._open_logs(directory)
            hosts += make_hosts(directory, probe(self._context.settings.isolation), logs)
            outcome, reason = self._work(hosts)
        except JobFailure as exc:
            outcome, reason = Outcome("failed"), exc.reason
        except _StopRequestedError:
            outcome, reason = Outcome("stopped"), ""
        except Exception:
            _log.exception("The job %s met a defect of the local cloud", self._context.name)
            outcome, reason = Outcome("failed"), _DEFECT
        self._end(hosts, logs, "stopped" if self._stop.is_set() else outcome.ending, reason)

    def _work(self, hosts: Sequence[Host]) -> tuple[Outcome, str]:
        files = S3Files(self._context.cloud.client("s3", self._context.credentials), self._workload.kms_key)
        try:
            self._check()
            self._progress.downloading()
            self._workload.prepare(hosts, files, self._check)
            self._check()
            return self._execute(hosts, files)
        finally:
            self._workload.release()

    def _execute(self, hosts: Sequence[Host], files: S3Files) -> tuple[Outcome, str]:
        if hosts[0].container.isolation.way == "rewriting":
            hosts[0].log.note(_REWRITTEN)
        self._progress.running()
        commands = [(host, self._workload.command(host)) for host in hosts]
        outcome = self._processes.run(commands, self._workload.max_seconds)
        if not self._killed:
            if outcome.ending != "failed":
                self._progress.uploading()
            self._workload.finish(hosts, files, outcome.ending)
        return outcome, self._workload.failure(outcome) if outcome.ending == "failed" else ""

    def _check(self) -> None:
        if self._stop.is_set():
            raise _StopRequestedError

    def _end(self, hosts: Sequence[Host], logs: Sequence[HostLog], ending: Ending, reason: str) -> None:
        """The log is whole before the job counts as ended. What was stopped is Stopped, whatever its script did."""
        changes: dict[str, Any] = {}
        try:
            changes = self._workload.description(hosts, ending)
            for log in logs:
                if reason:
                    log.note(reason)
                log.close(0 if self._killed else _LOG_SECONDS)
        except Exception:
            _log.exception("The end of the job %s met a defect of the local cloud", self._context.name)
        finally:
            self._progress.ended(ending, reason if ending == "failed" else "", changes)
        if ending != "failed" and not self._context.settings.keep_files:
            for host in hosts:
                shutil.rmtree(host.container.directory, ignore_errors=True)

    def _open_logs(self, directory: Path) -> list[HostLog]:
        context = self._context
        client = _once(lambda: context.cloud.client("logs", context.credentials))
        epoch = int(time.time())
        logs = []
        for index in range(self._workload.host_count):
            stream = f"{context.name}/{label(index)}-{epoch}"
            shipper = LogShipper(client, context.log_group, stream)
            logs.append(HostLog(directory / f"{label(index)}.log", shipper, self._workload.scan))
        return logs


def _once(make: Callable[[], Any]) -> Callable[[], Any]:
    """`make`'s result, made at the first call, from whichever thread."""
    lock = threading.Lock()
    made: list[Any] = []

    def get() -> Any:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get
