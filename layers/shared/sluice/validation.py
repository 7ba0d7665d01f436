"""Does a version's endpoint answer as the evaluate step did, and what follows from it. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sluice.definition.data import Task
from sluice.definition.model import Approval
from sluice.errors import DefectError
from sluice.events.model_package import ApprovalStatus

Verdict = Literal["pass", "fail", "undecided"]
Numbers = Sequence[float]
"""A row's scores: one number, or one for each class."""

_ANSWERED_NUMBER = 16
"""Bytes of nine digits, an exponent and a comma. A cell has quotes and a comma, 3 more than its own."""


@dataclass(frozen=True)
class HeldOutRow:
    """A row of the holdout: the features' cells as they were uploaded, and the evaluate step's scores of it."""

    cells: Sequence[str]
    expected: Numbers


@dataclass(frozen=True)
class Batch:
    """What one request asks. first_row: of the holdout, from 1."""

    first_row: int
    rows: Sequence[HeldOutRow]

    @property
    def last_row(self) -> int:
        return self.first_row + len(self.rows) - 1


@dataclass(frozen=True)
class Difference:
    row: int
    expected: float
    answered: float


@dataclass(frozen=True)
class Comparison:
    """largest: absolute, relative above 1. first: of the rows beyond the tolerance."""

    rows: int = 0
    differing: int = 0
    largest: float = 0.0
    first: Difference | None = None

    def plus(self, later: "Comparison") -> "Comparison":
        return Comparison(
            self.rows + later.rows,
            self.differing + later.differing,
            max(self.largest, later.largest),
            self.first or later.first,
        )


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    reason: str


def score_columns(task: Task, header: Sequence[str]) -> list[int]:
    """Where predictions.csv, which evaluate.py wrote, holds the scores that an endpoint answers in CSV.

    Several classes are in one order in both, the codec's. Raises DefectError where there are none.
    """
    wanted = {"binary": "score", "regression": "prediction"}.get(task)
    found = [at for at, name in enumerate(header) if name == wanted]
    if wanted is None:
        found = [at for at, name in enumerate(header) if name.startswith("probability_")]
    if not found:
        raise DefectError(f"predictions.csv holds no scores of a {task} task: its columns are {', '.join(header)}")
    return found


def batches(rows: Iterable[HeldOutRow], most_rows: int, most_bytes: int) -> Iterator[Batch]:
    """In requests and answers of bounded length; a row that is longer than `most_bytes` is sent alone."""
    held: list[HeldOutRow] = []
    first_row, length = 1, 0
    for row in rows:
        size = max(sum(len(cell.encode()) + 3 for cell in row.cells), _ANSWERED_NUMBER * len(row.expected))
        if held and (len(held) >= most_rows or length + size > most_bytes):
            yield Batch(first_row, held)
            first_row, held, length = first_row + len(held), [], 0
        held.append(row)
        length += size
    if held:
        yield Batch(first_row, held)


def compare(batch: Batch, answers: Sequence[Numbers], tolerance: float) -> Comparison:
    """answers: of the batch's rows, as many numbers in each as are expected."""
    largest, differing, first = 0.0, 0, None
    for number, (row, answered) in enumerate(zip(batch.rows, answers, strict=True), start=batch.first_row):
        sizes = [_size(expected, given) for expected, given in zip(row.expected, answered, strict=True)]
        worst = max(range(len(sizes)), key=sizes.__getitem__)
        largest = max(largest, sizes[worst])
        if sizes[worst] > tolerance:
            differing += 1
            first = first or Difference(number, row.expected[worst], answered[worst])
    return Comparison(len(batch.rows), differing, largest, first)


def _size(expected: float, answered: float) -> float:
    """Infinite where either is no number: nothing is equal to that."""
    size = abs(answered - expected) / max(1.0, abs(expected))
    return size if size == size else float("inf")


def judge(comparison: Comparison, tolerance: float, cut_off: bool) -> Judgement:
    """cut_off: time ran out before the last row. That passes nothing, and a difference is one anyway."""
    rest = " Time ran out before the other rows." if cut_off else ""
    if comparison.rows == 0:
        return Judgement("undecided", f"No test row was compared.{rest}")
    if comparison.first is None:
        return Judgement(
            "undecided" if cut_off else "pass",
            f"The temporary endpoint scored {_rows(comparison.rows)} as the evaluate step did: the largest difference "
            f"is {comparison.largest:.2g}.{rest}",
        )
    first = comparison.first
    return Judgement(
        "fail",
        f"The temporary endpoint scored {comparison.differing:,} of {_rows(comparison.rows)} otherwise than the "
        f"evaluate step, by up to {comparison.largest:.2g} where {tolerance:g} is allowed: row {first.row:,} got "
        f"{first.answered:.9g} instead of {first.expected:.9g}.{rest}",
    )


def refused(batch: Batch, answer: str) -> Judgement:
    """The endpoint gave no scores to a request. answer: what it gave instead."""
    return Judgement(
        "fail",
        f"The temporary endpoint did not score the test rows {batch.first_row:,} to {batch.last_row:,}: {answer}",
    )


def _rows(count: int) -> str:
    return f"{count:,} test {'row' if count == 1 else 'rows'}"


def approval_after(verdict: Verdict, gate_verdict: str, approval: Approval) -> ApprovalStatus:
    """What becomes of a version that waits for its validation."""
    if verdict == "fail":
        return "Rejected"
    if verdict == "pass" and gate_verdict == "pass" and approval == "automatic":
        return "Approved"
    return "PendingManualApproval"
