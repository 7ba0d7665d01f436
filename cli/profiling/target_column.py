"""The target: exactly two classes, and which of them is the positive one."""

import difflib

import pandas as pd

from cli.errors import BadInputError
from cli.profiling.choices import TargetChoice
from cli.profiling.columns import MAX_REJECT_RATIO, MISSING_VALUES

# In the order in which they decide.
POSITIVE_WORDS = ("yes", "true", "1", "1.0", "y", "t", "positive", "pos", "churned", "churn", "default", "fraud", "bad")
_SHOWN_CLASSES = 5


def choose_target(frame: pd.DataFrame, name: str) -> tuple[TargetChoice, tuple[str, ...]]:
    """The choice, and the warnings that the target's cells deserve."""
    if name not in frame.columns:
        raise BadInputError(_no_such_column(name, [str(column) for column in frame.columns]))
    text = frame[name].str.strip()
    known = text[~text.isin(MISSING_VALUES)]
    counts = known.value_counts()
    _check_classes(name, counts)
    positive, why = _positive(counts)
    negative = next(str(label) for label in counts.index if label != positive)
    count = int(counts[positive])
    evidence = f"{positive!r} in {count:,} of {len(known):,} rows ({count / len(known):.1%}); positive because {why}"
    return TargetChoice(name, positive, negative, evidence), _warnings(name, len(text), len(text) - len(known), counts)


def _no_such_column(name: str, columns: list[str]) -> str:
    folded = {column.lower(): column for column in columns}
    close = difflib.get_close_matches(name.lower(), folded, n=3)
    if close:
        return f"--target {name}: no such column. Did you mean {', '.join(folded[match] for match in close)}?"
    return f"--target {name}: no such column. The file has: {', '.join(columns)}"


def _check_classes(name: str, counts: "pd.Series[int]") -> None:
    if len(counts) == 2:
        return
    if len(counts) == 0:
        raise BadInputError(f"--target {name}: the column has no value in any row. Choose the column to predict")
    if len(counts) == 1:
        only = counts.index[0]
        raise BadInputError(f"--target {name}: only one class, {only!r}. A model needs rows of both classes")
    shown = ", ".join(repr(label) for label in counts.index[:_SHOWN_CLASSES])
    more = ", …" if len(counts) > _SHOWN_CLASSES else ""
    raise BadInputError(
        f"--target {name}: {len(counts):,} classes ({shown}{more}). Sluice predicts two classes for now: "
        "choose a yes/no column, or make one of this"
    )


def _positive(counts: "pd.Series[int]") -> tuple[str, str]:
    labels = [str(label) for label in counts.index]
    for word in POSITIVE_WORDS:
        found = [label for label in labels if label.lower() == word]
        if len(found) == 1:
            return found[0], "the word says so"
    if counts.iloc[0] == counts.iloc[1]:
        return max(labels), "both are as frequent and it sorts last: check it"
    return labels[1], "it is the rarer one: check it"


def _warnings(name: str, rows: int, missing: int, counts: "pd.Series[int]") -> tuple[str, ...]:
    found = []
    if missing > MAX_REJECT_RATIO * rows:
        found.append(
            f"{name}: {missing:,} of {rows:,} rows have no target and are rejected; that is more than "
            f"max_reject_ratio {MAX_REJECT_RATIO:g} allows: remove them from the file"
        )
    if counts.iloc[1] < 100:
        found.append(f"{name}: only {counts.iloc[1]:,} rows of {counts.index[1]!r}: metrics will be rough")
    return tuple(found)
