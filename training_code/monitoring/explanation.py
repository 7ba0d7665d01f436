"""What a feature's drift means: how much the model goes by it, what it did to the scores, and a record to look at."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from codec.cells import CellError, cell_text, parse_number
from codec.codec import NUMERIC, Codec
from monitoring.claims import Document
from monitoring.comparison import region
from monitoring.observed import Observed
from monitoring.reference import Reference
from serving.artifact import Artifact


def explain(
    features: Iterable[Document],
    violations: Sequence[Mapping[str, Any]],
    means: Mapping[str, float],
    reference: Reference,
    observed: Observed,
    artifact: Artifact,
) -> None:
    """Completes the features' entries. means: of their SHAP values in the window."""
    total = sum(attribution.absolute for attribution in reference.attributions.values())
    for entry in features:
        name = entry["name"]
        attribution = reference.attributions.get(name)
        own = [place for place, found in enumerate(violations) if _is_of(found, name)]
        before = attribution.mean if attribution else None
        entry |= {
            "importance": attribution.absolute / total if attribution and total else None,
            "score_effect": None if before is None or name not in means else means[name] - before,
            "since": min((violations[place]["since"] for place in own), default=None),
            "example": _example(entry, observed.examples, artifact.codec) if own else None,
            "violations": own,
        }


def _is_of(violation: Mapping[str, Any], name: str) -> bool:
    return violation["dimension"] == "data-quality" and violation.get("feature_name") == name


def _example(entry: Document, examples: Sequence[Mapping[str, Any]], codec: Codec) -> Document | None:
    """A captured record whose value lies where the most rows have come to; None where there is none at hand."""
    is_typical = region(entry)
    if is_typical is None:
        return None
    value_of = _number if entry["type"] == NUMERIC else _level
    for example in examples:
        if is_typical(value_of(example["record"].get(entry["name"]), codec.missing_values)):
            return dict(example)
    return None


def _number(cell: Any, missing_values: frozenset[str]) -> float | None:
    try:
        number = parse_number(cell, missing_values)
    except CellError:
        return None
    return None if math.isnan(number) else number


def _level(cell: Any, missing_values: frozenset[str]) -> str | None:
    try:
        text = cell_text(cell)
    except CellError:
        return None
    return None if not text or text in missing_values else text
