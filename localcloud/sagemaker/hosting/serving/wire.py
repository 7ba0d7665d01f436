"""Just enough HTTP/1.1 to be a container's server: one thread a connection, keep-alive, bodies by Content-Length.

Not a general server: its only client is the gateway beside it (`localcloud.sagemaker.hosting.connection`), over a
Unix socket that the gateway opened. http.server costs 40 ms more at each cold start.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Request], Reply]


def serve(listener: socket.socket, answer: Answer) -> None:
    """Accept for as long as the process lives."""
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_converse, args=(connection, answer), daemon=True).start()


def _converse(connection: socket.socket, answer: Answer) -> None:
    with connection, connection.makefile("rb") as stream:
        while (request := _read(stream)) is not None:
            try:
                connection.sendall(_written(answer(request)))
            except BrokenPipeError:
                return


def _read(stream: BinaryIO) -> Request | None:
    """The next request, or None when the client has hung up."""
    start = stream.readline().split()
    if len(start) != 3:
        return None
    headers: dict[str, str] = {}
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Request(start[0].decode("ascii"), start[1].decode("ascii"), headers, body)


def _written(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {_phrase(reply.status)}", f"Content-Length: {len(reply.body)}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items() if name.lower() != "content-length"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
