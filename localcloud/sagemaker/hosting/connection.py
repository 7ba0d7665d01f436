"""HTTP to a model server over its Unix socket, on connections that are kept.

Written for its one counterpart, `localcloud.sagemaker.hosting.serving.wire`: http.client reads an answer's head with
the e-mail parser, which was a tenth of what an InvokeEndpoint costs.
"""

import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from localcloud.sagemaker.hosting.serving.wire import Reply

# What says that the server hung up: it crashed, or a kept connection is stale.
HUNG_UP: Final = (ConnectionError,)
_END: Final = b"\r\n\r\n"


class ConnectionPool:
    """Of one server process; close() it with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[socket.socket] = []

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        """Raises TimeoutError, or one of HUNG_UP when the server went away; ValueError for a header with a line end."""
        message = _head(method, path, headers, len(body)) + body
        connection = self._take()
        try:
            connection.settimeout(timeout)
            connection.sendall(message)
            reply = _received(connection)
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)
        return reply

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> socket.socket:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(self._path))
        except BaseException:
            connection.close()
            raise
        return connection

    def _give_back(self, connection: socket.socket) -> None:
        with self._lock:
            self._idle.append(connection)


def _head(method: str, path: str, headers: Mapping[str, str], length: int) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    # A client writes some of these values: none may end its line and begin a header of its own.
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError(f"a header holds a line end: {lines!r}")
    start = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}"]
    return "\r\n".join([*start, *lines, "", ""]).encode("latin-1")


def _received(connection: socket.socket) -> Reply:
    received = bytearray()
    while (end := received.find(_END)) < 0:
        received += _some(connection)
    start, *lines = received[:end].decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    del received[: end + len(_END)]
    while len(received) < int(headers["content-length"]):
        received += _some(connection)
    return Reply(int(start.split(" ", 2)[1]), bytes(received), headers)


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionResetError("the model server hung up")
    return data
