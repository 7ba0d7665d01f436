"""Child processes that never outlive the server."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from localcloud import watchdog
from localcloud.watchdog import OWNER_VARIABLE

_log = logging.getLogger(__name__)


class WatchedProcesses:
    """A `ProcessSupervisor` with a watchdog process beside it.

    The kernel's parent-death signal would not do: it fires when the starting *thread* ends, and jobs are started from
    pool threads. The watchdog waits on a pipe that only this process holds open, so SIGKILL of the server ends it too.
    """

    def __init__(self, *, own_group: bool = True) -> None:
        """`own_group`: this process leads its process group, and everything left in that group is its own."""
        self._owner = uuid.uuid4().hex
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        group = os.getpgrp() if own_group and os.getpgrp() == os.getpid() else 0
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog.__file__, self._owner, str(group)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={},
        )

    @property
    def mark(self) -> dict[str, str]:
        """The variable by which the watchdog knows this server's processes; every child's environment holds it."""
        return {OWNER_VARIABLE: self._owner}

    def start(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdout: IO[bytes] | int,
        stderr: IO[bytes] | int,
        pass_fds: Sequence[int] = (),
    ) -> "subprocess.Popen[bytes]":
        child = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**env, **self.mark},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
        with self._lock:
            self._forget_finished()
            self._children[child.pid] = child
            self._tell(f"+{child.pid}\n")
        return child

    def stop(self, process: "subprocess.Popen[bytes]", grace_seconds: float) -> None:
        _signal_group(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace_seconds)
        # Whatever the leader left behind in its group goes as well.
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()
        with self._lock:
            self._forget(process.pid)

    def stop_all(self, grace_seconds: float) -> None:
        with self._lock:
            children = list(self._children.values())
        for child in children:
            _signal_group(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        for child in children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            self.stop(child, 0)

    def close(self, grace_seconds: float = 5.0) -> None:
        """Stop every child, then let the watchdog see to what is left and end."""
        self.stop_all(grace_seconds)
        with suppress(BrokenPipeError):
            self._pipe.close()

    def running(self) -> list[int]:
        """The process groups that the watchdog is told to end."""
        with self._lock:
            return sorted(self._children)

    @property
    def _pipe(self) -> IO[bytes]:
        if self._watchdog.stdin is None:
            raise RuntimeError("the watchdog was started without a pipe")
        return self._watchdog.stdin

    def _tell(self, line: str) -> None:
        try:
            self._pipe.write(line.encode())
            self._pipe.flush()
        except (BrokenPipeError, ValueError):
            _log.error("the watchdog is gone: children may outlive this server if it is killed")

    def _forget_finished(self) -> None:
        for pid in [pid for pid, child in self._children.items() if child.returncode is not None and not _alive(pid)]:
            self._forget(pid)

    def _forget(self, pid: int) -> None:
        if self._children.pop(pid, None):
            self._tell(f"-{pid}\n")


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
