"""One feature, score or label: its figures beside the baseline's, and what of them may be called drift."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from codec.codec import CATEGORICAL, NUMERIC
from monitoring.check_plan import DistributionBounds
from monitoring.claims import Claim, Document
from monitoring.distributions import Distribution, LevelCounts, NumberCounts
from monitoring.measures import (
    Compared,
    beyond_extremes,
    decile_places,
    finite,
    growth,
    jensen_shannon,
    kolmogorov_smirnov,
    level_bins,
    merged,
    population_stability,
    share,
    singletons,
)

# Levels that are shown by themselves; the bins of all others, unseen and missing come to them.
MOST_LEVELS = 16
MOST_EXAMPLES = 5

Measured = tuple[Document, list[Claim]]

NO_TESTS: Document = {"p_value": None, "adjusted_p_value": None}


@dataclass(frozen=True)
class Subject:
    """What is compared. dimension: data-quality or predictions. has_cells: somebody sent it, and may have made mistakes
    with missing cells, new levels and the like; the model's own answers have none."""

    name: str
    dimension: str
    drift_check: str
    bounds: DistributionBounds
    has_cells: bool = True

    def claim(self, check: str, p_value: float | None, size: float, bound: float, description: str) -> Iterator[Claim]:
        """None where there is nothing to test."""
        if p_value is not None:
            yield Claim(self.dimension, self.name, check, p_value, size, bound, description, place=self.name)


def compare(subject: Subject, now: Distribution, baseline: Distribution, absent: int = 0) -> Measured:
    """The feature's part of drift.json, without what the judgement says; with a reason where it could not be compared.

    Both are of one type, in the same bins. absent: rows in which the column was not sent; they count as missing.
    """
    if isinstance(now, NumberCounts) and isinstance(baseline, NumberCounts):
        return _numbers(subject, now, baseline, absent)
    if isinstance(now, LevelCounts) and isinstance(baseline, LevelCounts):
        return _levels(subject, now, baseline, absent)
    raise TypeError(f"{subject.name} was counted as {type(now).__name__}, its baseline is {type(baseline).__name__}")


def _numbers(subject: Subject, now: NumberCounts, baseline: NumberCounts, absent: int) -> Measured:
    rows, before = now.present + now.missing + now.unreadable, baseline.present + baseline.missing
    outside = now.below + now.above
    entry = {
        **_entry(subject.name, NUMERIC, "kolmogorov_smirnov", subject.bounds.kolmogorov_smirnov),
        "missing_share": share(now.missing, rows),
        "baseline_missing_share": share(baseline.missing, before),
        "unreadable_share": share(now.unreadable, rows),
        "outside_share": share(outside, now.present),
        **{name: finite(getattr(now, name)) for name in ("mean", "deviation", "minimum", "maximum")},
        **{f"baseline_{name}": finite(getattr(baseline, name)) for name in ("mean", "deviation", "minimum", "maximum")},
        "bins": number_bins(now, baseline),
    }
    claims: list[Claim] = []
    if subject.has_cells:
        claims += _missing(subject, now.missing, rows, baseline.missing, before, absent)
        claims += _unreadable(subject, now, rows, before)
        claims += _outside(subject, now, baseline)
    if not now.present or not baseline.present:
        whose = "of this window" if baseline.present else "that the version learned from"
        return {**entry, "reason": f"No row {whose} has a value of it."}, claims
    distance, stability = kolmogorov_smirnov(now, baseline), population_stability(now, baseline)
    entry |= {"distance": distance.distance, "statistic": distance.statistic, "p_value": distance.p_value}
    entry["psi"] = stability.distance
    claims += _moved(subject, distance, subject.bounds.kolmogorov_smirnov, "Kolmogorov-Smirnov distance", entry)
    claims += _moved(subject, stability, subject.bounds.population_stability, "population stability index", entry)
    return entry, claims


