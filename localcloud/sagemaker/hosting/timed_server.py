"""A model server that notes what its download and its start took."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from localcloud.sagemaker.hosting.serving.wire import Reply
from localcloud.sagemaker.hosting.variants import Server


class TimedServer:
    """`seconds` gets ModelDownloadingTime and ModelLoadingTime, which are also the names of SageMaker's metrics."""

    def __init__(self, server: Server, seconds: dict[str, float]) -> None:
        self._server = server
        self._seconds = seconds

    @property
    def running(self) -> bool:
        return self._server.running

    def prepare(self) -> None:
        with self._timed("ModelDownloadingTime"):
            self._server.prepare()

    def start(self, timeout: float) -> None:
        with self._timed("ModelLoadingTime"):
            self._server.start(timeout)

    def invoke(self, headers: Mapping[str, str], body: bytes, timeout: float) -> Reply:
        return self._server.invoke(headers, body, timeout)

    def stop(self) -> None:
        self._server.stop()

    def abort(self) -> None:
        self._server.abort()

    def remove(self) -> None:
        self._server.remove()

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = time.perf_counter() - begun
