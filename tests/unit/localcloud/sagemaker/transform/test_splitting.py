"""Records and mini-batches."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.sagemaker.transform.splitting import TooLarge, lines, mini_batches, whole

ROWS = [b"id,a", b"1,2", b"3,4", b"5,6"]


def bodies(records: list[bytes], limit: int, *, single: bool = False) -> list[bytes]:
    return [b"\n".join(batch.records) for batch in mini_batches(records, limit, single=single)]


def test_a_newline_ends_a_record_even_inside_quotes() -> None:
    assert list(lines([b"a,b\r\n", b'"x\n', b'y",1\n', b"\n", b"last"])) == [b"a,b", b'"x', b'y",1', b"last"]


def test_the_header_stands_in_the_first_mini_batch_only() -> None:
    assert bodies(ROWS, 8) == [b"id,a\n1,2", b"3,4\n5,6"]


def test_single_record() -> None:
    assert bodies(ROWS, 1000, single=True) == ROWS


def test_a_record_that_is_too_large_is_refused_wherever_it_stands() -> None:
    with pytest.raises(TooLarge, match="more than the 3 bytes"):
        bodies(ROWS, 3)
    with pytest.raises(TooLarge, match="set SplitType Line"):
        whole(b"1234", 3)


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=40), st.integers(9, 40))
def test_nothing_is_lost_and_no_body_is_too_large(records: list[bytes], limit: int) -> None:
    batches = list(mini_batches(records, limit, single=False))

    assert [record for batch in batches for record in batch.records] == records
    assert all(len(b"\n".join(batch.records)) <= limit for batch in batches)
    # As many as fit: the next record never fitted into the one before.
    for batch, following in itertools.pairwise(batches):
        assert len(b"\n".join([*batch.records, following.records[0]])) > limit
