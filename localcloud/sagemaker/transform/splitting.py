"""An object's bytes as the bodies of requests: records, and as many of them as a request may hold."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MIB = 1024 * 1024


class TooLarge(ValueError):
    """A record, or an object that is not split, is larger than MaxPayloadInMB."""


@dataclass(frozen=True)
class MiniBatch:
    """Records without their newlines."""

    records: tuple[bytes, ...]


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Records of SplitType Line: a newline ends one, whether it stands in quotes or not. Empty lines are none."""
    for line in chunks:
        record = line.rstrip(b"\n")
        record = record.removesuffix(b"\r")
        if record:
            yield record


def mini_batches(records: Iterable[bytes], limit_bytes: int, *, single: bool) -> Iterator[MiniBatch]:
    """Nothing repeats a header: it stands in the first mini-batch only, as a record like the others."""
    held: list[bytes] = []
    size = 0
    for record in records:
        if len(record) > limit_bytes:
            raise TooLarge(f"a record has more than the {limit_bytes} bytes that MaxPayloadInMB allows")
        if held and (single or size + len(record) + 1 > limit_bytes):
            yield MiniBatch(tuple(held))
            held, size = [], 0
        held.append(record)
        size += len(record) + (1 if size else 0)
    if held:
        yield MiniBatch(tuple(held))


def whole(body: bytes, limit_bytes: int) -> MiniBatch:
    if len(body) > limit_bytes:
        raise TooLarge(
            f"the object has more than the {limit_bytes} bytes that MaxPayloadInMB allows; set SplitType Line"
        )
    return MiniBatch((body,))
