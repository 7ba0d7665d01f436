"""CloudWatch's metrics of invocations: collected by requests, written by a thread of their own."""

import logging
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Final

from localcloud.cloud import Cloud

_log = logging.getLogger(__name__)

NAMESPACE: Final = "AWS/SageMaker"
_FLUSH_SECONDS: Final = 1.0
_MICROSECONDS: Final = 1_000_000

_Dimensions = tuple[tuple[str, str], ...]


class InvocationMetrics:
    """record() costs a lock and an append. Counts are added up between two writes; latencies are written one by one."""

    def __init__(self, cloud: Cloud, flush_seconds: float = _FLUSH_SECONDS) -> None:
        self._cloud = cloud
        self._seconds = flush_seconds
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, _Dimensions]] = Counter()
        self._latencies: list[tuple[str, float, _Dimensions]] = []
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def record(self, endpoint: str, variant: str, status: int, latencies: Mapping[str, float]) -> None:
        """`status` is the container's (0: no answer); `latencies` in seconds, by metric name."""
        dimensions = (("EndpointName", endpoint), ("VariantName", variant))
        with self._lock:
            self._counts["Invocations", dimensions] += 1
            # Zeros are written too: an alarm on errors needs data points to be OK.
            self._counts["Invocation4XXErrors", dimensions] += 400 <= status < 500
            self._counts["Invocation5XXErrors", dimensions] += status >= 500 or status == 0
            self._latencies += [(name, seconds, dimensions) for name, seconds in latencies.items()]
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_regularly, name="invocation metrics", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Write what is left."""
        self._closing.set()
        if self._thread:
            self._thread.join()

    def _write_regularly(self) -> None:
        while not self._closing.wait(self._seconds):
            self._write()
        self._write()

    def _write(self) -> None:
        with self._lock:
            counts, self._counts = self._counts, Counter()
            latencies, self._latencies = self._latencies, []
        try:
            for (name, dimensions), count in counts.items():
                self._cloud.put_metric(NAMESPACE, name, float(count), "None", dict(dimensions))
            for name, seconds, dimensions in latencies:
                self._cloud.put_metric(NAMESPACE, name, seconds * _MICROSECONDS, "Microseconds", dict(dimensions))
        except Exception:  # the thread's edge: an invocation does not depend on its metrics
            _log.exception("Invocation metrics were not written")
