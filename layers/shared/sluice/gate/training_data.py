"""What the evaluation tells about the training data: this run's, the last run's, and the champion's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sluice.gate.differences import number

_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Counts:
    """Of one run. rows: all that were read, rejected ones included; shares: of each class, of the rows kept."""

    rows: int
    rejected: int
    shares: Mapping[str, float]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Counts":
        """Read `counts.json`."""
        held: dict[str, int] = {}
        for split in _SPLITS:
            for label, rows in document.get("classes", {}).get(split, {}).items():
                held[label] = held.get(label, 0) + int(rows)
        total = sum(held.values())
        shares = {label: rows / total for label, rows in held.items()} if total else {}
        return cls(int(document.get("rows") or 0), int(document.get("rejected") or 0), shares)


@dataclass(frozen=True)
class Drift:
    """psi: population stability index by feature, None where it could not be measured.

    unmeasured: the features that both runs have, and the champion's data describes well enough, and still without one.
    """

    psi: Mapping[str, float | None]
    unmeasured: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class TrainingData:
    counts: Counts | None
    previous: Counts | None
    drift: Drift | None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "TrainingData":
        counts, previous = document.get("counts"), (document.get("previous") or {}).get("counts")
        return cls(
            counts=Counts.from_json(counts) if counts else None,
            previous=Counts.from_json(previous) if previous else None,
            drift=_drift(document.get("drift")),
        )


def _drift(document: Mapping[str, Any] | None) -> Drift | None:
    if document is None:
        return None
    if "error" in document:
        return Drift({}, problem=str(document["error"]))
    entries = document.get("features", ())
    psi = {str(entry["feature"]): number(entry.get("psi")) for entry in entries}
    # What an older version measured does not say which features should have had one: any of them may.
    expected = [str(entry["feature"]) for entry in entries if entry.get("comparable", True)]
    return Drift(psi, tuple(name for name in expected if psi[name] is None))
