"""baseline/reference.json: how the training rows are distributed, as finely as a check of production compares.

Model Monitor's statistics.json beside it has ten buckets of equal width, in which a long tail hides everything else.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from monitoring.bins import FORMAT_VERSION, Document, level_document, number_counts, number_document
from monitoring.distributions import LevelCounts, NumberCounts
from preprocessing.histograms import Spread
from preprocessing.statistics import LevelStatistics, NumberStatistics, Statistics


def reference_document(rows: int, statistics: Statistics, spreads: Mapping[str, Spread]) -> Document:
    """rows: of training."""
    features = {
        name: level_document(LevelCounts(found.counts, found.missing))
        if isinstance(found, LevelStatistics)
        else number_document(_numbers(found, spreads.get(name)))
        for name, found in statistics.items()
    }
    return {"format_version": FORMAT_VERSION, "rows": rows, "features": features}


def _numbers(found: NumberStatistics, spread: Spread | None) -> NumberCounts:
    """spread: None for a feature without any value."""
    if spread is None:
        return number_counts(np.full(found.missing, np.nan))
    return NumberCounts(
        spread.edges,
        spread.bins,
        found.missing,
        found.minimum,
        found.maximum,
        found.mean,
        spread.standard_deviation,
        whole=found.integral,
    )


def write_reference(folder: Path, document: Document) -> None:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    (folder / "reference.json").write_text(text + "\n", encoding="utf-8")
