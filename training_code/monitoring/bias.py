"""Whether the model treats the slices of a column differently from how it treated them on the test split.

Of each slice how far a rate has moved: d = rate now - rate then. What all slices share is no bias; what counts is how
far the slices' d lie apart, which is how much the gap between the two of them has changed. Cochran's Q tests whether
they are one number: each d weighs by 1 / its variance (Cochran 1954).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from codec.codec import BINARY
from monitoring.check_plan import MonitoringSettings
from monitoring.claims import Claim, Document
from monitoring.measures import share
from monitoring.observed import Observed, SliceCounts
from monitoring.reference import Reference

BIAS = "bias"
# Below this many rows (positives, negatives) on either side a slice's rate says too little.
LEAST_ROWS = 30
MEASURES = ("selection_rate", "true_positive_rate", "false_positive_rate")


@dataclass(frozen=True)
class Rate:
    hits: int
    rows: int

    @property
    def value(self) -> float:
        return share(self.hits, self.rows)

    @property
    def variance(self) -> float:
        """With a success and a failure more than there were, so that a rate of 0 is not taken for certain."""
        smoothed = (self.hits + 1) / (self.rows + 2)
        return smoothed * (1 - smoothed) / self.rows


def rates(counts: SliceCounts) -> dict[str, Rate]:
    return {
        "selection_rate": Rate(counts.selected, counts.rows),
        "true_positive_rate": Rate(counts.true_positives, counts.positives),
        "false_positive_rate": Rate(counts.false_positives, counts.labelled - counts.positives),
    }


def measure_bias(
    settings: MonitoringSettings, reference: Reference, observed: Observed
) -> tuple[Document, list[Claim]]:
    document: Document = {"status": "not-measured", "slices": [], "gaps": []}
    if reference.task != BINARY:
        return {**document, "reason": "Only a model that tells two classes apart selects rows."}, []
    if not reference.slices:
        return {**document, "reason": "The definition names no column in evaluation.slices."}, []
    known = [(then, observed.slices[then.place]) for then in reference.slices if then.place in observed.slices]
    document["slices"] = [_slice(now, then) for then, now in known]
    claims = list(_gaps(settings.max_gap_change, known, document["gaps"]))
    if not claims:
        reason = f"No column has two slices with {LEAST_ROWS} rows each, now and on the test split."
        return {**document, "status": "not-enough-data", "reason": reason}, []
    return document, claims


def _slice(now: SliceCounts, then: SliceCounts) -> Document:
    """A rate is null where no row of the slice could have it."""
    document: Document = {"column": now.column, "value": now.value, "kind": now.kind, "rows": now.rows}
    for name, counts in (("", now), ("baseline_", then)):
        for measure, rate in rates(counts).items():
            document[f"{name}{measure}"] = rate.value if rate.rows else None
    return document


def _gaps(bound: float, known: list[tuple[SliceCounts, SliceCounts]], gaps: list[Document]) -> Iterator[Claim]:
    for column in dict.fromkeys(then.column for then, _ in known):
        for measure in MEASURES:
            pairs = {
                then.value if then.kind in ("value", "range") else f"({then.kind})": (
                    rates(then)[measure],
                    rates(now)[measure],
                )
                for then, now in known
                if then.column == column
            }
            enough = {value: pair for value, pair in pairs.items() if min(rate.rows for rate in pair) >= LEAST_ROWS}
            if len(enough) > 1:
                gap = _gap(column, measure, bound, enough)
                gaps.append(gap)
                yield _claim(gap)


def _gap(column: str, measure: str, bound: float, slices: Mapping[str, tuple[Rate, Rate]]) -> Document:
    """gap: the rate of the first slice of `between` minus the second's, which moved the farthest apart."""
    moved = {value: now.value - then.value for value, (then, now) in slices.items()}
    first, second = max(moved, key=lambda value: moved[value]), min(moved, key=lambda value: moved[value])
    before, after = (slices[first][place].value - slices[second][place].value for place in (0, 1))
    return {
        "column": column,
        "measure": measure,
        "between": [first, second],
        "gap": after,
        "baseline_gap": before,
        "change": after - before,
        "bound": bound,
        "p_value": heterogeneity(slices),
        "adjusted_p_value": None,
        "violated": False,
    }


def heterogeneity(slices: Mapping[str, tuple[Rate, Rate]]) -> float:
    """p-value of slices' rates that have all moved by the same."""
    moved = np.array([now.value - then.value for then, now in slices.values()])
    weights = 1 / np.array([then.variance + now.variance for then, now in slices.values()])
    common = float(weights @ moved / weights.sum())
    return float(stats.chi2.sf(weights @ (moved - common) ** 2, len(moved) - 1))


def _claim(gap: Document) -> Claim:
    first, second = gap["between"]
    text = (
        f"{gap['column']}: the {gap['measure'].replace('_', ' ')} of {first!r} minus that of {second!r} is "
        f"{gap['gap']:+.3f}, on the test split {gap['baseline_gap']:+.3f}; it may change by {gap['bound']:.3g}."
    )
    return Claim(
        BIAS,
        gap["column"],
        "bias_drift_check",
        gap["p_value"],
        gap["change"],
        gap["bound"],
        text,
        metric=gap["measure"],
        place=f"{gap['column']}\n{gap['measure']}",
    )
