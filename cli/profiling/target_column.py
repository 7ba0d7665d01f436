"""The target: which kind of prediction its values ask for, and of two classes which is the positive one."""

import difflib

import pandas as pd

from cli.errors import BadInputError
from cli.profiling.choices import TargetChoice
from cli.profiling.columns import MAX_REJECT_RATIO, MISSING_VALUES, Profile, profile
from sluice.definition import Data

# In the order in which they decide.
POSITIVE_WORDS = ("yes", "true", "1", "1.0", "y", "t", "positive", "pos", "churned", "churn", "default", "fraud", "bad")
# A few whole numbers are grades or codes, many are amounts. Many texts are names of rows.
MOST_NUMBERED_CLASSES = 20
MOST_NAMED_CLASSES = 100
FEW_ROWS = 100
RARE_LEVEL_MIN_COUNT: int = Data.model_fields["rare_level_min_count"].default
_SHOWN_CLASSES = 5


def choose_target(frame: pd.DataFrame, name: str) -> tuple[TargetChoice, tuple[str, ...]]:
    """The choice, and the warnings that the target's cells deserve."""
    if name not in frame.columns:
        raise BadInputError(_no_such_column(name, [str(column) for column in frame.columns]))
    column = profile(frame[name])
    counts = column.present.value_counts()
    if len(counts) == 0:
        raise BadInputError(f"--target {name}: the column has no value in any row. Choose the column to predict")
    if len(counts) == 1:
        only = counts.index[0]
        raise BadInputError(f"--target {name}: only one class, {only!r}. A model needs rows of at least two")
    choice, warnings = _choose(column, counts)
    return choice, (*_missing_warning(column), *warnings)


def known_labels(frame: pd.DataFrame, target: TargetChoice) -> "pd.Series[str]":
    """The target's cells, trimmed, without the missing ones."""
    labels = frame[target.name].str.strip()
    return labels[~labels.isin(MISSING_VALUES)]


def _choose(column: Profile, counts: "pd.Series[int]") -> tuple[TargetChoice, tuple[str, ...]]:
    if len(counts) == 2:
        return _binary(column, counts)
    if column.is_numeric and not (column.is_whole and len(counts) <= MOST_NUMBERED_CLASSES):
        return _regression(column)
    if len(counts) > MOST_NAMED_CLASSES:
        raise BadInputError(
            f"--target {column.name}: {len(counts):,} different texts ({_shown(counts)}). A model tells at most "
            f"{MOST_NAMED_CLASSES} classes apart here: group them, or choose another column"
        )
    return _multiclass(column, counts)


def _binary(column: Profile, counts: "pd.Series[int]") -> tuple[TargetChoice, tuple[str, ...]]:
    positive, why = _positive(counts)
    negative = next(str(label) for label in counts.index if label != positive)
    count, rows = int(counts[positive]), len(column.present)
    evidence = f"{positive!r} in {count:,} of {rows:,} rows ({count / rows:.1%}); positive because {why}"
    return TargetChoice(column.name, "binary", (negative, positive), evidence), _few_rows(column.name, counts)


def _multiclass(column: Profile, counts: "pd.Series[int]") -> tuple[TargetChoice, tuple[str, ...]]:
    rarest = f"the rarest, {counts.index[-1]!r}, in {counts.iloc[-1]:,} rows"
    warnings = _few_rows(column.name, counts)
    rare = counts[counts < RARE_LEVEL_MIN_COUNT]
    if not rare.empty:
        warnings += (
            f"{column.name}: rows of {_shown(rare)} are rejected, because a class needs {RARE_LEVEL_MIN_COUNT} rows "
            "(rare_level_min_count)",
        )
    if column.is_numeric:
        warnings += (
            f"{column.name}: {len(counts)} whole numbers are taken for classes. If they are amounts, write task: "
            "regression, and a gate on r2",
        )
    evidence = f"{len(counts)} classes: {_shown(counts)}; {rarest}"
    classes = tuple(sorted(str(label) for label in counts.index))
    return TargetChoice(column.name, "multiclass", classes, evidence), warnings


def _regression(column: Profile) -> tuple[TargetChoice, tuple[str, ...]]:
    numbers = column.numbers
    evidence = (
        f"numbers from {numbers.min():g} to {numbers.max():g}, {column.distinct:,} distinct, mean {numbers.mean():g}"
    )
    warnings: tuple[str, ...] = ()
    if column.unreadable:
        warnings = (f"{column.name}: {column.unreadable:,} rows hold no number and are rejected",)
    return TargetChoice(column.name, "regression", (), evidence), warnings


def _no_such_column(name: str, columns: list[str]) -> str:
    folded = {column.lower(): column for column in columns}
    close = difflib.get_close_matches(name.lower(), folded, n=3)
    if close:
        return f"--target {name}: no such column. Did you mean {', '.join(folded[match] for match in close)}?"
    return f"--target {name}: no such column. The file has: {', '.join(columns)}"


def _shown(counts: "pd.Series[int]") -> str:
    shown = ", ".join(repr(" ".join(str(label).split())) for label in counts.index[:_SHOWN_CLASSES])
    return shown + (", …" if len(counts) > _SHOWN_CLASSES else "")


def _positive(counts: "pd.Series[int]") -> tuple[str, str]:
    labels = [str(label) for label in counts.index]
    for word in POSITIVE_WORDS:
        found = [label for label in labels if label.lower() == word]
        if len(found) == 1:
            return found[0], "the word says so"
    if counts.iloc[0] == counts.iloc[1]:
        return max(labels), "both are as frequent and it sorts last: check it"
    return labels[1], "it is the rarer one: check it"


def _missing_warning(column: Profile) -> tuple[str, ...]:
    if column.missing <= MAX_REJECT_RATIO * column.rows:
        return ()
    return (
        f"{column.name}: {column.missing:,} of {column.rows:,} rows have no target and are rejected; that is more than "
        f"max_reject_ratio {MAX_REJECT_RATIO:g} allows: remove them from the file",
    )


def _few_rows(name: str, counts: "pd.Series[int]") -> tuple[str, ...]:
    few = counts[counts < FEW_ROWS]
    if few.empty:
        return ()
    if len(few) == 1:
        return (f"{name}: only {few.iloc[0]:,} rows of {few.index[0]!r}: metrics will be rough",)
    return (f"{name}: {len(few)} classes have fewer than {FEW_ROWS} rows ({_shown(few)}): metrics will be rough",)
