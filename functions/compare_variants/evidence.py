"""What was captured during a trial, joined: answers with their truth, or a shadow's answers with the champion's.

Bounded in what it holds and what it reads, and by the time that is left. What it did not get to is told.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from functions.compare_variants.request import CompareRequest
from sluice.aws.hourly_files import HourlyFiles
from sluice.definition import Model
from sluice.naming import ModelPrefix
from sluice.trial.agreement import Pairs
from sluice.trial.answers import Answer, UnreadableAnswerError
from sluice.trial.captures import Captured, read_capture
from sluice.trial.ground_truth import UnreadableLabelError, read_ground_truth
from sluice.trial.quality import Labelled

MOST_ROWS = 200_000
"""Rows whose label, or whose champion's answer, is held: about 100 MB."""
MOST_BYTES = 1 << 29
"""Read of the ground truth, and of each variant's captures: one cannot use up what another needs."""
RESERVED_SECONDS = 60.0
"""What remains to be done must fit before the function's own end."""


@dataclass
class Reading:
    """How much was read, and what could not be."""

    bytes_read: int = 0
    captures: int = 0
    labels: int = 0
    unreadable: int = 0
    cut_off: str | None = None
    """Why it stopped before the end."""


@dataclass
class Evidence:
    files: HourlyFiles
    request: CompareRequest
    definition: Model
    until: datetime
    seconds_left: Callable[[], float]
    reading: Reading = field(default_factory=Reading)

    def labelled(self) -> dict[str, Labelled]:
        """By variant: its answers whose truth arrived."""
        truths = self._truths()
        data = self.definition.data
        variants = (self.request.champion.variant, self.request.challenger.variant)
        found = {variant: Labelled(data.task, data.positive_label) for variant in variants}
        if truths:
            for variant, labelled in found.items():
                self._join(variant, truths, labelled)
        return found

    def pairs(self, tolerance: float) -> Pairs:
        """The shadow's answers beside the champion's to the same requests."""
        pairs = Pairs(self.definition.data.task, tolerance)
        answers: dict[str, tuple[Answer, ...]] = {}
        rows = 0
        for captured in self._captures(self.request.champion.variant):
            rows += len(captured.answers)
            if self._is_too_much(rows):
                break
            answers[captured.key] = captured.answers
        for captured in self._captures(self.request.challenger.variant):
            if captured.key in answers:
                pairs.add(answers.pop(captured.key), captured.answers)
        return pairs

    def _truths(self) -> dict[str, tuple[str, ...]]:
        truths: dict[str, tuple[str, ...]] = {}
        rows = 0
        for line in self._lines(ModelPrefix(self.request.model).ground_truth):
            try:
                truth = read_ground_truth(line)
            except UnreadableLabelError:
                self.reading.unreadable += 1
                continue
            rows += len(truth.labels)
            if self._is_too_much(rows):
                break
            truths[truth.key] = truth.labels
        self.reading.labels = len(truths)
        return truths

    def _join(self, variant: str, truths: dict[str, tuple[str, ...]], labelled: Labelled) -> None:
        joined: set[str] = set()  # a request that was captured twice counts once
        for captured in self._captures(variant):
            key = captured.key if captured.key in truths else captured.event_id
            if key not in truths or key in joined:
                continue
            joined.add(key)
            try:
                labelled.add(captured.answers, truths[key])
            except UnreadableLabelError:
                self.reading.unreadable += 1

    def _captures(self, variant: str) -> Iterator[Captured]:
        prefix = f"{ModelPrefix(self.request.model).captures}{self.request.endpoint_name}/{variant}/"
        for line in self._lines(prefix):
            self.reading.captures += 1
            try:
                yield read_capture(line, self.definition.data.task)
            except UnreadableAnswerError:
                self.reading.unreadable += 1

    def _lines(self, prefix: str) -> Iterator[str]:
        most = self.reading.bytes_read + MOST_BYTES
        for line in self.files.lines(prefix, self.request.started_at, self.until):
            if self.reading.bytes_read >= most:
                self.reading.cut_off = f"only the first {MOST_BYTES:,} bytes were read"
                return
            if self.seconds_left() < RESERVED_SECONDS:
                self.reading.cut_off = "time ran out before all captures were read"
                return
            self.reading.bytes_read += len(line)
            yield line.decode("utf-8", "replace")

    def _is_too_much(self, rows: int) -> bool:
        if rows <= MOST_ROWS:
            return False
        self.reading.cut_off = f"only the first {MOST_ROWS:,} rows were looked at"
        return True
