"""The processes of a job's hosts: started together, watched, and ended together."""

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal

from localcloud.cloud import Cloud
from localcloud.sagemaker.jobs.failures import JobFailure, exit_code
from localcloud.sagemaker.jobs.hosts import Host
from localcloud.sagemaker.jobs.output import read_output
from localcloud.sagemaker.jobs.parallel import in_parallel

Ending = Literal["completed", "failed", "stopped", "max-runtime"]

# A grandchild in a session of its own may keep the pipes open; its output is not worth waiting for longer.
_DRAIN_SECONDS: Final = 5.0
# What the other hosts of a job get when one has failed: to notice it and say so, then to end.
_NOTICE_SECONDS: Final = 2.0
_FAILED_GRACE_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Command:
    """Container paths in all of it. `cwd` must exist."""

    argv: Sequence[str]
    cwd: str
    env: dict[str, str] = field(repr=False)

    @property
    def shown(self) -> str:
        return " ".join(self.argv)


@dataclass(frozen=True)
class Failed:
    """A host whose process failed, and its exit code."""

    host: Host
    code: int


@dataclass(frozen=True)
class Outcome:
    """`failed` are the hosts that failed by themselves, in the order in which they ended."""

    ending: Ending
    failed: tuple[Failed, ...] = ()


class Processes:
    """`run` blocks until all have ended; `stop` may be called before, while and after, from any thread."""

    def __init__(self, cloud: Cloud, grace_seconds: float) -> None:
        self._cloud = cloud
        self._grace = grace_seconds
        # (host, exit code), or None: a request to stop.
        self._news: queue.SimpleQueue[tuple[Host, int] | None] = queue.SimpleQueue()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._watchers: list[threading.Thread] = []

    def stop(self) -> None:
        """SIGTERM, and SIGKILL when the grace is over."""
        self._news.put(None)

    def kill(self) -> None:
        """At once: the server ends."""
        self._grace = 0.0
        self._news.put(None)
        for process in list(self._running.values()):
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def run(self, commands: Sequence[tuple[Host, Command]], max_seconds: float) -> Outcome:
        try:
            for host, command in commands:
                self._start(host, command)
            return self._wait(max_seconds)
        finally:
            self._end_all()

    def _start(self, host: Host, command: Command) -> None:
        pipe = subprocess.PIPE
        try:
            process = host.container.start(
                self._cloud, command.argv, command.env, cwd=command.cwd, stdout=pipe, stderr=pipe
            )
        except OSError as exc:
            raise JobFailure(f"ClientError: Cannot start {command.argv[0]} on {host.label}: {exc.strerror}") from exc
        self._running[host.index] = process
        watcher = threading.Thread(target=self._watch, args=(host, process), name=f"watch {host.label}", daemon=True)
        self._watchers.append(watcher)
        watcher.start()

    def _watch(self, host: Host, process: "subprocess.Popen[bytes]") -> None:
        """As a container ends with its first process, so do the processes that this one left behind."""
        pipes = (process.stdout, process.stderr)
        reader = threading.Thread(target=read_output, args=(*pipes, host.log), name=f"read {host.label}", daemon=True)
        reader.start()
        with suppress(ChildProcessError):
            # Not reaped yet, so that the group's number cannot be another's.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        code = exit_code(process.wait())
        reader.join(_DRAIN_SECONDS)
        self._news.put((host, code))

    def _wait(self, max_seconds: float) -> Outcome:
        deadline = time.monotonic() + max_seconds
        left = len(self._running)
        while left:
            try:
                news = self._news.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return Outcome("max-runtime")
            if news is None:
                return Outcome("stopped")
            host, code = news
            if code:
                self._grace = min(self._grace, _FAILED_GRACE_SECONDS)
                return Outcome("failed", (Failed(host, code), *self._others_that_fail(left - 1)))
            left -= 1
        return Outcome("completed")

    def _others_that_fail(self, left: int) -> Iterator[Failed]:
        """A host that was killed says nothing: those that lost it do, when they are given the time."""
        deadline = time.monotonic() + _NOTICE_SECONDS
        for _ in range(left):
            try:
                news = self._news.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return
            if news is None:
                return
            if news[1]:
                yield Failed(*news)

    def _end_all(self) -> None:
        alive = [process for process in self._running.values() if process.poll() is None]
        in_parallel(lambda process: self._cloud.processes.stop(process, self._grace), alive)
        for watcher in self._watchers:
            watcher.join()
