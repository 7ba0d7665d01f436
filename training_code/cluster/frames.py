"""Messages on a socket: kind, length, bytes."""

import socket
import struct

DATA, BYE, LOST = 1, 2, 3

_HEADER = struct.Struct("!BQ")
_COUNT = struct.Struct("!I")
_LENGTH = struct.Struct("!Q")
# Bytes. Hosts exchange counts and ranges of hashes: some ten megabytes each.
_LONGEST = 1 << 32


def send_frame(connection: socket.socket, kind: int, payload: bytes) -> None:
    connection.sendall(_HEADER.pack(kind, len(payload)))
    connection.sendall(payload)


def receive_frame(connection: socket.socket) -> tuple[int, bytes]:
    """Raises EOFError where the connection ended, whether between messages or within one."""
    kind, length = _HEADER.unpack(receive_exactly(connection, _HEADER.size))
    if length > _LONGEST:
        raise OSError(f"a message of {length:,} bytes is none of ours")
    return kind, receive_exactly(connection, length)


def receive_exactly(connection: socket.socket, length: int) -> bytes:
    received = bytearray(length)
    view = memoryview(received)
    at = 0
    while at < length:
        count = connection.recv_into(view[at:])
        if not count:
            raise EOFError
        at += count
    return bytes(received)


def pack(messages: list[bytes]) -> bytes:
    lengths = b"".join(_LENGTH.pack(len(message)) for message in messages)
    return b"".join([_COUNT.pack(len(messages)), lengths, *messages])


def unpack(packed: bytes) -> list[bytes]:
    (count,) = _COUNT.unpack_from(packed)
    start = _COUNT.size + count * _LENGTH.size
    messages = []
    for number in range(count):
        (length,) = _LENGTH.unpack_from(packed, _COUNT.size + number * _LENGTH.size)
        messages.append(packed[start : start + length])
        start += length
    return messages
