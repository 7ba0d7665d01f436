"""What CloudWatch counted of a variant since its trial began."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Traffic:
    """Requests, and the time that the model took, in ms; None where nothing was measured."""

    requests: int = 0
    errors: int = 0
    """Requests that got no 2XX: SageMaker's InvocationModelErrors, or 4XX and 5XX where those are more."""
    median_ms: float | None = None
    p99_ms: float | None = None

    @property
    def error_percent(self) -> float:
        return 100 * self.errors / self.requests if self.requests else 0.0
