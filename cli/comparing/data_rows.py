"""What the two learned from, and whether they were measured on the same test rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.comparing.facts import Document, VersionFacts

_SPLITS = ("train", "validation", "test")
_DECIDE_THE_SPLIT = ("target", "key", "mode", "split")
_MOST_CLASSES = 12


@dataclass(frozen=True)
class Row:
    """One thing of both, as text; None where it is not known or not there."""

    name: str
    left: str | None
    right: str | None


def different_test_sets(left: VersionFacts, right: VersionFacts) -> Iterator[str]:
    """A sentence for each thing that gave the two other test rows."""
    data = [facts.metadata.get("data_version") for facts in (left, right)]
    if data[0] != data[1] or data[0] is None:
        yield f"{left.name} was measured on {_file(data[0])}, {right.name} on {_file(data[1])}."
    for field in _DECIDE_THE_SPLIT:
        one, other = ((facts.definition or {}).get("data", {}).get(field) for facts in (left, right))
        if one != other and left.definition and right.definition:
            yield f"data.{field} differs, and with it the rows of the test split."
    rows = [_test_rows(facts.evaluation) for facts in (left, right)]
    if data[0] == data[1] and rows[0] != rows[1] and None not in rows:
        yield f"{left.name}'s test split has {rows[0]:,} rows, {right.name}'s {rows[1]:,}."


def data_rows(left: VersionFacts, right: VersionFacts) -> Iterator[Row]:
    one, other = (_counts(facts.evaluation) for facts in (left, right))
    for name in ("rows", *_SPLITS, "rejected"):
        yield Row(_ROW_NAMES.get(name, f"{name} rows"), _number(one.get(name)), _number(other.get(name)))
    shares = [_class_shares(counts) for counts in (one, other)]
    for label in _most_changed(*shares):
        yield Row(f"share of {label}", *(_percent(of.get(label)) for of in shares))
    means = [counts.get("target_mean", {}).get("train") for counts in (one, other)]
    if any(mean is not None for mean in means):
        yield Row("target's mean in training", *(None if mean is None else f"{mean:.6g}" for mean in means))


_ROW_NAMES = {"rows": "all rows", "rejected": "rejected rows"}


def _counts(evaluation: Document | None) -> Mapping[str, Any]:
    """counts.json; of an older evaluation only the test rows are known."""
    counts = ((evaluation or {}).get("data") or {}).get("counts")
    return counts or {"test": _test_rows(evaluation)}


def _test_rows(evaluation: Document | None) -> int | None:
    rows = (evaluation or {}).get("dataset", {}).get("item_count")
    return int(rows) if rows is not None else None


def _class_shares(counts: Mapping[str, Any]) -> dict[str, float]:
    """Of all splits together."""
    totals: dict[str, int] = {}
    for split in (counts.get("classes") or {}).values():
        for label, rows in split.items():
            totals[label] = totals.get(label, 0) + int(rows)
    everything = sum(totals.values())
    return {label: rows / everything for label, rows in totals.items()} if everything else {}


def _most_changed(left: Mapping[str, float], right: Mapping[str, float]) -> list[str]:
    """The classes in the order of how much their share changed, where there are many."""
    labels = list(dict.fromkeys((*left, *right)))
    if len(labels) <= _MOST_CLASSES:
        return labels
    return sorted(labels, key=lambda label: -abs(left.get(label, 0) - right.get(label, 0)))[:_MOST_CLASSES]


def _number(value: object) -> str | None:
    return f"{value:,}" if isinstance(value, int) else None


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.1%}"


def _file(data_version: str | None) -> str:
    """The object and the start of its version: enough to tell two apart."""
    if data_version is None:
        return "data that is not known"
    name, _, version = data_version.rpartition("@")
    return f"{name.rpartition('/')[2]} (version {version[:8]})"
