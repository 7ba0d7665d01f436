"""Sends one HTTP request again and again over kept connections, and takes the time of each answer.

    python -m benchmarks.sides.load HOST:PORT REQUEST CONNECTIONS REQUESTS WARMING

REQUEST: a file with the bytes to send, head and body. Each connection sends its next request when it has the answer to
the one before. WARMING: requests that are sent first and not counted. Prints JSON: requests a second, the 50th and the
99th percentile in milliseconds, and the body of the first answer. Any other answer than 200 ends it with an error.

One process with plain sockets and epoll: a request costs it tens of microseconds, a tenth of what the fastest server
needs, and all sides are asked by the same code. wrk and its like would be another thing to install.
"""

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_END = b"\r\n\r\n"
ANSWER_SECONDS = 30.0


class BadAnswer(SystemExit):
    """The server answered something else than 200, hung up, or not at all."""


@dataclass
class Asking:
    """One connection with one request under way."""

    connection: socket.socket
    request: bytes
    sent: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def ask(self) -> None:
        self.received.clear()
        self.sent = time.perf_counter()
        self.connection.sendall(self.request)

    def receive(self) -> bytes | None:
        """The body, when all of it is there."""
        data = self.connection.recv(65536)
        if not data:
            raise BadAnswer(f"the server hung up; it had answered {bytes(self.received)!r}")
        self.received += data
        return body_of(self.received)


def body_of(received: bytearray) -> bytes | None:
    """None while something is missing. Raises BadAnswer for a status other than 200 or a body without a length."""
    end = received.find(_END)
    if end < 0:
        return None
    head = bytes(received[:end])
    length = _length(head)
    if len(received) < end + len(_END) + length:
        return None
    body = bytes(received[end + len(_END) :])
    if head.split(b" ", 2)[1] != b"200":
        raise BadAnswer(f"the server answered {head!r} {body[:2000]!r}")
    return body


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise BadAnswer(f"the server answered without Content-Length: {head!r}")


def load(address: tuple[str, int], request: bytes, connections: int, requests: int, warming: int) -> dict[str, Any]:
    selector = selectors.DefaultSelector()
    askers = [Asking(socket.create_connection(address, ANSWER_SECONDS), request) for _ in range(connections)]
    for asker in askers:
        asker.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(asker.connection, selectors.EVENT_READ, asker)
    first, _ = _answers(selector, askers, max(warming, connections))
    started = time.perf_counter()
    _, seconds = _answers(selector, askers, requests)
    elapsed = time.perf_counter() - started
    for asker in askers:
        asker.connection.close()
    seconds.sort()
    return {
        "requests_per_second": len(seconds) / elapsed,
        "p50_ms": seconds[len(seconds) // 2] * 1e3,
        "p99_ms": seconds[int(len(seconds) * 0.99)] * 1e3,
        "answer": first.decode(),
    }


def _answers(selector: selectors.BaseSelector, askers: list[Asking], requests: int) -> tuple[bytes, list[float]]:
    """The first body, and the seconds of each answer. Every connection is idle before and after."""
    seconds: list[float] = []
    first, asked = b"", len(askers)
    for asker in askers:
        asker.ask()
    while len(seconds) < asked:
        ready = selector.select(ANSWER_SECONDS)
        if not ready:
            raise BadAnswer(f"no answer within {ANSWER_SECONDS:g} s")
        for key, _ in ready:
            body = key.data.receive()
            if body is None:
                continue
            seconds.append(time.perf_counter() - key.data.sent)
            first = first or body
            if asked < requests:
                asked += 1
                key.data.ask()
    return first, seconds


def main(address: str, request: str, connections: str, requests: str, warming: str) -> None:
    host, _, port = address.rpartition(":")
    print(json.dumps(load((host, int(port)), Path(request).read_bytes(), *map(int, (connections, requests, warming)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
