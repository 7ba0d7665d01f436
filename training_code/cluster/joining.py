"""How a job's hosts find each other: the first listens, the others connect, each shows that it is of the same job.

Two jobs may share a machine. So the ports to try follow from the job, and whoever connects says which job it is of:
a host that reached another job's first host goes on to the next port.
"""

import hashlib
import json
import socket
import struct
import time
from collections.abc import Iterator

from cluster.frames import receive_exactly
from cluster.hosts import Cluster
from job import BadData

# Below the range from which systems take the ports of outgoing connections.
_PORTS = range(20000, 32000)
_TRIED_PORTS = 8
_RANK = struct.Struct("!I")
# How long the other side of a connection may take to say who it is, and how long a host waits to try again, seconds.
_HANDSHAKE = 5.0
_PAUSE = 0.1


class LostHost(BadData):
    """A host of the job is gone, or never came: the job cannot go on. The message names it."""


class Deadline:
    """seconds from now; for the first meeting of hosts that start at different times."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return self._end - time.monotonic()

    @property
    def is_over(self) -> bool:
        return self.left <= 0


def accept_all(cluster: Cluster, deadline: Deadline) -> dict[int, socket.socket]:
    """On the first host: the connections of the others, by rank."""
    connections: dict[int, socket.socket] = {}
    with _listen(cluster, deadline) as server:
        while len(connections) < cluster.size - 1:
            server.settimeout(max(deadline.left, 0.001))
            try:
                connection, _ = server.accept()
            except TimeoutError:
                _close(connections)
                raise _nobody_came(cluster, connections, deadline) from None
            rank = _welcome(connection, cluster)
            if rank is None or rank in connections:
                connection.close()
            else:
                connections[rank] = connection
    return connections


def connect(cluster: Cluster, deadline: Deadline) -> socket.socket:
    """On the other hosts: the connection to the first, tried until it listens."""
    while not deadline.is_over:
        for port in ports(cluster):
            connection = _introduce(cluster, port)
            if connection:
                return connection
        # The first host has not started to listen; nothing tells when it will.
        time.sleep(_PAUSE)
    raise LostHost(
        f"{cluster.hosts[0]} was lost: it did not answer {cluster.current} within {deadline.seconds:g} s. "
        "See its log for why it did not start."
    )


def _listen(cluster: Cluster, deadline: Deadline) -> socket.socket:
    while True:
        for port in ports(cluster):
            try:
                return socket.create_server((cluster.current, port), backlog=cluster.size)
            except OSError as error:
                # Another job's port; or the host's own name is not known to it yet.
                reason = error
        if deadline.is_over:
            raise LostHost(f"{cluster.current} found no free port for the other hosts: {reason}.")
        time.sleep(_PAUSE)


def _welcome(connection: socket.socket, cluster: Cluster) -> int | None:
    """The rank of the host that connected; None for a stranger."""
    connection.settimeout(_HANDSHAKE)
    try:
        shown = receive_exactly(connection, len(token(cluster)))
        (rank,) = _RANK.unpack(receive_exactly(connection, _RANK.size))
        if shown != token(cluster) or not 0 < rank < cluster.size:
            return None
        connection.sendall(shown)
    except (OSError, EOFError):
        return None
    return int(rank)


def _introduce(cluster: Cluster, port: int) -> socket.socket | None:
    """A connection to the first host of this very job; None where none listens on this port."""
    try:
        connection = socket.create_connection((cluster.hosts[0], port), timeout=_HANDSHAKE)
    except OSError:
        return None
    try:
        connection.sendall(token(cluster) + _RANK.pack(cluster.rank))
        if receive_exactly(connection, len(token(cluster))) == token(cluster):
            return connection
    except (OSError, EOFError):
        # Another job's first host closes the connection: this port is not ours.
        connection.close()
        return None
    connection.close()
    return None


def token(cluster: Cluster) -> bytes:
    return hashlib.sha256(json.dumps([cluster.job, *cluster.hosts]).encode()).digest()


def ports(cluster: Cluster) -> Iterator[int]:
    start = int.from_bytes(token(cluster)[:8], "big")
    # A stride that shares no factor with the number of ports visits each once.
    return (_PORTS[(start + number * 1009) % len(_PORTS)] for number in range(_TRIED_PORTS))


def _nobody_came(cluster: Cluster, connections: dict[int, socket.socket], deadline: Deadline) -> LostHost:
    missing = [host for rank, host in enumerate(cluster.hosts) if rank and rank not in connections]
    return LostHost(
        f"{' and '.join(missing)} {'was' if len(missing) == 1 else 'were'} lost: not seen by {cluster.current} within "
        f"{deadline.seconds:g} s. See the log for why."
    )


def _close(connections: dict[int, socket.socket]) -> None:
    for connection in connections.values():
        connection.close()
