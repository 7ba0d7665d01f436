"""How the endpoint did in a check's window, as CloudWatch counted it. It is reported; alarms of its own watch it."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Latency:
    """Milliseconds. Percentiles are of each minute, weighted by its requests."""

    average: float
    p50: float | None
    p99: float | None
    maximum: float


@dataclass(frozen=True)
class Operations:
    invocations: int
    errors_4xx: int
    errors_5xx: int
    model_latency_ms: Latency | None
    overhead_latency_ms: Latency | None
    cold_starts: int | None
    """Of a serverless endpoint; None of instances."""

    def to_json(self) -> dict[str, Any]:
        """As drift.json's `operations`."""
        if not self.invocations:
            return {"status": "not-measured", "reason": "CloudWatch counted no request in the window"}
        return {"status": "reported", **asdict(self)}
