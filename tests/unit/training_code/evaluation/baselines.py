"""statistics.json as preprocess.py writes it, of columns made for a test."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from monitoring.bins import edges_of
from preprocessing.baseline import numeric_statistics, statistics_document, string_statistics
from preprocessing.histograms import Spread, number_spread, spread_of
from preprocessing.statistics import NumberStatistics, number_statistics


def numbers(name: str, values: Any) -> dict[str, Any]:
    """values: NaN is missing."""
    column = np.asarray(values, dtype=float)
    statistics = number_statistics(column)
    return numeric_statistics(name, statistics, spread(column, statistics) if statistics.present else None)


def spread(column: Any, statistics: NumberStatistics) -> Spread:
    edges = edges_of(column, statistics.maximum)
    return spread_of(number_spread(column, statistics, edges), statistics, edges)


def texts(name: str, counts: Mapping[str, int], missing: int = 0) -> dict[str, Any]:
    return string_statistics(name, Counter(counts), missing)


def statistics(*features: dict[str, Any], rows: int = 100) -> dict[str, Any]:
    return statistics_document(rows, list(features))
