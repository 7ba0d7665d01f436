"""Labels of many rows: in blocks of whatever size they are the same, and they take no time that grows with a square."""

import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.known_ids import KnownIds, digest
from monitoring.labels import Label, LabelCounts, label_of_request, label_of_row

IDS = ("e", "f", "g")
TEXTS = st.sampled_from(["Yes", "No"])
Put = list[tuple[str, Label]]


def _found(
    folder: Path, put: list[tuple[str, int, list[str]]], **blocks: int
) -> tuple[LabelCounts, list[Label | None]]:
    """put: id, row (-1 for the whole request), texts."""
    labels = [
        (key, label_of_request(texts, "a", at) if row < 0 else label_of_row(row, texts[0], "a", at))
        for at, (key, row, texts) in enumerate(put)
    ]
    for left in folder.iterdir():
        left.unlink()
    with closing(KnownIds(folder)) as known:
        return known.put_labels(labels, **blocks), known.find_labels([(digest(key),) for key in IDS])


@settings(max_examples=30)
@given(
    put=st.lists(st.tuples(st.sampled_from(IDS), st.integers(-1, 3), st.lists(TEXTS, min_size=1, max_size=3))),
    ids=st.integers(1, 3),
    texts=st.integers(1, 8),
)
def test_where_blocks_end_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, put: list[tuple[str, int, list[str]]], ids: int, texts: int
) -> None:
    folder = tmp_path_factory.mktemp("known")

    assert _found(folder, put, block_ids=ids, block_texts=texts) == _found(folder, put)


def test_a_large_request_labelled_row_by_row_takes_seconds(tmp_path: Path) -> None:
    labels = ((f"e{at}" if at % 2 else "e", label_of_row(at, "Yes", "a", at)) for at in range(40_000))
    with closing(KnownIds(tmp_path)) as known:
        started = time.process_time()
        known.put_labels(labels)
        spent = time.process_time() - started

        found = known.find_labels([(digest("e"),)])[0]

    assert found is not None
    assert len(found.texts) == 20_000
    # Each row written with all before it takes over half a minute.
    assert spent < 10
