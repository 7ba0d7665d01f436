"""The bytes of a CSV file, plain or compressed, in pieces that Arrow reads right."""

import io
from pathlib import Path

from lean_arrow import pyarrow as pa


class CsvStream(io.RawIOBase):
    """A stream whose pieces do not end between a carriage return and its newline.

    Arrow drops a newline at the start of a block if the one before ended by a carriage return, in quoted cells too.
    """

    def __init__(self, stream: pa.NativeFile) -> None:
        self._stream = stream
        self._held_back = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._held_back + self._stream.read(size - len(self._held_back))
        self._held_back = b""
        if len(piece) > 1 and piece.endswith(b"\r"):
            self._held_back = b"\r"
            return piece[:-1]
        return piece

    def close(self) -> None:
        self._stream.close()
        super().close()


def csv_stream(file: Path) -> CsvStream:
    """Compression by the file's name: .gz, .bz2, .zst, .lz4."""
    return CsvStream(pa.input_stream(str(file), compression="detect"))
