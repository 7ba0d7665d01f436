"""How far the training rows have moved since the champion's: the population stability index of each feature.

PSI = Σ (a - e)·ln(a / e) over bins, e the share of the champion's rows in a bin and a that of this run's (Siddiqi 2006,
Credit Risk Scorecards): 0 is no change, and above 0.25 is commonly taken for a shift that matters. Bins: of numbers the
champion's deciles, of text its most frequent levels and the others; missing cells are a bin of their own. Each bin
counts half a row more than it holds (Krichevsky, Trofimov 1981), so that an empty one weighs as little as it proves.

Where most of this run's rows are in one of its own baseline's buckets, they are spread evenly over it like any others:
a column that became constant, or was stretched by an outlier, is then far from the champion's deciles, and shall be.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from codec.codec import Floats
from evaluation.baseline import Distribution, Levels, Numbers, distributions
from job import BadData

# More bins would measure chance: expected without any change is (bins - 1)·(1 / rows + 1 / the champion's rows).
MOST_LEVELS = 20


def drift_document(mine: Mapping[str, Any], champions: Mapping[str, Any]) -> dict[str, Any]:
    """Both: reference.json or statistics.json. Features by falling PSI; null where it is not measured, with the reason.

    comparable: both have the feature, and the champion's rows can be told apart, so that null is no matter of course.
    """
    found = []
    for whose, statistics in (("This run's", mine), ("The champion's", champions)):
        try:
            found.append(distributions(statistics))
        except BadData as error:
            return {"error": f"{whose} baseline cannot be compared. {error}"}
    ours, theirs = found
    features = [_feature(name, ours.get(name), theirs.get(name)) for name in dict.fromkeys((*ours, *theirs))]
    return {"features": sorted(features, key=lambda feature: np.inf if feature["psi"] is None else -feature["psi"])}


def _feature(name: str, mine: Distribution | None, champions: Distribution | None) -> dict[str, Any]:
    known = mine or champions
    comparable = mine is not None and champions is not None and not _is_coarse(champions)
    entry = {"feature": name, "type": known.type if known else None, "comparable": comparable, "psi": None}
    if mine is None or champions is None:
        return {**entry, "reason": f"Only {'the champion' if mine is None else 'this run'} has it."}
    if isinstance(mine, Levels) and isinstance(champions, Levels):
        bins = sorted(champions.counts, key=lambda level: (-champions.counts[level], level))[:MOST_LEVELS]
        return {**entry, "psi": stability_index(_levels(mine, bins), _levels(champions, bins))}
    if not isinstance(mine, Numbers) or not isinstance(champions, Numbers):
        return {**entry, "reason": f"It is {mine.type}, and was {champions.type} for the champion."}
    if not comparable:
        reason = "Most of the champion's rows are in one of its baseline's buckets, which tells too little."
        return {**entry, "reason": reason}
    edges = champions.deciles()
    return {**entry, "psi": stability_index(_numbers(mine, edges), _numbers(champions, edges))}


def _is_coarse(distribution: Distribution) -> bool:
    return isinstance(distribution, Numbers) and distribution.is_coarse


def _numbers(distribution: Numbers, edges: Floats) -> Floats:
    reached = np.concatenate([[0.0], distribution.below(edges), [distribution.present]])
    return np.append(np.diff(reached), distribution.missing)


def _levels(distribution: Levels, bins: Sequence[str]) -> Floats:
    held = [distribution.counts.get(level, 0.0) for level in bins]
    others = sum(distribution.counts.values()) - sum(held)
    return np.array([*held, others, distribution.missing])


def stability_index(actual: Floats, expected: Floats) -> float:
    """Both: rows by bin."""
    shares = [(rows + 0.5) / (rows.sum() + 0.5 * len(rows)) for rows in (actual, expected)]
    return float(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum())
