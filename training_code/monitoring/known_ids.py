"""Which requests are known and which labels there are: on local disk, so that memory does not grow with them.

Ids stand there as 128-bit digests. Several processes may use the same folder.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

# A process that waits for another's block of ids waits for milliseconds; a loaded machine may make more of it.
PATIENCE_SECONDS = 600.0

_TABLES = """
CREATE TABLE IF NOT EXISTS seen (id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS labels (
    id BLOB PRIMARY KEY, labels TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL, matched INTEGER NOT NULL
) WITHOUT ROWID;
"""


def digest(event_id: str) -> bytes:
    return hashlib.blake2b(event_id.encode(errors="surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True)
class Label:
    """labels: by row of the request; None where the row's is not known. file, line: where it stands.

    whole: there is one for each row of the request, or it is wrong; else only some rows are named.
    """

    labels: tuple[str | None, ...]
    file: str
    line: int
    whole: bool = True


class KnownIds:
    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "ids.sqlite3", timeout=PATIENCE_SECONDS, isolation_level=None)
        # What is here is not needed after a crash.
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA journal_mode = MEMORY")
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        self._connection.close()

    def claim(self, ids: Iterable[bytes]) -> list[bool]:
        """For each id whether it is new; from now on none of them is."""
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        new = [execute("INSERT OR IGNORE INTO seen VALUES (?)", (one,)).rowcount == 1 for one in ids]
        execute("COMMIT")
        return new

    @property
    def has_labels(self) -> bool:
        return self._connection.execute("SELECT 1 FROM labels LIMIT 1").fetchone() is not None

    def put_labels(self, labels: Iterable[tuple[str, Label]]) -> "LabelCounts":
        """By id; a later one replaces an earlier one. Those that were there already are counted."""
        duplicates = conflicting = 0
        self._connection.execute("BEGIN IMMEDIATE")
        for name, label in labels:
            key = digest(name)
            before = self._label(key)
            joined = label if before is None else _joined(before, label)
            if before is not None and _overlap(before, label):
                same = joined.labels == before.labels
                duplicates += same
                conflicting += not same
            self._connection.execute(
                "INSERT OR REPLACE INTO labels VALUES (?, ?, ?, ?, 0)",
                (key, json.dumps([joined.whole, *joined.labels]), label.file, label.line),
            )
        self._connection.execute("COMMIT")
        return LabelCounts(duplicates, conflicting)

    def find_labels(self, wanted: Sequence[tuple[bytes, ...]]) -> list[Label | None]:
        """For each request the label of the first of its ids that has one; those are matched from now on."""
        found, matched = [], []
        for keys in wanted:
            key, label = next(((key, label) for key in keys if (label := self._label(key))), (b"", None))
            found.append(label)
            if label is not None:
                matched.append((key,))
        if matched:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("UPDATE labels SET matched = 1 WHERE id = ?", matched)
            self._connection.execute("COMMIT")
        return found

    def unmatched(self) -> int:
        count: int = self._connection.execute("SELECT count(*) FROM labels WHERE matched = 0").fetchone()[0]
        return count

    def _label(self, key: bytes) -> Label | None:
        row = self._connection.execute("SELECT labels, file, line FROM labels WHERE id = ?", (key,)).fetchone()
        if row is None:
            return None
        whole, *labels = json.loads(row[0])
        return Label(tuple(labels), row[1], row[2], whole)


@dataclass(frozen=True)
class LabelCounts:
    duplicates: int
    conflicting: int


def _overlap(before: Label, label: Label) -> bool:
    """Both label the same row."""
    both = zip(before.labels, label.labels, strict=False)
    return any(old is not None and new is not None for old, new in both)


def _joined(before: Label, label: Label) -> Label:
    """Labels of single rows complete each other; a label of a whole request replaces what was there."""
    if label.whole or before.whole:
        return label
    size = max(len(before.labels), len(label.labels))
    old, new = (one.labels + (None,) * (size - len(one.labels)) for one in (before, label))
    merged = tuple(a if b is None else b for a, b in zip(old, new, strict=True))
    return Label(merged, label.file, label.line, whole=False)
