"""The window in Model Monitor's words: statistics.json, constraints.json and constraint_violations.json.

Schemas: SageMaker Developer Guide, "Schema for Statistics", "… Constraints" and "… Violations".
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from monitoring.check_plan import DistributionBounds
from monitoring.claims import Document
from monitoring.distributions import Distribution, LevelCounts, NumberCounts
from monitoring.measures import decile_places, merged
from monitoring.observed import Observed
from monitoring.reference import Reference
from preprocessing.baseline import MONITORING_CONFIG, numeric_statistics, statistics_document, string_statistics
from preprocessing.exact_sum import exact_sum
from preprocessing.histograms import Spread
from preprocessing.statistics import NumberStatistics

UNSEEN = "(levels that no training row has)"
# Of feature_name and metric_name a violation has one or both.
VIOLATION_FIELDS = ("feature_name", "metric_name", "constraint_check_type", "description")


def violations_document(findings: Mapping[str, Any]) -> Document:
    """findings: drift.json."""
    violations = findings["violations"]
    return {"violations": [{name: found[name] for name in VIOLATION_FIELDS if name in found} for found in violations]}


def window_statistics(reference: Reference, observed: Observed) -> Document:
    """Of the features that could be read, in the baseline's order."""
    features = [
        _statistics(name, observed.features[name], baseline)
        for name, baseline in reference.features.items()
        if name in observed.features
    ]
    return statistics_document(observed.rows, features)


def _statistics(name: str, now: Distribution, baseline: Distribution) -> Document:
    if isinstance(now, LevelCounts):
        unseen = {UNSEEN: now.unseen} if now.unseen else {}
        present = {level: count for level, count in now.counts.items() if count}
        return string_statistics(name, {**present, **unseen}, now.missing)
    # Model Monitor has no word for cells that are no numbers: they are not present.
    missing = now.missing + now.unreadable
    if not now.present or not isinstance(baseline, NumberCounts):
        return numeric_statistics(name, NumberStatistics(missing=missing), None)
    total = exact_sum(np.full(1, now.mean * now.present))
    numbers = NumberStatistics(now.present, missing, now.minimum, now.maximum, now.whole, total)
    return numeric_statistics(name, numbers, _spread(now, baseline))


def _spread(now: NumberCounts, baseline: NumberCounts) -> Spread:
    """Buckets between the baseline's deciles, as far as the window's values reach."""
    places = decile_places(baseline)
    edges, counts = baseline.edges[places], merged(now.counts, places)
    inside = (edges > now.minimum) & (edges < now.maximum)
    kept = np.add.reduceat(counts, np.concatenate([[0], np.flatnonzero(inside) + 1]))
    return Spread(
        now.deviation, [now.minimum, *edges[inside].tolist(), now.maximum], kept.tolist(), baseline.edges, now.counts
    )


def constraints_in_force(reference: Reference, bounds: DistributionBounds) -> Document:
    """The training rows' constraints, with the definition's bounds where Model Monitor has a word for them."""
    distributions = {
        **MONITORING_CONFIG["distribution_constraints"],
        "comparison_threshold": bounds.kolmogorov_smirnov,
        "categorical_comparison_threshold": bounds.jensen_shannon,
    }
    shares = dict.fromkeys(("datatype_check_threshold", "domain_content_threshold"), 1 - bounds.share)
    config = {**MONITORING_CONFIG, **shares, "distribution_constraints": distributions}
    return {"version": 0.0, "features": [], **reference.constraints, "monitoring_config": config}
