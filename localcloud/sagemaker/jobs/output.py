"""What a job's process prints: read line by line until it ends, kept in a file, shipped, and searched for metrics."""

import logging
import os
import selectors
import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Final

from localcloud.sagemaker.logs import MAX_MESSAGE, LogShipper

_log = logging.getLogger(__name__)

_READ: Final = 1 << 16
_TAIL_LINES: Final = 200


class HostLog:
    """One host's log: `<state>/jobs/<job>/<host>.log` and its CloudWatch stream."""

    def __init__(self, path: Path, shipper: LogShipper, scan: Callable[[str], object] = lambda line: None) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()
        self._shipper = shipper
        self._scan = scan
        self._stderr: deque[str] = deque(maxlen=_TAIL_LINES)

    def line(self, text: str, from_stderr: bool = False) -> None:
        with self._lock:
            self._file.write(f"{text}\n")
            if from_stderr:
                self._stderr.append(text)
        self._shipper.put(text)
        try:
            self._scan(text)
        except Exception:
            # A reader that died here would leave the script writing into a full pipe for ever.
            _log.exception("A line of %s could not be searched", self._file.name)

    def note(self, text: str) -> None:
        """A line of the local cloud's own."""
        self.line(f"[local cloud] {text}")

    def stderr(self) -> list[str]:
        """Its last lines."""
        with self._lock:
            return list(self._stderr)

    def close(self, timeout: float) -> None:
        self._shipper.close(timeout)
        with self._lock:
            if self._shipper.refused:
                self._file.write(f"[local cloud] CloudWatch has no more of this log: {self._shipper.refused}\n")
            self._file.close()


class LineSplitter:
    """Bytes in, whole lines out; a line longer than CloudWatch takes comes in parts."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterable[str]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_MESSAGE:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            yield from _parts(line)

    def end(self) -> Iterable[str]:
        """A last line without its newline is what a crash leaves."""
        rest, self._rest = self._rest, b""
        return _parts(rest) if rest else ()


def read_output(stdout: IO[bytes], stderr: IO[bytes], log: HostLog) -> None:
    """Copy both pipes into the log until the last process that holds them is gone.

    Two pipes, so that a failure's reason can quote stderr alone; read together, stdout first, so that what was printed
    before a traceback stands before it.
    """
    splitters = {stdout: LineSplitter(), stderr: LineSplitter()}
    with selectors.DefaultSelector() as selector, stdout, stderr:
        for pipe in splitters:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            ready = {key.fileobj for key, _ in selector.select()}
            for pipe in [pipe for pipe in splitters if pipe in ready]:
                data = os.read(pipe.fileno(), _READ)
                for line in splitters[pipe].feed(data) if data else splitters[pipe].end():
                    log.line(line, from_stderr=pipe is stderr)
                if not data:
                    selector.unregister(pipe)


def _parts(line: bytes) -> Iterable[str]:
    text = line.rstrip(b"\r").decode("utf-8", errors="replace")
    # A quarter of the limit's bytes in characters: none takes more than four.
    step = MAX_MESSAGE if text.isascii() else MAX_MESSAGE // 4
    return [text[start : start + step] for start in range(0, len(text), step)] or [""]
