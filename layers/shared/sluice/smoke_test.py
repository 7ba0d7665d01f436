"""Does a new deployment answer the run's golden records as the evaluate step did? Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sluice.validation import Numbers

MOST_RECORDS = 100
"""Of the golden records; one request."""
TOLERANCE = 1e-5
"""Absolute, relative above 1: the same model on another machine sums in another order."""


@dataclass(frozen=True)
class GoldenRecords:
    """Raw records, and the scores that the version's own evaluation gave them: a number each, or one per class."""

    records: Sequence[Mapping[str, Any]]
    scores: Sequence[Numbers]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "GoldenRecords":
        """golden.json, which evaluate.py writes."""
        scores = [score if isinstance(score, list) else [score] for score in document["scores"][:MOST_RECORDS]]
        return cls(document["records"][:MOST_RECORDS], scores)


@dataclass(frozen=True)
class SmokeTest:
    passed: bool
    reason: str


def compare_golden(golden: GoldenRecords, answered: Sequence[Numbers]) -> SmokeTest:
    if len(answered) != len(golden.scores):
        return SmokeTest(False, f"it answered {len(answered)} records where {len(golden.scores)} were asked")
    for number, (expected, given) in enumerate(zip(golden.scores, answered, strict=True), start=1):
        if len(expected) != len(given) or any(map(_differs, expected, given)):
            return SmokeTest(
                False, f"it answered golden record {number} with {_told(given)} where {_told(expected)} was evaluated"
            )
    return SmokeTest(True, f"it answered {len(answered)} golden records as they were evaluated")


def _differs(expected: float, given: float) -> bool:
    # A NaN differs from everything.
    return not abs(given - expected) <= TOLERANCE * max(1.0, abs(expected))


def _told(numbers: Numbers) -> str:
    return ", ".join(f"{number:.9g}" for number in numbers)
