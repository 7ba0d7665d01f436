"""Requests' rows into a WindowTally: gathered to blocks, each column of a block counted at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from codec.codec import BINARY, MULTICLASS, Codec, Floats
from monitoring.answered import NO_CODE, Answers, Score
from monitoring.drawn import DrawnRow, draw_keys
from monitoring.labelled_rows import LabelledRows
from monitoring.request_rows import Row
from monitoring.window_tally import WindowTally

BLOCK_ROWS = 4096

Masks = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]
POSITIVE = 1


@dataclass(frozen=True)
class Exchange:
    """A request, answered or not. at: seconds since 1970. truths: by row, NaN where it is not known."""

    event_id: str
    at: float
    rows: Sequence[Row]
    answers: Answers | None
    truths: Sequence[float] = ()


@dataclass
class _Block:
    rows: list[Row] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    answered: list[bool] = field(default_factory=list)
    truths: list[float] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    of: list[Exchange] = field(default_factory=list)
    """By row."""


class Feeder:
    """counted: whether the rows are the window's; of others only the labels count."""

    def __init__(
        self, tally: WindowTally, codec: Codec, columns: Sequence[str], seed: int, labelled: LabelledRows
    ) -> None:
        self._tally, self._codec, self._columns, self._seed, self._labelled = tally, codec, columns, seed, labelled
        task = codec.target.task
        self._is_binary = task == BINARY
        self._classes = codec.target.classes
        self._unscored: Score = (math.nan,) * len(self._classes) if task == MULTICLASS else math.nan
        self._blocks = {True: _Block(), False: _Block()}

    def add(self, exchange: Exchange, counted: bool) -> None:
        block, rows, answers = self._blocks[counted], exchange.rows, exchange.answers
        size = len(rows)
        block.rows += rows
        block.scores += [self._unscored] * size if answers is None else answers.scores
        block.codes += [NO_CODE] * size if answers is None else answers.codes
        block.answered += [answers is not None] * size
        block.truths += exchange.truths or [math.nan] * size
        block.keys += draw_keys(exchange.event_id, size, self._seed)
        block.of += [exchange] * size
        if len(block.rows) >= BLOCK_ROWS:
            self._count(block, counted)
            self._blocks[counted] = _Block()

    def finish(self) -> None:
        for counted, block in self._blocks.items():
            if block.rows:
                self._count(block, counted)
        self._blocks = {True: _Block(), False: _Block()}

    def _count(self, block: _Block, counted: bool) -> None:
        columns = dict(zip(self._columns, zip(*block.rows, strict=True), strict=True))
        answered = np.array(block.answered)
        codes = np.array(block.codes, dtype=np.int64)
        # Nine digits tell any two 32-bit floats apart, and the baseline's scores are such floats.
        scores: Floats = np.array(block.scores, dtype=np.float32).astype(np.float64)
        if counted:
            for name, tally in self._tally.features.items():
                tally.add_cells(columns[name])
            self._count_answers(scores, codes)
            self._draw(block, answered)
        truths = np.array(block.truths)
        labelled = answered & ~np.isnan(truths)
        selected, positive = self._is_binary & (codes == POSITIVE), self._is_binary & (truths == POSITIVE)
        for part in self._tally.slices:
            part.add(columns[part.slicer.column], answered & counted, selected, labelled, positive)
        self._keep_truths(block, labelled, truths, scores, codes)

    def _count_answers(self, scores: Floats, codes: Codes) -> None:
        by_row = scores.reshape(len(scores), -1)
        # Of several classes the outputs have their names, else there is one, "score".
        for place, name in enumerate(self._classes if by_row.shape[1] > 1 else ("score",)):
            values = by_row[:, place]
            if name in self._tally.outputs:
                self._tally.outputs[name].add(values[~np.isnan(values)])
        if self._tally.labels is not None:
            self._tally.labels.add_cells([self._classes[code] for code in codes.tolist() if code != NO_CODE])

    def _draw(self, block: _Block, answered: Masks) -> None:
        drawn, width = self._tally.drawn, len(self._codec.names)
        low = np.array(block.keys, dtype=np.uint64) <= np.uint64(drawn.highest)
        for at in np.flatnonzero(low & answered).tolist():
            score = block.scores[at]
            number = math.nan if isinstance(score, tuple) else score
            event_id = block.of[at].event_id
            drawn.add(DrawnRow(block.keys[at], event_id, block.rows[at][:width], number, block.codes[at]))

    def _keep_truths(self, block: _Block, labelled: Masks, truths: Floats, scores: Floats, codes: Codes) -> None:
        if not labelled.any():
            return
        keys = np.array(block.keys, dtype=np.uint64)
        self._tally.truths.add(keys[labelled], truths[labelled], scores[labelled], codes[labelled])
        for at in np.flatnonzero(labelled).tolist():
            self._labelled.write(block.of[at].at, block.rows[at], float(truths[at]))
