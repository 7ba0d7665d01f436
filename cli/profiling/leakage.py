"""Columns that know the answer: known only after the fact, they make a model look perfect and fail in use."""

from collections.abc import Iterable

import pandas as pd

from cli.profiling.columns import MAX_CATEGORIES, Profile

NEARLY_PERFECT = 0.99
MIN_ROWS = 100


def leakage_warnings(features: Iterable[Profile], positive: "pd.Series[bool]") -> tuple[str, ...]:
    """`positive` is aligned with the profiles' rows and holds only rows whose target is known."""
    if len(positive) < MIN_ROWS:
        return ()
    scored = ((column, single_feature_auc(column, positive)) for column in features)
    return tuple(
        f"{column.name}: separates the classes almost alone (AUC {auc:.3f}). If it is known only after the fact, "
        "move it to drop"
        for column, auc in scored
        if auc >= NEARLY_PERFECT
    )


def single_feature_auc(column: Profile, positive: "pd.Series[bool]") -> float:
    """The better of two rankings: by the column's values, and by whether there is a value at all."""
    is_present = positive.index.isin(column.present.index)
    by_presence = auc_of(pd.Series(is_present, index=positive.index).astype(float), positive)
    values = _as_scores(column, positive)
    by_value = auc_of(values, positive) if values is not None else 0.5
    return max(by_presence, by_value)


def _as_scores(column: Profile, positive: "pd.Series[bool]") -> "pd.Series[float] | None":
    """Numbers as they are, categories as their share of positives; a missing cell stands in the middle."""
    if column.is_numeric:
        return column.numbers.reindex(positive.index).fillna(column.numbers.median())
    if column.distinct > MAX_CATEGORIES:
        return None
    levels = column.present.reindex(positive.index).fillna("")
    return positive.astype(float).groupby(levels).transform("mean")


def auc_of(scores: "pd.Series[float]", positive: "pd.Series[bool]") -> float:
    """Area under the ROC curve (Mann-Whitney), whichever way the score points."""
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return 0.5
    ranks = scores.rank(method="average")
    area = float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))
    return max(area, 1 - area)