def _levels(subject: Subject, now: LevelCounts, baseline: LevelCounts, absent: int) -> Measured:
    rows, before = now.present + now.missing, baseline.present + baseline.missing
    examples = sorted(now.unseen_examples.items(), key=lambda item: (-item[1], item[0]))[:MOST_EXAMPLES]
    entry = {
        **_entry(subject.name, CATEGORICAL, "jensen_shannon", subject.bounds.jensen_shannon),
        "missing_share": share(now.missing, rows),
        "baseline_missing_share": share(baseline.missing, before),
        "unseen_share": share(now.unseen, now.present),
        "unseen_examples": dict(examples),
        "bins": level_shares(now, baseline),
    }
    claims: list[Claim] = []
    if subject.has_cells:
        claims += _missing(subject, now.missing, rows, baseline.missing, before, absent)
        claims += _unseen(subject, now, baseline, entry["unseen_examples"])
    if not rows or not before:
        return {**entry, "reason": "There are no rows of it."}, claims
    compared = jensen_shannon(now, baseline)
    entry |= {"distance": compared.distance, "statistic": compared.statistic, "p_value": compared.p_value}
    claims += _moved(subject, compared, subject.bounds.jensen_shannon, "Jensen-Shannon distance", entry)
    return entry, claims


def _entry(name: str, kind: str, measure: str, bound: float) -> Document:
    """Every field that a feature has, in one order, with what nothing is known of."""
    unknown: Document = dict.fromkeys(("distance", "psi", "statistic"))
    numbers = ("mean", "deviation", "minimum", "maximum")
    shares = ("missing_share", "baseline_missing_share", "unseen_share", "unreadable_share", "outside_share")
    return {
        "name": name,
        "type": kind,
        "status": None,
        **unknown,
        "measure": measure,
        **NO_TESTS,
        "bound": bound,
        **dict.fromkeys(shares, 0.0),
        "unseen_examples": {},
        **dict.fromkeys(numbers),
        **dict.fromkeys(f"baseline_{name}" for name in numbers),
    }


def unmeasured(subject: Subject, kind: str, reason: str) -> Document:
    measure = "kolmogorov_smirnov" if kind == NUMERIC else "jensen_shannon"
    entry = _entry(subject.name, kind, measure, getattr(subject.bounds, measure))
    return {**entry, "status": "not-measured", "bins": [], "reason": reason}


def _moved(subject: Subject, found: Compared, bound: float, measure: str, entry: Document) -> Iterator[Claim]:
    what = f"{subject.name}: the {measure} to the baseline is {found.distance:.3g}, the bound {bound:.3g}"
    yield from subject.claim(subject.drift_check, found.p_value, found.distance, bound, f"{what}{_means(entry)}.")


def _means(entry: Document) -> str:
    if entry["mean"] is None or entry["baseline_mean"] is None:
        return _most_grown(entry["bins"]) if entry["type"] == CATEGORICAL else ""
    return f"; its mean is {entry['mean']:.4g} where it was {entry['baseline_mean']:.4g}"


def _most_grown(bins: list[Document]) -> str:
    most = max(bins, key=lambda found: abs(found["share"] - found["baseline_share"]), default=None)
    if most is None:
        return ""
    return f"; {most['value']!r} has {most['share']:.1%} of the rows where it had {most['baseline_share']:.1%}"


def _missing(subject: Subject, missing: int, rows: int, before: int, before_rows: int, absent: int) -> Iterator[Claim]:
    """Cells that are empty, and columns that are not there, are different mistakes: each is counted once."""
    bound = subject.bounds.share
    not_sent = share(absent, rows)
    text = f"The column {subject.name} was not sent in {not_sent:.1%} of the rows."
    yield from subject.claim("missing_column_check", growth(absent, rows, 0, before_rows), not_sent, bound, text)
    empty, sent = missing - absent, rows - absent
    now, then = share(empty, sent), share(before, before_rows)
    text = f"{subject.name}: {now:.1%} of its cells are missing, {then:.1%} were; the bound is {bound:.1%} more."
    yield from subject.claim("completeness_check", growth(empty, sent, before, before_rows), now - then, bound, text)


def _unreadable(subject: Subject, now: NumberCounts, rows: int, before: int) -> Iterator[Claim]:
    size, bound = share(now.unreadable, rows), subject.bounds.share
    text = f"{subject.name}: {size:.1%} of its cells are no numbers; the bound is {bound:.1%}."
    yield from subject.claim("data_type_check", growth(now.unreadable, rows, 0, before), size, bound, text)


