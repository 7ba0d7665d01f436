"""The data-quality baseline of the training split, in Model Monitor's schema.

Schema: SageMaker Developer Guide, "Schema for Statistics" and "Schema for Constraints". The KLL sketch's own data
is left out: its buckets are what our monitoring compares.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from preprocessing.exact_sum import as_float
from preprocessing.histograms import Spread
from preprocessing.statistics import LevelStatistics, NumberStatistics, Statistics

MONITORING_CONFIG: dict[str, Any] = {
    "evaluate_constraints": "Enabled",
    "emit_metrics": "Enabled",
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 1.0,
    "distribution_constraints": {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
        "categorical_comparison_threshold": 0.1,
        "categorical_drift_method": "LInfinity",
    },
}

Document = dict[str, Any]


def numeric_statistics(name: str, numbers: NumberStatistics, spread: Spread | None) -> Document:
    """spread: None for a feature without any value."""
    statistics: Document = {"common": {"num_present": numbers.present, "num_missing": numbers.missing}}
    if spread is not None:
        statistics |= {
            "mean": numbers.mean,
            "sum": as_float(numbers.total),
            "std_dev": spread.standard_deviation,
            "min": numbers.minimum,
            "max": numbers.maximum,
            "distribution": {"kll": {"buckets": _buckets(spread)}},
        }
    return {
        "name": name,
        "inferred_type": "Integral" if numbers.integral else "Fractional",
        "numerical_statistics": statistics,
    }


def _buckets(spread: Spread) -> list[Document]:
    return [
        {"lower_bound": low, "upper_bound": high, "count": count}
        for low, high, count in zip(spread.bounds[:-1], spread.bounds[1:], spread.counts, strict=True)
    ]


def string_statistics(name: str, counts: Mapping[str, int], missing: int) -> Document:
    """counts: rows by level, missing cells left out."""
    buckets = [{"value": value, "count": counts[value]} for value in sorted(counts, key=lambda v: (-counts[v], v))]
    return {
        "name": name,
        "inferred_type": "String",
        "string_statistics": {
            "common": {"num_present": sum(counts.values()), "num_missing": missing},
            "distinct_count": len(counts),
            "distribution": {"categorical": {"buckets": buckets}},
        },
    }


def baseline_statistics(item_count: int, statistics: Statistics, spreads: Mapping[str, Spread]) -> Document:
    """item_count: training rows."""
    features = [
        string_statistics(name, found.counts, found.missing)
        if isinstance(found, LevelStatistics)
        else numeric_statistics(name, found, spreads.get(name))
        for name, found in statistics.items()
    ]
    return statistics_document(item_count, features)


def statistics_document(item_count: int, features: list[Document]) -> Document:
    return {"version": 0.0, "dataset": {"item_count": item_count}, "features": features}


def constraints_document(statistics: Document, max_domain: int) -> Document:
    """What the statistics suggest: types, completeness, signs, and the domains of at most max_domain values."""
    features = [_constraint(feature, max_domain) for feature in statistics["features"]]
    return {"version": 0.0, "features": features, "monitoring_config": MONITORING_CONFIG}


def _constraint(feature: Document, max_domain: int) -> Document:
    numeric = feature.get("numerical_statistics")
    statistics = numeric or feature["string_statistics"]
    common = statistics["common"]
    constraint: Document = {
        "name": feature["name"],
        "inferred_type": feature["inferred_type"],
        "completeness": common["num_present"] / max(1, common["num_present"] + common["num_missing"]),
    }
    if numeric:
        constraint["num_constraints"] = {"is_non_negative": numeric.get("min", 0) >= 0}
    elif statistics["distinct_count"] <= max_domain:
        buckets = statistics["distribution"]["categorical"]["buckets"]
        constraint["string_constraints"] = {"domains": [bucket["value"] for bucket in buckets]}
    return constraint


def write_baseline(folder: Path, statistics: Document, max_domain: int) -> None:
    constraints = constraints_document(statistics, max_domain)
    for name, document in (("statistics", statistics), ("constraints", constraints)):
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
