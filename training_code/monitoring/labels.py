"""What is known of a request's truth, and what a later label makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Label:
    """texts: by row of the request, counted from 0; a row that is not known has none. file, line: where it stands.

    count: rows up to the last one that it names. whole: it is for all rows of the request, so that it is wrong where
    the request has more; else only some rows are named.
    """

    texts: dict[int, str]
    count: int
    file: str
    line: int
    whole: bool = True

    def change(self, later: "Label") -> "LabelCounts":
        """A label of a row changes that row only, one of the whole request replaces all. Counted where rows meet.

        In place: a request may have as many labels as rows, and a copy for each would take the square of them.
        """
        meet = any(row in self.texts for row in later.texts)
        if later.whole:
            same = (self.texts, self.count) == (later.texts, later.count)
            self.texts, self.count, self.whole = later.texts, later.count, True
        else:
            same = all(self.texts.get(row) == text for row, text in later.texts.items())
            self.texts.update(later.texts)
            self.count = max(self.count, later.count)
        self.file, self.line = later.file, later.line
        return LabelCounts(meet and same, meet and not same)


@dataclass(frozen=True)
class LabelCounts:
    duplicates: int = 0
    conflicting: int = 0

    def __add__(self, other: "LabelCounts") -> "LabelCounts":
        return LabelCounts(self.duplicates + other.duplicates, self.conflicting + other.conflicting)


def label_of_request(texts: Sequence[str | None], file: str, line: int) -> Label:
    """texts: by row; None where the row's is not known."""
    return Label({row: text for row, text in enumerate(texts) if text is not None}, len(texts), file, line)


def label_of_row(row: int, text: str, file: str, line: int) -> Label:
    """row: counted from 0."""
    return Label({row: text}, row + 1, file, line, whole=False)
