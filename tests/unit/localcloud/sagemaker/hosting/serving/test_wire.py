import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localcloud.sagemaker.hosting.connection import HUNG_UP, ConnectionPool
from localcloud.sagemaker.hosting.serving.wire import Reply, Request, serve


def answer(request: Request) -> Reply:
    return Reply(
        418, request.body.upper(), {"Content-Type": request.headers["content-type"], "X-Method": request.method}
    )


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[ConnectionPool]:
    path = tmp_path / "s"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    threading.Thread(target=serve, args=(listener, answer), daemon=True).start()
    pool = ConnectionPool(path)
    yield pool
    pool.close()


def test_requests_and_replies_survive_the_wire_on_one_kept_connection(pool):
    for size in (0, 1, 3_000_000):
        reply = pool.request("POST", "/invocations", {"Content-Type": "text/csv"}, b"a" * size, 10.0)
        assert (reply.status, len(reply.body)) == (418, size)
        assert reply.headers["content-type"] == "text/csv"
        assert reply.headers["x-method"] == "POST"
    assert len(pool._idle) == 1


def test_concurrent_requests_have_connections_of_their_own(pool):
    results = []

    def ask(number: int) -> None:
        reply = pool.request("POST", "/", {"Content-Type": "a"}, f"n{number}".encode(), 10.0)
        results.append((number, reply.body.decode()))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(results) == [(number, f"N{number}") for number in range(20)]


def test_a_server_that_hangs_up_is_told_apart(tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
    pool = ConnectionPool(path)
    with pytest.raises(HUNG_UP):
        pool.request("POST", "/invocations", {}, b"", 10.0)
    assert pool._idle == []


def test_a_header_cannot_bring_another_one_with_it(pool):
    with pytest.raises(ValueError, match="line end"):
        pool.request("POST", "/", {"Content-Type": "a\r\nX-Method: other"}, b"", 10.0)


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Callable[..., ConnectionPool]]:
    """A pool onto a server that answers the first request with these pieces, and hangs up."""
    path = tmp_path / "pieces"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()

        def start(*pieces: bytes) -> ConnectionPool:
            def answer_in_pieces() -> None:
                connection, _ = listener.accept()
                with connection:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
                    connection.recv(65536)
                    for piece in pieces:
                        connection.sendall(piece)

            threading.Thread(target=answer_in_pieces, daemon=True).start()
            return ConnectionPool(path)

        yield start


def test_an_answer_may_come_in_pieces(answering):
    body = b"b" * 200_000
    pool = answering(
        b"HTTP/1.1 424 Failed", b" Dependency\r\nContent-Le", b"ngth: 200000\r\nX-Two:  a:b \r\n\r", b"\n", body
    )
    assert pool.request("POST", "/", {}, b"", 10.0) == Reply(424, body, {"content-length": "200000", "x-two": "a:b"})


@pytest.mark.parametrize(
    "cut", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234"]
)
def test_a_server_that_hangs_up_within_its_answer_is_told_apart(answering, cut):
    pool = answering(cut)
    with pytest.raises(HUNG_UP):
        pool.request("POST", "/", {}, b"", 10.0)
    assert pool._idle == []
