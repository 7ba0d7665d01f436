"""HTTP to a model server over its Unix socket, on connections that are kept."""

import http.client
import socket
import threading
from collections.abc import Mapping
from pathlib import Path

from localcloud.sagemaker.hosting.serving.wire import Reply

# What says that the server hung up: it crashed, or a kept connection is stale.
HUNG_UP = (http.client.HTTPException, ConnectionError)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


class ConnectionPool:
    """Of one server process; close() it with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[_UnixConnection] = []

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        """Raises TimeoutError, or one of HUNG_UP when the server went away."""
        connection = self._take()
        try:
            if connection.sock is None:
                connection.connect()
            connection.sock.settimeout(timeout)
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            answered = {name.lower(): value for name, value in response.getheaders()}
            reply = Reply(response.status, response.read(), answered)
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

    def _take(self) -> _UnixConnection:
        with self._lock:
            return self._idle.pop() if self._idle else _UnixConnection(self._path)

    def _give_back(self, connection: _UnixConnection) -> None:
        with self._lock:
            self._idle.append(connection)
