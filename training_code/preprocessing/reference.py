"""baseline/reference.json: how the training rows are distributed, as finely as a check of production compares.

Model Monitor's statistics.json beside it has ten buckets of equal width, in which a long tail hides everything else.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codec.codec import CATEGORICAL, NUMERIC
from preprocessing.histograms import Spread
from preprocessing.statistics import LevelStatistics, NumberStatistics, Statistics

FORMAT_VERSION = 1

Document = dict[str, Any]


def reference_document(rows: int, statistics: Statistics, spreads: Mapping[str, Spread]) -> Document:
    """rows: of training."""
    features = {
        name: _levels(found) if isinstance(found, LevelStatistics) else _numbers(found, spreads.get(name))
        for name, found in statistics.items()
    }
    return {"format_version": FORMAT_VERSION, "rows": rows, "features": features}


def _levels(found: LevelStatistics) -> Document:
    shown = sorted(found.counts, key=lambda level: (-found.counts[level], level))
    return {"type": CATEGORICAL, "missing": found.missing, "counts": {level: found.counts[level] for level in shown}}


def _numbers(found: NumberStatistics, spread: Spread | None) -> Document:
    """spread: None for a feature without any value."""
    return {
        "type": NUMERIC,
        "missing": found.missing,
        "minimum": found.minimum if spread else None,
        "maximum": found.maximum if spread else None,
        "mean": found.mean if spread else None,
        "deviation": spread.standard_deviation if spread else None,
        "whole": found.integral,
        "edges": spread.edges if spread else [],
        "counts": spread.bins if spread else [0],
    }


def write_reference(folder: Path, document: Document) -> None:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    (folder / "reference.json").write_text(text + "\n", encoding="utf-8")
