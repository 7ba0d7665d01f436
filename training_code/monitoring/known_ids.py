"""Which requests are known and which labels there are: on local disk, so that memory does not grow with them.

Ids stand there as 128-bit digests. Several processes may use the same folder.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from monitoring.labels import Label, LabelCounts

# A process that waits for another's block of ids waits for milliseconds; a loaded machine may make more of it.
PATIENCE_SECONDS = 600.0
# SQLite takes 999 values in any version.
MOST_VARIABLES = 999
# So many labels are held before they are written: of requests, and of their rows (some 150 bytes each).
BLOCK_IDS = 10_000
BLOCK_TEXTS = 500_000

_TABLES = """
CREATE TABLE IF NOT EXISTS seen (id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS labels (
    id BLOB PRIMARY KEY, labels TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL, matched INTEGER NOT NULL
) WITHOUT ROWID;
"""


def digest(event_id: str) -> bytes:
    return hashlib.blake2b(event_id.encode(errors="surrogatepass"), digest_size=16).digest()


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

    def put_labels(
        self, labels: Iterable[tuple[str, Label]], block_ids: int = BLOCK_IDS, block_texts: int = BLOCK_TEXTS
    ) -> LabelCounts:
        """By id; a later one changes an earlier one, and where both label the same row that is counted.

        Block by block, gathered by id: a request's rows may come one by one, and all of them are not to be written for
        each. One process at a time puts labels.
        """
        waiting = iter(labels)
        found = LabelCounts()
        while (first := next(waiting, None)) is not None:
            with self._transaction():
                found += self._put_block(chain([first], waiting), block_ids, block_texts)
        return found

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

    def _put_block(self, labels: Iterator[tuple[str, Label]], block_ids: int, block_texts: int) -> LabelCounts:
        """As many of them as a block takes."""
        held: dict[bytes, Label] = {}
        found, texts = LabelCounts(), 0
        for name, label in labels:
            key = digest(name)
            texts += len(label.texts)
            if key not in held and (stored := self._label(key)) is not None:
                held[key] = stored
                texts += len(stored.texts)
            if key in held:
                found += held[key].change(label)
            else:
                held[key] = label
            if len(held) >= block_ids or texts >= block_texts:
                break
        # In the order of the table, whose pages then are at hand.
        rows = (
            (key, json.dumps([one.whole, one.count, [*one.texts], [*one.texts.values()]]), one.file, one.line)
            for key, one in sorted(held.items())
        )
        self._connection.executemany("INSERT OR REPLACE INTO labels VALUES (?, ?, ?, ?, 0)", rows)
        return found

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
    whole, count, rows, texts = json.loads(labels)
    return Label(dict(zip(rows, texts, strict=True)), count, file, line, whole)
