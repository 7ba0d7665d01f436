"""The hosts of one job exchange bytes: a star over TCP around the first host.

A host whose connection ends before the meeting does is lost, and every other host hears its name at once: the first
host sees it and tells the others; when the first itself is lost, each sees that. Nothing is unpickled.
"""

import queue
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Protocol

from cluster.frames import BYE, DATA, LOST, pack, receive_frame, send_frame, unpack
from cluster.hosts import Cluster
from cluster.joining import Deadline, LostHost, accept_all, connect

__all__ = ["LostHost", "Meeting", "meeting"]

OnLoss = Callable[[LostHost], None]

# Hosts start minutes apart when one of them pulls its image or its data more slowly.
PATIENCE = 900.0
# A machine that vanishes without a word is noticed after about half a minute: seconds idle, between probes; probes;
# milliseconds for which what was sent may stay without an answer.
_KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}


class Meeting(Protocol):
    rank: int
    size: int

    def gather(self, data: bytes) -> list[bytes]:
        """What every host gave, by rank, the same on each. Raises LostHost."""


@contextmanager
def meeting(cluster: Cluster, on_loss: OnLoss | None = None, patience: float = PATIENCE) -> Iterator[Meeting]:
    """Begins when all hosts are there (at most `patience` seconds), ends when all leave; alone, without a socket.

    on_loss: called from another thread as soon as a host is lost, for a process that waits elsewhere than in gather.
    A host that leaves by an exception tells the others why.
    """
    if cluster.size == 1:
        yield _Alone()
        return
    star = _Star(cluster, _join(cluster, Deadline(patience)), on_loss)
    try:
        yield star
        star.leave()
    except BaseException as error:
        star.tell_failure(error)
        raise
    finally:
        star.close()


class _Alone:
    rank = 0
    size = 1

    def gather(self, data: bytes) -> list[bytes]:
        return [data]


def _join(cluster: Cluster, deadline: Deadline) -> dict[int, socket.socket]:
    connections = accept_all(cluster, deadline) if cluster.is_first else {0: connect(cluster, deadline)}
    for connection in connections.values():
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE.items():
            # A laptop's system may name these otherwise.
            if hasattr(socket, name):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return connections


class _Star:
    """One thread per connection reads what comes, so that a loss is seen whatever this process is doing."""

    def __init__(self, cluster: Cluster, connections: Mapping[int, socket.socket], on_loss: OnLoss | None) -> None:
        self.rank, self.size = cluster.rank, cluster.size
        self._cluster = cluster
        self._connections = connections
        self._on_loss = on_loss
        self._arrived: queue.SimpleQueue[tuple[int, int, bytes] | LostHost] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._over = False
        # Ranks that are done: whatever becomes of them, nobody has lost them.
        self._departed: set[int] = set()
        self._readers = [
            threading.Thread(target=self._read, args=(rank,), name=f"meeting with {cluster.hosts[rank]}", daemon=True)
            for rank in connections
        ]
        for reader in self._readers:
            reader.start()

    def gather(self, data: bytes) -> list[bytes]:
        return self._exchange(DATA, data)

    def leave(self) -> None:
        """Nobody leaves before everybody is done: until then, a connection that ends is a lost host."""
        self._exchange(BYE, b"")

    def _exchange(self, kind: int, data: bytes) -> list[bytes]:
        if not self._cluster.is_first:
            self._send(0, kind, data)
            return unpack(self._next(kind)[1])
        # A host gives its next data only after it got this answer: never two of one rank.
        given = {0: data}
        while len(given) < self.size:
            rank, payload = self._next(kind)
            given[rank] = payload
        messages = [given[rank] for rank in range(self.size)]
        packed = pack(messages)
        for rank in self._connections:
            self._send(rank, kind, packed)
        return messages

    def _next(self, kind: int) -> tuple[int, bytes]:
        arrived = self._arrived.get()
        if isinstance(arrived, LostHost):
            # For whoever asks again.
            self._arrived.put(arrived)
            raise arrived
        rank, its_kind, payload = arrived
        if its_kind != kind:
            raise RuntimeError(f"{self._cluster.hosts[rank]} and {self._cluster.current} are at different steps.")
        return rank, payload

    def _send(self, rank: int, kind: int, payload: bytes) -> None:
        try:
            with self._lock:
                send_frame(self._connections[rank], kind, payload)
        except OSError:
            if rank in self._departed:
                return
            # The loss itself comes from the connection's reader, which may know more (LOST).
            while True:
                self._next(kind)

    def _read(self, rank: int) -> None:
        kind = DATA
        try:
            while kind != BYE:
                kind, payload = receive_frame(self._connections[rank])
                if kind == LOST:
                    return self._lose(payload.decode("utf-8", "replace"), rank)
                if kind == BYE:
                    self._departed.add(rank)
                self._arrived.put((rank, kind, payload))
        except (OSError, EOFError):
            self._lose(f"{self._cluster.hosts[rank]} was lost: its connection ended. See its log for why.", rank)

    def _lose(self, message: str, source: int) -> None:
        with self._lock:
            if self._over:
                return
            self._over = True
            self._tell(message, source)
        loss = LostHost(message)
        self._arrived.put(loss)
        if self._on_loss:
            self._on_loss(loss)

    def tell_failure(self, error: BaseException) -> None:
        with self._lock:
            if not self._over:
                self._over = True
                what = str(error) or type(error).__name__
                self._tell(f"{self._cluster.current} was lost: it failed: {what}", self.rank)

    def _tell(self, message: str, source: int) -> None:
        for rank, connection in self._connections.items():
            if rank != source:
                # Who cannot be told any more is gone itself.
                with suppress(OSError):
                    send_frame(connection, LOST, message.encode())

    def close(self) -> None:
        with self._lock:
            self._over = True
        for connection in self._connections.values():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for reader in self._readers:
            if reader is not threading.current_thread():
                reader.join()
        for connection in self._connections.values():
            connection.close()
