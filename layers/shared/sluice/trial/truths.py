"""The truths that arrived, by request: of two the later one counts, and labels of single rows complete each other."""

from dataclasses import dataclass

from sluice.trial.captures import Captured
from sluice.trial.ground_truth import GroundTruth, UnreadableLabelError
from sluice.trial.label_files import LabelLine

Labels = tuple[str | None, ...] | dict[int, str | None]
"""One for each row of the request; or some rows', by their number from 1."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a request, and where the last of it stands."""

    labels: Labels
    file: str
    line: int

    def of_rows(self, count: int) -> tuple[str | None, ...]:
        """By row of a request that has so many; None where it is not known. Raises UnreadableLabelError."""
        if isinstance(self.labels, tuple):
            if len(self.labels) != count:
                raise UnreadableLabelError(f"{len(self.labels)} labels for {count} answers")
            return self.labels
        if max(self.labels) > count:
            raise UnreadableLabelError(f"a label for row {max(self.labels)} of {count} answers")
        return tuple(map(self.labels.get, range(1, count + 1)))


class Truths:
    """Grows while ground truth is read, in the order in which it was uploaded."""

    def __init__(self) -> None:
        self._held: dict[str, Truth] = {}
        self.rows = 0

    def __len__(self) -> int:
        """Requests."""
        return len(self._held)

    def add(self, told: LabelLine, truth: GroundTruth) -> None:
        """truth: what was found on the line."""
        held = self._held.get(truth.key)
        before = 0 if held is None else len(held.labels)
        labels = truth.labels if truth.row is None else _completed(held, truth.row, truth.labels[0])
        self._held[truth.key] = Truth(labels, told.file, told.number)
        self.rows += len(labels) - before

    def __contains__(self, key: str) -> bool:
        return key in self._held

    def key_of(self, captured: Captured) -> str | None:
        """The id of the request's label, the caller's own before the capture's; None where none arrived."""
        return next((key for key in (captured.key, captured.event_id) if key in self), None)

    def __getitem__(self, key: str) -> Truth:
        return self._held[key]


def _completed(held: Truth | None, row: int, label: str | None) -> dict[int, str | None]:
    """In place: a request of many rows has as many lines. Of a label of the whole request that row only changes."""
    known: Labels = {} if held is None else held.labels
    labels = known if isinstance(known, dict) else dict(enumerate(known, start=1))
    labels[row] = label
    return labels
