"""The model's answers in the window beside those that it gave to the test split."""

from collections.abc import Mapping, Sequence
from typing import Any

from codec.codec import NUMERIC
from monitoring.check_plan import DistributionBounds
from monitoring.claims import Claim, Document
from monitoring.comparison import Subject, compare, unmeasured
from monitoring.observed import Observed
from monitoring.reference import Reference

PREDICTIONS = "predictions"
# With a space, which class names seldom have: outputs and labels are told apart by their names.
LABEL = "predicted label"


def measure_predictions(
    bounds: DistributionBounds, reference: Reference, observed: Observed
) -> tuple[Document, list[Claim]]:
    outputs, claims = [], []
    for name, baseline in reference.outputs.items():
        subject, now = _subject(name, bounds), observed.outputs.get(name)
        if now is None:
            entry = unmeasured(subject, NUMERIC, "The answers held labels without scores.")
        else:
            entry, found = compare(subject, now, baseline)
            claims += found
        outputs.append(entry)
    labels = None
    if reference.labels is not None and observed.labels is not None:
        labels, found = compare(_subject(LABEL, bounds), observed.labels, reference.labels)
        claims += found
    return {"outputs": outputs, "labels": labels}, claims


def date_outputs(document: Document, violations: Sequence[Mapping[str, Any]]) -> None:
    """Since when each output, and the labels, have moved."""
    labels = document["labels"]
    for entry in [*document["outputs"], *([labels] if labels else [])]:
        own = (one for one in violations if (one["dimension"], one.get("feature_name")) == (PREDICTIONS, entry["name"]))
        entry["since"] = min((one["since"] for one in own), default=None)


def _subject(name: str, bounds: DistributionBounds) -> Subject:
    return Subject(name, PREDICTIONS, "prediction_drift_check", bounds, has_cells=False)
