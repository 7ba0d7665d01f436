"""The time, injected wherever it matters."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
