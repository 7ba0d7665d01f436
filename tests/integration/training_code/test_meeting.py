"""Hosts of one job as processes on loopback."""

import os
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import train
from cluster.frames import BYE, send_frame
from cluster.hosts import Cluster
from cluster.joining import Deadline, connect, ports
from cluster.meeting import meeting
from tests.waiting import eventually

SCRIPTS = Path(train.__file__).parent

# Meets, says what it gathered, and goes on by what its standard input tells.
HOST = """
import sys
from cluster.hosts import Cluster
from cluster.meeting import LostHost, meeting

current, hosts, job, patience = sys.argv[1], tuple(sys.argv[2].split(",")), sys.argv[3], float(sys.argv[4])
try:
    with meeting(Cluster(current, hosts, job), patience=patience) as here:
        print(b" ".join(here.gather(current.encode())).decode(), flush=True)
        for line in sys.stdin:
            if line == "fail\\n":
                raise ValueError("no such column")
            if line == "leave\\n":
                break
            print(len(here.gather(line.encode() * 100_000)), flush=True)
except LostHost as error:
    print(error, flush=True)
"""
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


class Host:
    def __init__(self, name: str, hosts: tuple[str, ...], job: str, patience: float = 60) -> None:
        command = [sys.executable, "-c", HOST, name, ",".join(hosts), job, str(patience)]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SCRIPTS)}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().rstrip("\n")

    def tell(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def cluster(request: pytest.FixtureRequest):
    """Starts hosts; whatever is left of them ends with the test."""
    started: list[Host] = []

    def start(*names: str, hosts: tuple[str, ...] = HOSTS, job: str = request.node.name, patience: float = 60):
        new = [Host(name, hosts, job, patience) for name in names]
        started.extend(new)
        return new

    yield start
    for host in started:
        host.end()


def test_every_host_gets_the_same_by_rank_whoever_starts_first(cluster):
    for host in (hosts := cluster(*reversed(HOSTS))):
        assert host.line() == " ".join(HOSTS)
    for host in hosts:
        host.tell("again")
    assert [host.line() for host in hosts] == ["3"] * 3
    for host in hosts:
        host.tell("leave")
    assert [host.process.wait(60) for host in hosts] == [0] * 3


@pytest.mark.parametrize("lost", range(3))
def test_a_killed_host_is_named_by_every_other(cluster, lost: int):
    hosts = cluster(*HOSTS)
    assert {host.line() for host in hosts} == {" ".join(HOSTS)}
    others = hosts[:lost] + hosts[lost + 1 :]
    for host in others:
        host.tell("again")
    hosts[lost].process.send_signal(signal.SIGKILL)
    assert {host.line() for host in others} == {f"{HOSTS[lost]} was lost: its connection ended. See its log for why."}
    assert [host.process.wait(60) for host in others] == [0, 0]


@pytest.mark.parametrize("failing", range(3))
def test_a_host_that_fails_tells_the_others_why(cluster, failing: int):
    hosts = cluster(*HOSTS)
    assert {host.line() for host in hosts} == {" ".join(HOSTS)}
    for position, host in enumerate(hosts):
        host.tell("fail" if position == failing else "leave")
    others = hosts[:failing] + hosts[failing + 1 :]
    assert {host.line() for host in others} == {f"{HOSTS[failing]} was lost: it failed: no such column"}


def test_two_jobs_on_one_machine_do_not_meet_each_other(cluster):
    """Their hosts have the same addresses. Also where the ports are the same: the token is what tells them apart."""
    pairs = [cluster(*HOSTS[:2], hosts=HOSTS[:2], job=f"job-{number}") for number in range(4)]
    assert {host.line() for pair in pairs for host in pair} == {" ".join(HOSTS[:2])}
    for number, pair in enumerate(pairs):
        pair[0].end()
        assert pair[1].process.poll() is None, number
        pair[1].tell("again")
        assert pair[1].line().startswith("127.0.0.1 was lost")


def test_a_host_that_never_comes_is_named(cluster):
    first, second = cluster(*HOSTS[:2], patience=1.0)
    assert first.line() == "127.0.0.3 was lost: not seen by 127.0.0.1 within 1 s. See the log for why."
    assert second.line().startswith("127.0.0.1 was lost")
    (alone,) = cluster("127.0.0.2", job="nobody", patience=0.5)
    assert alone.line() == (
        "127.0.0.1 was lost: it did not answer 127.0.0.2 within 0.5 s. See its log for why it did not start."
    )


def test_a_port_that_another_program_holds_is_passed_over(cluster):
    here = Cluster(HOSTS[0], HOSTS[:2], "busy")
    with socket.create_server((HOSTS[0], next(ports(here)))) as stranger:
        pair = cluster(*HOSTS[:2], hosts=HOSTS[:2], job="busy")
        connection, _ = stranger.accept()
        with connection:
            connection.sendall(b"220 another program, which speaks first")
        assert {host.line() for host in pair} == {" ".join(HOSTS[:2])}


def test_a_host_that_dies_after_it_took_its_leave_is_not_waited_for(request: pytest.FixtureRequest):
    hosts, job = HOSTS[:2], request.node.name
    entered, go = queue.SimpleQueue(), threading.Event()

    def first() -> None:
        with meeting(Cluster(hosts[0], hosts, job), patience=30) as here:
            entered.put(here)
            go.wait(30)

    thread = threading.Thread(target=first)
    thread.start()
    connection = connect(Cluster(hosts[1], hosts, job), Deadline(30))
    here = entered.get(timeout=30)
    send_frame(connection, BYE, b"")
    eventually(lambda: here._departed == {1}, "the first host hears the goodbye")
    # Gone for good: whatever is sent to it fails.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    go.set()
    thread.join(30)
    assert not thread.is_alive()
