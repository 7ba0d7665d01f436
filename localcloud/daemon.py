"""Starting and stopping the local cloud from another process."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

from localcloud.errors import LocalCloudError
from localcloud.server import STOP_GRACE_SECONDS, Server
from localcloud.settings import Settings, StateFiles

READY_SECONDS = 60.0
_ROOT = Path(__file__).parent.parent


def start_detached(
    state_dir: Path,
    *,
    port: int = 0,
    expose: bool = False,
    time_scale: float = Settings.time_scale,
    analyzer: Path | None = None,
) -> Server:
    """Start a server that outlives this process; returns when it answers. Raises LocalCloudError with its reason.

    `analyzer` is a folder whose monitor.py stands in for the image of Model Monitor's analyzer.
    """
    return _start(_Options(state_dir.resolve(), port, expose, time_scale, analyzer))[1]


@contextmanager
def running(
    state_dir: Path,
    *,
    port: int = 0,
    expose: bool = False,
    time_scale: float = Settings.time_scale,
    analyzer: Path | None = None,
) -> Iterator[Server]:
    """A server for the length of the block. It also ends when this process does, however that happens."""
    held, given = os.pipe()
    process = None
    try:
        process, server = _start(_Options(state_dir.resolve(), port, expose, time_scale, analyzer), parent=held)
        yield server
    finally:
        os.close(held)
        os.close(given)
        if process is not None:
            _await_end(process)


def status(state_dir: Path) -> Server | None:
    """The server of this state directory, if one runs and answers."""
    files = StateFiles(state_dir.resolve())
    if not _is_owned(files):
        return None
    with suppress(FileNotFoundError, ValueError, TypeError):
        return Server(**json.loads(files.server.read_text()))
    return None


def stop(state_dir: Path) -> bool:
    """Stop the server of this state directory and wait until it is gone; False when none was running."""
    server = status(state_dir)
    if server is None:
        StateFiles(state_dir.resolve()).server.unlink(missing_ok=True)
        return False
    for number, seconds in ((signal.SIGTERM, STOP_GRACE_SECONDS * 3), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.kill(server.pid, number)
        if _gone(server.pid, StateFiles(state_dir.resolve()), seconds):
            StateFiles(state_dir.resolve()).server.unlink(missing_ok=True)
            return True
    raise LocalCloudError(f"The local cloud (process {server.pid}) does not end; its log: {server.log}")


@dataclass(frozen=True)
class _Options:
    state_dir: Path
    port: int
    expose: bool
    time_scale: float
    analyzer: Path | None = None

    def arguments(self, report: int, parent: int | None) -> list[str]:
        flags = ["--state-dir", str(self.state_dir), "--port", str(self.port), "--time-scale", str(self.time_scale)]
        flags += ["--report-fd", str(report)]
        flags += ["--parent-fd", str(parent)] if parent is not None else []
        flags += ["--analyzer", str(self.analyzer.resolve())] if self.analyzer else []
        return [*flags, "--expose"] if self.expose else flags


def _start(options: _Options, parent: int | None = None) -> tuple["subprocess.Popen[bytes]", Server]:
    files = StateFiles(options.state_dir)
    files.log.parent.mkdir(parents=True, exist_ok=True)
    report, given = os.pipe()
    with os.fdopen(report) as answers, files.log.open("ab") as log:
        try:
            process = _launch(options.arguments(given, parent), [given, *([parent] if parent is not None else [])], log)
        finally:
            os.close(given)
        return process, _first_word(answers, process, files)


def _launch(arguments: Sequence[str], pipes: Sequence[int], log: IO[bytes]) -> "subprocess.Popen[bytes]":
    # Bytecode makes the difference between a start of one second and one of eight.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.Popen(
        [sys.executable, "-m", "localcloud", *arguments],
        cwd=_ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=pipes,
        start_new_session=True,
    )


def _first_word(answers: IO[str], process: "subprocess.Popen[bytes]", files: StateFiles) -> Server:
    readable, _, _ = select.select([answers], [], [], READY_SECONDS)
    word = json.loads((answers.readline() if readable else "") or "{}")
    if "ready" in word:
        return Server(**word["ready"])
    with suppress(ProcessLookupError):
        process.terminate()
    _await_end(process)
    reason = word.get("error") or f"The local cloud did not start. The end of its log:\n{_tail(files.log)}"
    raise LocalCloudError(reason)


def _await_end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(STOP_GRACE_SECONDS * 3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path, lines: int = 15) -> str:
    with suppress(FileNotFoundError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return "(no log)"


def _is_owned(files: StateFiles) -> bool:
    """Whether a server holds the lock; a pid alone could be another process's by now."""
    if not files.lock.exists():
        return False
    with files.lock.open("r+") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _gone(pid: int, files: StateFiles, seconds: float) -> bool:
    """Wait for a process that need not be our child."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    except (AttributeError, OSError):
        return _gone_by_lock(files, seconds)
    try:
        ended, _, _ = select.select([handle], [], [], seconds)
        return bool(ended)
    finally:
        os.close(handle)


def _gone_by_lock(files: StateFiles, seconds: float) -> bool:
    """For systems without pidfds (macOS): there is nothing to wait on, so look again and again."""
    deadline = time.monotonic() + seconds
    while _is_owned(files):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
