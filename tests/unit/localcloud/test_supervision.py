"""Children never outlive the process that started them."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.supervision import WatchedProcesses
from tests.waiting import eventually

ROOT = Path(__file__).parents[3]
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]
NULL = subprocess.DEVNULL
linux_only = pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")


@pytest.fixture
def processes() -> Iterator[WatchedProcesses]:
    supervisor = WatchedProcesses(own_group=False)
    yield supervisor
    supervisor.close(1)


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_stop_ends_a_child_that_obeys(processes: WatchedProcesses, tmp_path: Path) -> None:
    child = processes.start(SLEEP, cwd=tmp_path, env={}, stdout=NULL, stderr=NULL)

    processes.stop(child, 5)

    assert child.returncode == -15


def test_stop_kills_a_child_that_does_not(processes: WatchedProcesses, tmp_path: Path) -> None:
    child = processes.start(STUBBORN, cwd=tmp_path, env={}, stdout=subprocess.PIPE, stderr=NULL)
    assert child.stdout is not None
    with child.stdout:
        child.stdout.readline()

        processes.stop(child, 0.2)

    assert child.returncode == -9


@linux_only
def test_stop_ends_grandchildren_too(processes: WatchedProcesses, tmp_path: Path) -> None:
    script = f"import subprocess, time; print(subprocess.Popen({SLEEP!r}).pid, flush=True); time.sleep(600)"
    child = processes.start([sys.executable, "-c", script], cwd=tmp_path, env={}, stdout=subprocess.PIPE, stderr=NULL)
    assert child.stdout is not None
    with child.stdout:
        grandchild = int(child.stdout.readline())

        processes.stop(child, 5)

    eventually(lambda: not alive(grandchild), "the grandchild ends", 10)


def test_the_environment_is_the_one_given_and_the_owners_mark(processes: WatchedProcesses, tmp_path: Path) -> None:
    show = [sys.executable, "-I", "-c", "import os; print(sorted(os.environ))"]
    child = processes.start(show, cwd=tmp_path, env={"ONLY": "this"}, stdout=subprocess.PIPE, stderr=NULL)

    output = child.communicate()[0].decode()

    shown = set(output.strip("[]\n").replace("'", "").split(", ")) - {"LC_CTYPE"}
    assert shown == {"ONLY", "LOCALCLOUD_OWNER"}


@linux_only
@pytest.mark.parametrize("leave_group", [False, True], ids=["in its group", "in a session of its own"])
def test_a_killed_owner_takes_its_children_along(tmp_path: Path, leave_group: bool) -> None:
    escaping = "import os, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(600)" if leave_group else ""
    inner = [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {escaping!r}])"]
    owner = f"""
import subprocess, sys, time
from pathlib import Path
from localcloud.supervision import WatchedProcesses
processes = WatchedProcesses()
argv = {inner if leave_group else SLEEP!r}
child = processes.start(argv, cwd=Path.cwd(), env={{}}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
print(int(child.stdout.readline()) if {leave_group} else child.pid, flush=True)
time.sleep(600)
"""
    process = subprocess.Popen([sys.executable, "-c", owner], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    with process.stdout:
        child = int(process.stdout.readline())
        assert alive(child)

        process.kill()
        process.wait()

    eventually(lambda: not alive(child), "the child ends", 10)


@linux_only
def test_a_finished_child_is_forgotten_when_the_next_one_starts(processes: WatchedProcesses, tmp_path: Path) -> None:
    first = processes.start([sys.executable, "-c", ""], cwd=tmp_path, env={}, stdout=NULL, stderr=NULL)
    first.wait()

    second = processes.start(SLEEP, cwd=tmp_path, env={}, stdout=NULL, stderr=NULL)

    assert processes.running() == [second.pid]
