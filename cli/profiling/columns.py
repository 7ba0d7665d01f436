"""One column at a time: is it a number, a category, or nothing a model should learn from?"""

import re
from dataclasses import dataclass

import pandas as pd

from cli.profiling.choices import DropChoice, FeatureChoice
from sluice.definition import Data

MISSING_VALUES: tuple[str, ...] = Data.model_fields["missing_values"].default
MAX_CATEGORIES: int = Data.model_fields["max_categories"].default
MAX_REJECT_RATIO: float = Data.model_fields["max_reject_ratio"].default

# Words that people write for "not known" and that the definition does not take for missing by itself.
MISSING_WORDS = frozenset({"?", "-", "--", ".", "n/a", "na", "#n/a", "none", "null", "nan", "unknown", "missing"})
UNIQUE_SHARE = 0.9
FREE_TEXT_WORDS = 4
FREE_TEXT_SHARE = 0.5
MOSTLY = 0.95

_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([ T].*)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}([ T].*)?")
_WRITTEN_NUMBER = re.compile(
    r"[-+]?[$€£]?\s?\d{1,3}([,.' ]\d{3})+([,.]\d+)?|[-+]?\d+,\d+|[-+]?[$€£]\s?[\d.,]+|[-+]?[\d.,]+\s?[%$€£]"
)


@dataclass(frozen=True)
class Profile:
    """What is known of one column. `present` holds its cells, trimmed, without the missing ones."""

    name: str
    rows: int
    present: pd.Series
    numbers: pd.Series
    missing: int
    distinct: int
    extra_missing: tuple[str, ...]

    @property
    def unreadable(self) -> int:
        return len(self.present) - len(self.numbers)

    @property
    def is_numeric(self) -> bool:
        """Within the share of unreadable rows that a run tolerates."""
        return len(self.numbers) > 0 and self.unreadable <= MAX_REJECT_RATIO * self.rows

    @property
    def is_whole(self) -> bool:
        return self.is_numeric and not self.unreadable and bool((self.numbers % 1 == 0).all())

    @property
    def is_unique(self) -> bool:
        return self.distinct == self.rows


def profile(cells: pd.Series) -> Profile:
    text = cells.str.strip()
    known = text[~text.isin(MISSING_VALUES)]
    numbers = _numbers(known)
    extra = _missing_words(known, numbers)
    present = known[~known.isin(extra)] if extra else known
    return Profile(
        name=str(cells.name),
        rows=len(cells),
        present=present,
        numbers=numbers,
        missing=len(cells) - len(present),
        distinct=int(present.nunique()),
        extra_missing=extra,
    )


def _numbers(known: pd.Series) -> pd.Series:
    parsed = pd.to_numeric(known, errors="coerce").dropna()
    return parsed[parsed.abs() != float("inf")]


def _missing_words(known: pd.Series, numbers: pd.Series) -> tuple[str, ...]:
    """Words for "not known" inside a column that is otherwise numbers; among categories they are a level."""
    if numbers.empty or len(numbers) == len(known):
        return ()
    words = known[~known.index.isin(numbers.index)].unique()
    return tuple(sorted(words)) if all(word.lower() in MISSING_WORDS for word in words) else ()


def judge(column: Profile) -> FeatureChoice | DropChoice:
    reason = _reason_to_drop(column)
    if reason:
        return DropChoice(column.name, reason)
    if column.is_numeric:
        return FeatureChoice(column.name, "numeric", _numeric_evidence(column))
    return FeatureChoice(column.name, "categorical", _categorical_evidence(column))


def _reason_to_drop(column: Profile) -> str | None:
    if column.present.empty:
        return "no value in any row"
    if column.distinct == 1 and not column.missing:
        return f"constant: always {_quote(column.present.iloc[0])}"
    if column.is_numeric:
        return _counts_rows(column)
    return _unusable_text(column)


def _counts_rows(column: Profile) -> str | None:
    """1, 2, 3, … down the file says where a row stands, and nothing about it."""
    if column.is_whole and column.is_unique and column.rows > 2 and bool((column.numbers.diff().iloc[1:] == 1).all()):
        return "counts the rows: a different whole number in each, one after the other"
    return None


def _unusable_text(column: Profile) -> str | None:
    share = column.distinct / len(column.present)
    if _mostly(column, _DATE):
        return f"dates, such as {_quote(column.present.iloc[0])}: derive a number (days since …) to use them"
    if _mostly(column, _WRITTEN_NUMBER):
        return f"numbers written for people, such as {_quote(column.present.iloc[0])}: write them plainly to use them"
    words = float(column.present.str.count(r"\s+").mean()) + 1
    if words >= FREE_TEXT_WORDS and share > FREE_TEXT_SHARE:
        return f"free text: {words:.0f} words on average, {column.distinct:,} distinct"
    if share > UNIQUE_SHARE and column.distinct > 2:
        return f"like an id: {column.distinct:,} distinct values in {len(column.present):,} rows"
    return None


def _mostly(column: Profile, pattern: re.Pattern[str]) -> bool:
    return bool(column.present.str.fullmatch(pattern.pattern).mean() >= MOSTLY)


def _numeric_evidence(column: Profile) -> str:
    numbers = column.numbers
    parts = [f"{numbers.min():g} to {numbers.max():g}", f"{column.distinct:,} distinct"]
    if column.missing:
        parts.append(f"{column.missing:,} missing")
    if column.unreadable:
        examples = column.present[~column.present.index.isin(numbers.index)].unique()[:2]
        parts.append(f"{column.unreadable:,} not numbers ({', '.join(map(_quote, examples))}): those rows are rejected")
    return ", ".join(parts)


def _categorical_evidence(column: Profile) -> str:
    counts = column.present.value_counts()
    shown = ", ".join(_quote(level) for level in counts.index[:3]) + (", …" if len(counts) > 3 else "")
    parts = [f"{column.distinct:,} categories: {shown}"]
    if column.distinct > MAX_CATEGORIES:
        parts.append(f"the {MAX_CATEGORIES} most frequent are told apart, the others count as one")
    if column.missing:
        parts.append(f"{column.missing:,} missing")
    return "; ".join(parts)


def _quote(text: object) -> str:
    """Short and on one line: it goes into a YAML comment."""
    flat = " ".join(str(text).split())
    return repr(flat if len(flat) <= 30 else flat[:29] + "…")
