"""CloudWatch's metrics of invocations: collected by requests, written by a thread of their own."""

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from localcloud.cloud import Cloud

_log = logging.getLogger(__name__)

NAMESPACE: Final = "AWS/SageMaker"
INSTANCE_NAMESPACE: Final = "/aws/sagemaker/Endpoints"
_FLUSH_SECONDS: Final = 1.0
_SHARE_OF_PERIOD: Final = 6
"""In AWS's seconds: written so often, the sums of two periods of 60 s differ by a tenth at most."""
_MICROSECONDS: Final = 1_000_000

_Dimensions = tuple[tuple[str, str], ...]
_Key = tuple[str, _Dimensions]


class InvocationMetrics:
    """Recording costs a lock and an append.

    Metrics whose Sum alone is valid are added up between two writes. The others are written value by value: the
    average of Invocation5XXErrors is the share of requests that failed.
    """

    def __init__(self, cloud: Cloud, flush_seconds: float | None = None) -> None:
        self._cloud = cloud
        self._seconds = flush_seconds or min(_FLUSH_SECONDS, _SHARE_OF_PERIOD * cloud.time_scale)
        self._lock = threading.Lock()
        self._sums: defaultdict[_Key, float] = defaultdict(float)
        self._values: list[tuple[str, str, float, str, _Dimensions]] = []
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def record(
        self, endpoint: str, variant: str, status: int, latencies: Mapping[str, float], instances: int = 0
    ) -> None:
        """One request. `status` is the container's (0: no answer); `latencies` in seconds, by metric name;
        `instances`: of the variant when it came, 0 for serverless."""
        dimensions = variant_dimensions(endpoint, variant)
        with self._lock:
            self._sums["Invocations", dimensions] += 1
            if instances:
                self._sums["InvocationsPerInstance", dimensions] += 1 / instances
        self.errors(endpoint, variant, status)
        self.latencies(endpoint, variant, latencies)

    def errors(self, endpoint: str, variant: str, status: int) -> None:
        """Zeros are written too: an alarm on errors needs data points to be OK."""
        counted = {
            "Invocation4XXErrors": 400 <= status < 500,
            "Invocation5XXErrors": status >= 500 or status == 0,
            "InvocationModelErrors": not 200 <= status < 300,
        }
        self.values(endpoint, variant, {name: float(value) for name, value in counted.items()}, "None")

    def latencies(self, endpoint: str, variant: str, seconds: Mapping[str, float]) -> None:
        microseconds = {name: value * _MICROSECONDS for name, value in seconds.items()}
        self.values(endpoint, variant, microseconds, "Microseconds")

    def values(
        self, endpoint: str, variant: str, values: Mapping[str, float], unit: str, namespace: str = NAMESPACE
    ) -> None:
        """By metric name. Without a variant: of the endpoint as a whole."""
        dimensions = variant_dimensions(endpoint, variant)
        with self._lock:
            self._values += [(namespace, name, value, unit, dimensions) for name, value in values.items()]
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
            sums, self._sums = self._sums, defaultdict(float)
            values, self._values = self._values, []
        try:
            for (name, dimensions), total in sums.items():
                self._cloud.put_metric(NAMESPACE, name, float(total), "None", dict(dimensions))
            for namespace, name, value, unit, dimensions in values:
                self._cloud.put_metric(namespace, name, value, unit, dict(dimensions))
        except Exception:  # the thread's edge: an invocation does not depend on its metrics
            _log.exception("Invocation metrics were not written")


def variant_dimensions(endpoint: str, variant: str) -> _Dimensions:
    return (("EndpointName", endpoint), *([("VariantName", variant)] if variant else []))
