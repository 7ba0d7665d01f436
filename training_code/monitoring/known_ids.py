"""Which requests are known and which labels there are: on local disk, so that memory does not grow with them.

Ids stand there as 128-bit digests. Several processes may use the same folder.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A process that waits for another's block of ids waits for milliseconds; a loaded machine may make more of it.
PATIENCE_SECONDS = 600.0
# SQLite takes 999 values in any version.
MOST_VARIABLES = 999

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

    def claim(self, ids: Sequence[bytes]) -> list[bool]:
        """For each id whether it is new; from now on none of them is."""
        with self._transaction():
            known = {found for (found,) in self._select("SELECT id FROM seen WHERE id IN", ids)}
            new = []
            for one in ids:
                new.append(one not in known)
                known.add(one)
            inserted = [(one,) for one, is_new in zip(ids, new, strict=True) if is_new]
            self._connection.executemany("INSERT INTO seen VALUES (?)", inserted)
        return new

    @property
    def has_labels(self) -> bool:
        return self._connection.execute("SELECT 1 FROM labels LIMIT 1").fetchone() is not None

    def put_labels(self, labels: Iterable[tuple[str, Label]]) -> "LabelCounts":
        """By id; a later one replaces an earlier one. Those that were there already are counted."""
        duplicates = conflicting = 0
        with self._transaction():
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
        return LabelCounts(duplicates, conflicting)

    def find_labels(self, wanted: Sequence[tuple[bytes, ...]]) -> list[Label | None]:
        """For each request the label of the first of its ids that has one; those are matched from now on."""
        keys = [key for one in wanted for key in one]
        rows = self._select("SELECT id, labels, file, line FROM labels WHERE id IN", keys)
        known = {key: _label_of(*rest) for key, *rest in rows}
        found = [next((key for key in one if key in known), None) for one in wanted]
        if known:
            matched = [(key,) for key in found if key]
            with self._transaction():
                self._connection.executemany("UPDATE labels SET matched = 1 WHERE id = ?", matched)
        return [None if key is None else known[key] for key in found]

    def unmatched(self) -> int:
        count: int = self._connection.execute("SELECT count(*) FROM labels WHERE matched = 0").fetchone()[0]
        return count

    def _label(self, key: bytes) -> Label | None:
        row = self._connection.execute("SELECT labels, file, line FROM labels WHERE id = ?", (key,)).fetchone()
        return None if row is None else _label_of(*row)

    def _select(self, query: str, ids: Sequence[bytes]) -> Iterator[tuple[Any, ...]]:
        for at in range(0, len(ids), MOST_VARIABLES):
            part = ids[at : at + MOST_VARIABLES]
            yield from self._connection.execute(f"{query} ({','.join('?' * len(part))})", part)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Others wait. What fails in it ends the whole check: nothing is undone."""
        self._connection.execute("BEGIN IMMEDIATE")
        yield
        self._connection.execute("COMMIT")


def _label_of(labels: str, file: str, line: int) -> Label:
    whole, *texts = json.loads(labels)
    return Label(tuple(texts), file, line, whole)


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
