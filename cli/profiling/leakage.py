"""Columns that know the answer: known only after the fact, they make a model look perfect and fail in use."""

from collections.abc import Iterable

import pandas as pd

from cli.profiling.choices import TargetChoice
from cli.profiling.columns import MAX_CATEGORIES, Profile

NEARLY_PERFECT = 0.99
MIN_ROWS = 100


def leakage_warnings(features: Iterable[Profile], target: TargetChoice, labels: "pd.Series[str]") -> tuple[str, ...]:
    """`labels` is the target, aligned with the profiles' rows; it holds only rows whose target is known."""
    if len(labels) < MIN_ROWS:
        return ()
    found = (
        _regression_leak(one, labels) if target.task == "regression" else _leak(one, target, labels) for one in features
    )
    return tuple(f"{warning}. If it is known only after the fact, move it to drop" for warning in found if warning)


def _leak(column: Profile, target: TargetChoice, labels: "pd.Series[str]") -> str | None:
    """Of several classes, each must be separated from the rest."""
    told_apart = target.classes[1:] if target.task == "binary" else target.classes
    auc = 1.0
    for label in told_apart:
        auc = min(auc, single_feature_auc(column, labels == label))
        if auc < NEARLY_PERFECT:
            return None
    return f"{column.name}: separates the classes almost alone (AUC {auc:.3f})"


def _regression_leak(column: Profile, labels: "pd.Series[str]") -> str | None:
    if not column.is_numeric:
        return None
    numbers = pd.to_numeric(labels, errors="coerce")
    both = pd.DataFrame({"target": numbers, "column": column.numbers.reindex(labels.index)}).dropna()
    if len(both) < MIN_ROWS:
        return None
    ranks = both.rank()
    correlation = abs(float(ranks["target"].corr(ranks["column"])))
    if not correlation >= NEARLY_PERFECT:
        return None
    return f"{column.name}: orders the rows almost as the target does (rank correlation {correlation:.3f})"


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
