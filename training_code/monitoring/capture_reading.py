"""Files of captured requests into a WindowTally: each request once, by the rules of the window.

A request that is there twice (whatever wrote captures may write one twice) is counted once. One of the window is
counted, and one of the hours before it whose capture came late, unless it is known from an earlier check.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitoring.answered import AnswerReader, Answers, NoAnswer
from monitoring.captures import Captured, UnreadableLine, parse_capture, parse_event, read_lines
from monitoring.feeding import Exchange, Feeder
from monitoring.known_ids import KnownIds, digest
from monitoring.labels import Label
from monitoring.request_rows import RowReader
from monitoring.truths import TruthReader
from monitoring.window import Window
from monitoring.window_tally import (
    DUPLICATES,
    LATE,
    OTHER_VERSIONS,
    OUTSIDE_WINDOW,
    REQUESTS,
    ROWS,
    UNANSWERED,
    WindowTally,
)
from serving.bad_request import BadRequest

# inferenceId of the golden records that a new deployment is asked before it counts: nobody's requests.
SMOKE_TEST = "sluice-smoke-test"

CHUNK_LINES, CHUNK_BYTES = 1000, 8 << 20


@dataclass(frozen=True)
class NamedFile:
    """name: what a person knows it by."""

    path: Path
    name: str
    size: int


@dataclass(frozen=True)
class Readers:
    rows: RowReader
    answers: AnswerReader
    truths: TruthReader
    window: Window
    version: str


class CaptureReader:
    def __init__(self, readers: Readers, known: KnownIds, tally: WindowTally, feeder: Feeder) -> None:
        self._readers, self._known, self._tally, self._feeder = readers, known, tally, feeder
        self._window = readers.window
        self._has_labels = known.has_labels

    def read_captures(self, file: NamedFile) -> None:
        """Objects that no check has seen."""
        for chunk in self._chunks(file):
            captured = []
            for number, line in chunk:
                try:
                    captured.append(parse_capture(line, number))
                except UnreadableLine as error:
                    self._tally.unreadable.add(file.name, number, str(error))
            self._count(file, self._new([one for one in captured if one.inference_id != SMOKE_TEST]))

    def read_earlier(self, file: NamedFile) -> None:
        """Objects that an earlier check has counted: their labels are new. What could not be read was said then.

        A request that belongs to this window, in an object of the hour before, is counted now: no check has.
        """
        for chunk in self._chunks(file, tells=False):
            lines, events = {}, []
            for number, line in chunk:
                try:
                    events.append(parse_event(line, number))
                except UnreadableLine:
                    continue
                lines[number] = line
            new = [one for one in self._known_now(events) if self._is_ours(one) and one.inference_id != SMOKE_TEST]
            labels = self._labels(new)
            kept = [(event, label) for event, label in zip(new, labels, strict=True) if label or self._in_window(event)]
            for event, label in kept:
                self._take_earlier(file, lines[event.line], event, label)

    def _take_earlier(self, file: NamedFile, line: bytes, event: Captured, label: Label | None) -> None:
        try:
            self._take(file, parse_capture(line, event.line), label, counted=self._in_window(event))
        except UnreadableLine as error:
            if self._in_window(event):
                self._tally.unreadable.add(file.name, event.line, str(error))

    def _chunks(self, file: NamedFile, tells: bool = True) -> Iterable[list[tuple[int, bytes]]]:
        chunk: list[tuple[int, bytes]] = []
        size = number = 0
        try:
            for number, line in enumerate(read_lines(file.path), start=1):
                if line.isspace():
                    continue
                chunk.append((number, line))
                size += len(line)
                if len(chunk) == CHUNK_LINES or size >= CHUNK_BYTES:
                    yield chunk
                    chunk, size = [], 0
        except UnreadableLine as error:
            if tells:
                self._tally.unreadable.add(file.name, number + 1, str(error))
        yield chunk

    def _known_now(self, captured: Sequence[Captured]) -> list[Captured]:
        """Those that were not known before."""
        new = self._known.claim([digest(one.event_id) for one in captured])
        return [one for one, is_new in zip(captured, new, strict=True) if is_new]

    def _new(self, captured: Sequence[Captured]) -> list[Captured]:
        """As _known_now, and what is left out is counted."""
        new = self._known_now(captured)
        self._tally.counts[DUPLICATES] += len(captured) - len(new)
        kept = []
        for one in new:
            if not self._window.holds(one.at):
                self._tally.counts[OUTSIDE_WINDOW] += 1
            elif one.at < self._window.not_before:
                self._tally.counts[OTHER_VERSIONS] += 1
            else:
                kept.append(one)
        return kept

    def _count(self, file: NamedFile, captured: Sequence[Captured]) -> None:
        for one, label in zip(captured, self._labels(captured), strict=True):
            self._take(file, one, label, counted=True)

    def _labels(self, captured: Sequence[Captured]) -> list[Label | None]:
        if not self._has_labels:
            return [None] * len(captured)
        return self._known.find_labels([_keys(one) for one in captured])

    def _is_ours(self, one: Captured) -> bool:
        return self._window.holds(one.at) and one.at >= self._window.not_before

    def _in_window(self, one: Captured) -> bool:
        return self._window.start <= one.at < self._window.end

    def _take(self, file: NamedFile, one: Captured, label: Label | None, counted: bool) -> None:
        """counted: else only its labels are of interest."""
        try:
            if one.sent is None:
                raise BadRequest("it holds no request: let data capture keep input and output")
            request = self._readers.rows.read(one.sent)
        except BadRequest as error:
            if counted:
                self._tally.unreadable.add(file.name, one.line, str(error))
            return
        answers = self._answers(one, len(request.rows))
        if answers is not None and answers.version not in (None, self._readers.version):
            self._tally.counts[OTHER_VERSIONS] += counted
            return
        if counted:
            counts = self._tally.counts
            counts[REQUESTS] += 1
            counts[ROWS] += len(request.rows)
            counts[LATE] += one.at < self._window.start
            counts[UNANSWERED] += answers is None
            self._tally.add_columns(request)
        truths = [] if answers is None else self._truths(one, label, len(request.rows), counted)
        self._feeder.add(Exchange(one.event_id, one.at, request.rows, answers, truths), counted)

    def _answers(self, one: Captured, rows: int) -> Answers | None:
        if one.answered is None:
            return None
        try:
            return self._readers.answers.read(one.answered, rows)
        except NoAnswer:
            return None

    def _truths(self, one: Captured, label: Label | None, rows: int, counted: bool) -> list[float]:
        """What is wrong is told with the request, because its labels may stand in several files: of the last one."""
        if label is None:
            return []
        request = one.inference_id or one.event_id
        try:
            truths, wrong = self._readers.truths.values(label, rows)
        except UnreadableLine as error:
            self._tally.unreadable.add(label.file, label.line, f"a label of {request}: {error}")
            return []
        for problem in wrong:
            self._tally.unreadable.add(label.file, label.line, f"a label of {request}, {problem}")
        if all(map(math.isnan, truths)):
            return []
        self._tally.truths.requests += counted
        self._tally.truths.earlier_requests += not counted
        return truths


def _keys(one: Captured) -> tuple[bytes, ...]:
    """By inferenceId first, as Model Monitor joins."""
    return (digest(one.inference_id), digest(one.event_id)) if one.inference_id else (digest(one.event_id),)
