"""The beginning of a text file: unpacked, bounded, and cut into lines."""

import io
import zlib
from collections.abc import Iterable, Iterator

from sluice.uploads.errors import UnusableUploadError

_UNPACKED_AT_ONCE = 1 << 20
_GZIP = 16 + zlib.MAX_WBITS


def gunzipped(chunks: Iterable[bytes], whole: bool) -> Iterator[bytes]:
    """The unpacked bytes in blocks of at most 1 MiB, however well they were packed; archives may follow each other.

    `whole` says whether `chunks` are the whole file. Raises UnusableUploadError: not gzip, or cut off.
    """
    archive = _Archive()
    try:
        for chunk in chunks:
            yield from archive.unpack(chunk)
    except zlib.error as error:
        raise UnusableUploadError(f"the file is named .gz but is not gzip ({error}): pack it again") from None
    if whole and archive.is_open:
        raise UnusableUploadError("the gzip file is cut off before its end: upload the whole file again")


class _Archive:
    """`is_open` between an archive's first byte and its last."""

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(_GZIP)
        self.is_open = False

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        # Between archives: the zeros that some tools fill up a file with.
        rest = packed if self.is_open else packed.lstrip(b"\0")
        is_more = bool(rest)
        while is_more:
            self.is_open = True
            block = self._unpacker.decompress(rest, _UNPACKED_AT_ONCE)
            if block:
                yield block
            rest = self._unpacker.unconsumed_tail
            if self._unpacker.eof:
                rest = self._unpacker.unused_data.lstrip(b"\0")
                self._unpacker, self.is_open = zlib.decompressobj(_GZIP), False
            is_more = bool(rest) or (self.is_open and len(block) == _UNPACKED_AT_ONCE)


class Beginning:
    """At most the first `limit` bytes of a UTF-8 file. `complete`, known once read, tells whether that was all."""

    def __init__(self, chunks: Iterable[bytes], limit: int, whole: bool = True) -> None:
        """`whole` says whether `chunks` are the whole file."""
        self._chunks = chunks
        self._limit = limit
        self.complete = whole

    def lines(self) -> Iterator[str]:
        """With or without a byte order mark, each with its line end; of a part, without the line that the cut ends.

        Raises UnusableUploadError naming the first byte that is not UTF-8.
        """
        rest, offset = b"", 0
        for chunk in self._bounded():
            block, newline, tail = (rest + chunk).rpartition(b"\n")
            if newline:
                yield from _lines(block + newline, offset)
                offset += len(block) + 1
            rest = tail
        if rest and self.complete:
            yield from _lines(rest, offset)

    def _bounded(self) -> Iterator[bytes]:
        left = self._limit
        for chunk in self._chunks:
            if len(chunk) > left:
                self.complete = False
                yield chunk[:left]
                return
            left -= len(chunk)
            yield chunk


def _lines(block: bytes, offset: int) -> Iterator[str]:
    # Not splitlines(): to it a line separator inside a cell (U+2028) is a line's end, and to CSV it is not.
    return io.StringIO(decoded(block, offset), newline="")


def decoded(block: bytes, offset: int) -> str:
    """The text of bytes that stand in a file from `offset` on, without a byte order mark.

    Raises UnusableUploadError naming the first byte that is not UTF-8.
    """
    try:
        return block.decode("utf-8-sig" if offset == 0 else "utf-8")
    except UnicodeDecodeError as error:
        where = offset + error.start
        raise UnusableUploadError(
            f"the file is not UTF-8: byte {where} is 0x{block[error.start]:02x}; save it as UTF-8 and upload it again"
        ) from None
