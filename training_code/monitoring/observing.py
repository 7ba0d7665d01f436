"""One pass over what a check is given: the window's captures (or a batch's result), and labels, as Observed.

Captures are read file by file in several processes, each of which gives back its counts; what is known of ids and
labels lies on disk, where all of them see it. So memory does not grow with the traffic.
"""

import gc
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from definition import DataDefinition
from job import BadData
from monitoring.answered import AnswerReader
from monitoring.batch_results import BatchReader
from monitoring.capture_reading import CaptureReader, NamedFile, Readers
from monitoring.check_plan import CheckPlan
from monitoring.feeding import Feeder
from monitoring.ground_truth import read_ground_truth
from monitoring.known_ids import KnownIds
from monitoring.labelled_rows import LabelledRows, join_parts, kept_columns
from monitoring.observed import Observed
from monitoring.reference import Reference
from monitoring.request_rows import RowReader
from monitoring.truths import MEASURED_ROWS, TruthReader
from monitoring.window import Window
from monitoring.window_tally import REQUESTS, WindowTally
from preprocessing.progress import SECONDS_BETWEEN_LINES
from serving.artifact import Artifact

# Files are dealt out in groups of about this size; what is smaller altogether needs no other process.
GROUP_BYTES = 32 << 20

CAPTURES, EARLIER, BATCH = "captures", "earlier", "batch"


@dataclass(frozen=True)
class Inputs:
    """Folders; earlier and ground_truth may be absent. labelled: the file to write, see labelled_rows.py."""

    captures: Path
    earlier: Path
    ground_truth: Path
    labelled: Path


@dataclass(frozen=True)
class Context:
    """What each process needs. work: a folder on disk that all of them see. measured_rows: see truths.py."""

    plan: CheckPlan
    window: Window
    definition: DataDefinition
    reference: Reference
    artifact: Artifact
    work: Path
    seed: int
    measured_rows: int = MEASURED_ROWS

    def columns(self) -> tuple[str, ...]:
        """Beside the features."""
        return kept_columns(self.definition)


@dataclass(frozen=True)
class Group:
    """Files to read one after the other. part: the name of their part of labelled.csv."""

    kind: str
    part: str
    files: tuple[NamedFile, ...]


def observe(inputs: Inputs, context: Context, processes: int, group_bytes: int = GROUP_BYTES) -> Observed:
    """BadData where there is nothing to look at."""
    is_batch = context.plan.source == BATCH
    captures = _files(inputs.captures)
    if not captures and is_batch:
        raise BadData(f"There is no file in {inputs.captures}: a check of a batch needs the batch's result.")
    groups = _groups(BATCH if is_batch else CAPTURES, captures, group_bytes)
    earlier = _groups(EARLIER, _files(inputs.earlier), group_bytes)
    tally = _empty(context)
    # Closed before processes begin: SQLite's connections must not go through a fork.
    with closing(KnownIds(context.work)) as known:
        target, order = context.definition.target, context.plan.ground_truth
        labels = read_ground_truth(inputs.ground_truth, target, known, tally.unreadable, order)
    many = len(groups) + len(earlier) > 2 and not is_batch
    with _reading(context, processes if many else 1) as read:
        # First those before, of which all must be known when the window's come.
        for part in (earlier, groups):
            _join(tally, read(part), part)
    with closing(KnownIds(context.work)) as known:
        unmatched = known.unmatched()
    observed = tally.observed(
        context.artifact.codec, duplicates=labels.duplicates, conflicting=labels.conflicting, unmatched=unmatched
    )
    return replace(observed, kept_rows=_keep_labelled(inputs, context))


def _keep_labelled(inputs: Inputs, context: Context) -> int:
    """Rows of labelled.csv."""
    written = context.work / "written"
    written.mkdir()
    with closing(KnownIds(written)) as known:
        return join_parts(context.work.glob("labelled-*.jsonl"), inputs.labelled, context.definition, known)


def read_group(context: Context, group: Group) -> WindowTally:
    rows = RowReader(context.artifact.codec, context.columns())
    codec, tally = context.artifact.codec, _empty(context)
    answers = AnswerReader(codec, context.artifact.threshold)
    readers = Readers(rows, answers, TruthReader(codec.target), context.window, str(context.plan.version))
    part = LabelledRows(context.work / group.part, context.definition, codec, rows.columns)
    with closing(KnownIds(context.work)) as known, part as labelled, _without_collection():
        feeder = Feeder(tally, codec, rows.columns, context.seed, labelled)
        captures = CaptureReader(readers, known, tally, feeder)
        batch = BatchReader(rows, answers, tally, feeder)
        read = {CAPTURES: captures.read_captures, EARLIER: captures.read_earlier, BATCH: batch.read}[group.kind]
        for file in group.files:
            read(file)
        feeder.finish()
    return tally


@contextmanager
def _without_collection() -> Iterator[None]:
    """Records hold no circles, and Python's search for some is a quarter of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _empty(context: Context) -> WindowTally:
    codec = context.artifact.codec
    columns = RowReader(codec, context.columns()).columns
    return WindowTally(codec, columns, context.reference, context.measured_rows)


def _files(folder: Path) -> list[NamedFile]:
    """By name, which for captures is by hour."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    return [NamedFile(path, path.relative_to(folder).as_posix(), path.stat().st_size) for path in paths]


def _groups(kind: str, files: Sequence[NamedFile], group_bytes: int) -> list[Group]:
    groups: list[list[NamedFile]] = []
    size = group_bytes
    for file in files:
        if size >= group_bytes:
            groups.append([])
            size = 0
        groups[-1].append(file)
        size += file.size
    return [Group(kind, f"labelled-{kind}-{at:06d}.jsonl", tuple(held)) for at, held in enumerate(groups)]


Read = Callable[[Sequence[Group]], Iterator[tuple[WindowTally, Group]]]


@contextmanager
def _reading(context: Context, processes: int) -> Iterator[Read]:
    if processes == 1 or not sys.platform.startswith("linux"):
        yield lambda groups: ((read_group(context, group), group) for group in groups)
        return
    # By fork, which shares what is loaded already: nothing that fork would break (OpenMP) has run by now.
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("fork"), _set_context, (context,))
    with pool:
        yield lambda groups: _in_pool(pool, groups)


def _in_pool(pool: ProcessPoolExecutor, groups: Sequence[Group]) -> Iterator[tuple[WindowTally, Group]]:
    waiting = {pool.submit(_read_in_process, group): group for group in groups}
    for future in as_completed(waiting):
        yield future.result(), waiting.pop(future)


_context: list[Context] = []


def _set_context(context: Context) -> None:
    _context[:] = [context]


def _read_in_process(group: Group) -> WindowTally:
    return read_group(_context[0], group)


def _join(
    tally: WindowTally,
    found: Iterator[tuple[WindowTally, Group]],
    groups: Sequence[Group],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Says every some seconds how far it is."""
    files, read = sum(len(group.files) for group in groups), 0
    started = said = clock()
    for part, group in found:
        tally.join(part)
        read += len(group.files)
        now = clock()
        if now - said >= SECONDS_BETWEEN_LINES:
            said, requests = now, tally.counts[REQUESTS]
            rate = requests / (now - started)
            print(f"read {read:,} of {files:,} files: {requests:,} requests, {rate:,.0f} a second", flush=True)
