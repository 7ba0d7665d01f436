"""What really happened: files of labels, read into KnownIds.

JSON Lines as Model Monitor takes them (SageMaker Developer Guide, "Ingest ground truth labels"): groundTruthData
{data, encoding CSV} and eventMetadata.eventId; data has a line for each row of the request.

CSV (a name that ends in .csv or .csv.gz) with a header: a column inference_id or event_id, a column label or one with
the target's name, and, where requests have several rows, a column row that counts them from 1. Other columns are
left aside.

The id is the request's inferenceId, else its eventId. All may be packed (.gz).
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from monitoring.captures import UnreadableLine, read_lines
from monitoring.known_ids import KnownIds
from monitoring.labels import Label, LabelCounts, label_of_request, label_of_row
from monitoring.unreadable import UnreadableLog

ID_COLUMNS = ("inference_id", "event_id", "inferenceId", "eventId")
MOST_ROWS = 100_000


def read_ground_truth(
    folder: Path, target: str, known: KnownIds, unreadable: UnreadableLog, order: Sequence[str] = ()
) -> LabelCounts:
    """Of two labels of a row the later one counts. order: of the files; others come after, by their names."""
    return known.put_labels(_labels(folder, target, unreadable, order))


def _labels(folder: Path, target: str, unreadable: UnreadableLog, order: Sequence[str]) -> Iterator[tuple[str, Label]]:
    places = {name: place for place, name in enumerate(order)}

    def place(file: Path) -> tuple[int, str]:
        name = file.relative_to(folder).as_posix()
        return places.get(name, len(places)), name

    for file in sorted((path for path in folder.rglob("*") if path.is_file()), key=place):
        name = f"{folder.name}/{file.relative_to(folder).as_posix()}"
        is_csv = file.name.removesuffix(".gz").lower().endswith(".csv")
        yield from _csv_labels(file, name, target, unreadable) if is_csv else _json_labels(file, name, unreadable)


def _json_labels(file: Path, name: str, unreadable: UnreadableLog) -> Iterator[tuple[str, Label]]:
    number = 0
    try:
        for number, line in enumerate(read_lines(file), start=1):
            if not line.strip():
                continue
            try:
                key, labels = _parse(line)
            except UnreadableLine as error:
                unreadable.add(name, number, f"a label: {error}")
                continue
            yield key, label_of_request(labels, name, number)
    except UnreadableLine as error:
        unreadable.add(name, number + 1, f"labels: {error}")


def _parse(line: bytes) -> tuple[str, tuple[str | None, ...]]:
    try:
        document: dict[str, Any] = json.loads(line)
        truth = document["groundTruthData"]
        if truth.get("encoding", "CSV") != "CSV":
            raise UnreadableLine(f"its encoding {truth['encoding']!r} is not CSV")
        rows = csv.reader(io.StringIO(str(truth["data"])), strict=True)
        labels = tuple(row[0].strip() or None for row in rows if row)
        key = document["eventMetadata"]["eventId"]
    except UnreadableLine:
        raise
    except KeyError as error:
        raise UnreadableLine(f"it lacks {error.args[0]}") from None
    except (ValueError, TypeError, AttributeError, RecursionError, csv.Error) as error:
        raise UnreadableLine(f"it is no label: {error}") from None
    if not labels or not isinstance(key, str) or not key:
        raise UnreadableLine("it holds no label" if key else "its eventId is empty")
    return key, labels


def _csv_labels(file: Path, name: str, target: str, unreadable: UnreadableLog) -> Iterator[tuple[str, Label]]:
    number = 1
    try:
        with (
            gzip.open(file, "rt", encoding="utf-8-sig", newline="")
            if file.suffix == ".gz"
            else file.open(encoding="utf-8-sig", newline="") as stream
        ):
            rows = csv.reader(stream, strict=True)
            places = _places([cell.strip() for cell in next(rows, [])], target)
            for row in rows:
                number = rows.line_num
                if not row:
                    continue
                try:
                    yield _of_row(row, places, name, number)
                except UnreadableLine as error:
                    unreadable.add(name, number, f"a label: {error}")
    except (UnreadableLine, OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        unreadable.add(name, number, f"labels: {error}")


def _places(header: Sequence[str], target: str) -> tuple[int, int, int | None]:
    key = _first(header, ID_COLUMNS)
    label = _first(header, ("label", target))
    if key is None or label is None:
        raise UnreadableLine(f"the header needs the columns inference_id (or event_id) and label (or {target})")
    return key, label, _first(header, ("row",))


def _first(header: Sequence[str], names: Iterable[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _of_row(row: Sequence[str], places: tuple[int, int, int | None], name: str, number: int) -> tuple[str, Label]:
    key_at, label_at, row_at = places
    try:
        key, label = row[key_at].strip(), row[label_at].strip()
        at = 1 if row_at is None else int(row[row_at])
    except (IndexError, ValueError):
        raise UnreadableLine(f"it has {len(row)} cells, or its row is no number") from None
    if not key or not label or not 1 <= at <= MOST_ROWS:
        raise UnreadableLine(f"its id or its label is empty, or its row is not between 1 and {MOST_ROWS:,}")
    if row_at is None:
        return key, label_of_request([label], name, number)
    return key, label_of_row(at - 1, label, name, number)
