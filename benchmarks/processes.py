"""Runs a side of a comparison as a process and takes its time and its peak memory from the operating system."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TRAINING_CODE = ROOT / "training_code"


class SideFailed(SystemExit):
    """A command ended with another code than 0; the message holds the end of what it printed."""


@dataclass(frozen=True)
class Usage:
    """seconds: from start to end. peak_mb: the largest resident set, in MB of 1,000,000 bytes."""

    seconds: float
    peak_mb: float
    output: str


def script(name: str, *arguments: object) -> list[str]:
    """The command line of one of the jobs' scripts."""
    return [sys.executable, str(TRAINING_CODE / f"{name}.py"), *map(str, arguments)]


def side(name: str, *arguments: object) -> list[str]:
    """The command line of a module of benchmarks/sides."""
    return [sys.executable, "-m", f"benchmarks.sides.{name}", *map(str, arguments)]


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Usage:
    return run_together([command], [environment or {}])[0]


def run_together(
    commands: Sequence[Sequence[str]], environments: Sequence[Mapping[str, str]], cores: Sequence[set[int]] = ()
) -> list[Usage]:
    """Starts all commands at once, each on its cores where they are given, and waits for all."""
    started = time.perf_counter()
    running = [_start(command, environment) for command, environment in zip(commands, environments, strict=True)]
    for process, wanted in zip(running, cores, strict=False):
        os.sched_setaffinity(process.pid, wanted)
    return [_wait(process, started) for process in running]


def _start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _wait(process: subprocess.Popen[str], started: float) -> Usage:
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SideFailed(f"{process.args!r} ended with {process.returncode}:\n{output[-3000:]}")
    # ru_maxrss is in KiB on Linux, in bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    return Usage(seconds, usage.ru_maxrss * unit / 1e6, output)