def _outside(subject: Subject, now: NumberCounts, baseline: NumberCounts) -> Iterator[Claim]:
    outside = now.below + now.above
    size, bound = share(outside, now.present), subject.bounds.share
    between = f"the training rows' {baseline.minimum:.4g} to {baseline.maximum:.4g}"
    text = f"{subject.name}: {size:.1%} of its values lie outside {between}; the bound is {bound:.1%}."
    p_value = beyond_extremes(outside, now.present, baseline.present)
    yield from subject.claim("numeric_range_check", p_value, size, bound, text)


def _unseen(subject: Subject, now: LevelCounts, baseline: LevelCounts, examples: Document) -> Iterator[Claim]:
    """A level that one training row has is as good as unseen: so many new ones are to be expected."""
    expected = singletons(baseline.counts.values())
    size = share(now.unseen, now.present) - share(expected, baseline.present)
    bound = subject.bounds.share
    seen = f" (such as {', '.join(map(repr, examples))})" if examples else ""
    text = (
        f"{subject.name}: {share(now.unseen, now.present):.1%} of its values are levels that no training row "
        f"has{seen}; the bound is {bound:.1%}."
    )
    p_value = growth(now.unseen, now.present, expected, baseline.present)
    yield from subject.claim("categorical_values_check", p_value, size, bound, text)


def number_bins(now: NumberCounts, baseline: NumberCounts) -> list[Document]:
    """About ten with as many of the baseline's rows each, and one on either side for what lies outside of them."""
    if not len(baseline.edges):
        return []
    places = decile_places(baseline)
    if now.above:
        places = np.union1d(places, [len(baseline.edges) - 1])
    ends = [None, *(float(edge) for edge in baseline.edges[places]), None]
    if not now.above:
        ends[-1] = finite(baseline.maximum)
    if not now.below:
        ends[0] = finite(baseline.minimum)
    counts, before = merged(now.counts, places).tolist(), merged(baseline.counts, places).tolist()
    if now.below:
        ends.insert(1, finite(baseline.minimum))
        counts[:1], before[:1] = [now.below, counts[0] - now.below], [0, before[0]]
    return [
        {"from": low, "to": high, "share": share(n, now.present), "baseline_share": share(b, baseline.present)}
        for low, high, n, b in zip(ends[:-1], ends[1:], counts, before, strict=True)
    ]


def level_shares(now: LevelCounts, baseline: LevelCounts) -> list[Document]:
    """The most frequent levels of either side, then all others, unseen ones and missing cells. kind tells a level
    "other" from the other levels."""
    rows, before = level_bins(now, baseline), level_bins(baseline, baseline)
    shares, old = rows / max(1.0, rows.sum()), before / max(1.0, before.sum())
    levels = list(baseline.counts)
    order = np.argsort(-np.maximum(shares[:-2], old[:-2]), kind="stable")
    shown, others = order[:MOST_LEVELS], order[MOST_LEVELS:]

    def bin_of(value: str, kind: str, places: object) -> Document:
        return {
            "value": value,
            "kind": kind,
            "share": float(shares[places].sum()),  # type: ignore[index]
            "baseline_share": float(old[places].sum()),  # type: ignore[index]
        }

    bins = [bin_of(levels[place], "level", place) for place in shown]
    rest = [bin_of("other", "other", others), bin_of("unseen", "unseen", -2), bin_of("missing", "missing", -1)]
    return bins + [found for found in rest if found["share"] or found["baseline_share"]]


def region(entry: Document) -> Callable[[Any], bool] | None:
    """Tests a value (a number, or a level's text; None is missing) for lying in the bin that grew most."""
    grown = max(entry["bins"], key=lambda found: found["share"] - found["baseline_share"], default=None)
    if grown is None or grown["share"] <= grown["baseline_share"]:
        return None
    if entry["type"] == NUMERIC:
        # The first bin holds its lower end, too.
        low = -np.inf if grown is entry["bins"][0] else grown["from"]
        high = np.inf if grown["to"] is None else grown["to"]
        return lambda value: value is not None and low < value <= high
    if grown["kind"] == "level":
        return lambda value: bool(value == grown["value"])
    if grown["kind"] == "missing":
        return lambda value: value is None
    known = {found["value"] for found in entry["bins"] if found["kind"] == "level"}
    return lambda value: value is not None and value not in known
