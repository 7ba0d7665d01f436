"""Every feature of the window beside the training rows, and columns that nobody expects."""

from collections.abc import Iterator

from codec.codec import CATEGORICAL, NUMERIC
from monitoring.check_plan import DistributionBounds
from monitoring.claims import Claim, Document
from monitoring.comparison import Subject, compare, unmeasured
from monitoring.distributions import NumberCounts
from monitoring.measures import growth, share
from monitoring.observed import Observed
from monitoring.reference import Reference

DATA_QUALITY = "data-quality"


def measure_features(
    bounds: DistributionBounds, reference: Reference, observed: Observed
) -> tuple[Document, list[Claim]]:
    entries, claims = [], list(_extra_columns(bounds, reference, observed))
    for name, baseline in reference.features.items():
        subject = Subject(name, DATA_QUALITY, "baseline_drift_check", bounds)
        now = observed.features.get(name)
        if now is None:
            kind = NUMERIC if isinstance(baseline, NumberCounts) else CATEGORICAL
            entry = unmeasured(subject, kind, "Its values could not be read from what was captured.")
        else:
            entry, found = compare(subject, now, baseline, observed.absent_columns.get(name, 0))
            claims += found
        entries.append(entry)
    return {"features": entries}, claims


def _extra_columns(bounds: DistributionBounds, reference: Reference, observed: Observed) -> Iterator[Claim]:
    """The model does not see them: somebody thinks that it does, or a feature has another name now."""
    for name, rows in observed.unknown_columns.items():
        size = share(rows, observed.rows)
        p_value = growth(rows, observed.rows, 0, reference.rows)
        text = f"{size:.1%} of the rows have a column {name}, which the model does not know."
        if p_value is not None:
            yield Claim(DATA_QUALITY, name, "extra_column_check", p_value, size, bounds.share, text, place=name)
