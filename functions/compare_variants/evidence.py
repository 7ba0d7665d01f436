"""What was captured during a trial, joined: answers with their truth, or a shadow's answers with the champion's.

Bounded in what it holds and what it reads, and by the time that is left. What it did not get to is told.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.compare_variants.request import CompareRequest
from sluice.aws.hourly_files import HourlyFiles
from sluice.definition import Model
from sluice.naming import ModelPrefix
from sluice.trial.agreement import Pairs
from sluice.trial.answers import Answer, UnreadableAnswerError
from sluice.trial.captures import Captured, read_capture
from sluice.trial.ground_truth import UnreadableLabelError
from sluice.trial.label_files import LabelLine, is_packed, read_label_file
from sluice.trial.quality import Labelled
from sluice.trial.truths import Truths
from sluice.uploads.text import gunzipped

MOST_ROWS = 200_000
"""Rows whose label, or whose champion's answer, is held: about 100 MB."""
MOST_BYTES = 1 << 29
"""Read of the ground truth, unpacked, and of each variant's captures: one cannot use up what another needs."""
RESERVED_SECONDS = 60.0
"""What remains to be done must fit before the function's own end."""
_SHOWN = 300
"""Characters of why a label could not be used: a part of it may be the label's own text."""


@dataclass
class Reading:
    """How much was read, and what could not be."""

    bytes_read: int = 0
    captures: int = 0
    labels: int = 0
    """Requests that have some."""
    unmatched_labels: int = 0
    """Of those requests the ones that were not captured in the trial."""
    unreadable: int = 0
    """Captured lines."""
    unusable_labels: int = 0
    """Lines of ground truth that are none, or that do not fit the answer."""
    unusable_label: dict[str, Any] | None = None
    """The first of them: file, line and reason."""
    cut_off: str | None = None
    """Why it stopped before the end."""

    def add_unusable(self, file: str, line: int, reason: Exception) -> None:
        self.unusable_labels += 1
        told = {"file": file, "line": line, "reason": str(reason)[:_SHOWN]}
        self.unusable_label = self.unusable_label or told


class CutOffError(Exception):
    """As much was read as there is room or time for."""


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
            matched = set().union(*(self._join(variant, truths, labelled) for variant, labelled in found.items()))
            self.reading.unmatched_labels = len(truths) - len(matched)
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

    def _truths(self) -> Truths:
        truths = Truths()
        try:
            for line in self._labels():
                truth = line.found
                if isinstance(truth, UnreadableLabelError):
                    self.reading.add_unusable(line.file, line.number, truth)
                    continue
                if self._is_too_much(truths.rows + len(truth.labels)):
                    break
                truths.add(line, truth)
        except CutOffError as error:
            self.reading.cut_off = str(error)
        self.reading.labels = len(truths)
        return truths

    def _labels(self) -> Iterator[LabelLine]:
        """Raises CutOffError."""
        prefix, most = ModelPrefix(self.request.model), self.reading.bytes_read + MOST_BYTES
        files = self.files.stored(prefix.ground_truth, self.request.started_at, self.until)
        for stored in sorted(files, key=lambda each: each.arrival):  # as they came: the later label counts
            name, blocks = stored.key.removeprefix(prefix.root), self.files.blocks(stored.key)
            unpacked = gunzipped(blocks, whole=True) if is_packed(name) else blocks
            yield from read_label_file(name, self._bounded(unpacked, most), self.definition.data.target)

    def _join(self, variant: str, truths: Truths, labelled: Labelled) -> set[str]:
        """The ids of the labels that were of its requests."""
        joined: set[str] = set()  # a request that was captured twice counts once
        for captured in self._captures(variant):
            key = truths.key_of(captured)
            if key is None or key in joined:
                continue
            joined.add(key)
            truth = truths[key]
            try:
                labelled.add(captured.answers, truth.of_rows(len(captured.answers)))
            except UnreadableLabelError as error:
                self.reading.add_unusable(truth.file, truth.line, error)
        return joined

    def _captures(self, variant: str) -> Iterator[Captured]:
        prefix = f"{ModelPrefix(self.request.model).captures}{self.request.endpoint_name}/{variant}/"
        for line in self._lines(prefix):
            self.reading.captures += 1
            try:
                yield read_capture(line, self.definition.data.task)
            except UnreadableAnswerError:
                self.reading.unreadable += 1

    def _lines(self, prefix: str) -> Iterator[str]:
        lines = self.files.lines(prefix, self.request.started_at, self.until)
        try:
            for line in self._bounded(lines, self.reading.bytes_read + MOST_BYTES):
                yield line.decode("utf-8", "replace")
        except CutOffError as error:
            self.reading.cut_off = str(error)

    def _bounded(self, parts: Iterable[bytes], most: int) -> Iterator[bytes]:
        """The parts until `most` bytes are read altogether, or time runs out. Raises CutOffError."""
        for part in parts:
            if self.reading.bytes_read >= most:
                raise CutOffError(f"only the first {MOST_BYTES:,} bytes were read")
            if self.seconds_left() < RESERVED_SECONDS:
                raise CutOffError("time ran out before all captures were read")
            self.reading.bytes_read += len(part)
            yield part

    def _is_too_much(self, rows: int) -> bool:
        if rows <= MOST_ROWS:
            return False
        self.reading.cut_off = f"only the first {MOST_ROWS:,} rows were looked at"
        return True
