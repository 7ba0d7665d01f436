import gzip
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.batch import ScoringFile
from sluice.uploads import UnusableUploadError, gunzipped
from tests.definitions import definition

DATA = definition(data__drop=["note"]).data
HEADER = b"id,age,plan\n"


def opened(body: bytes, chunk: int = 1 << 20, longest_line: int = 1000) -> ScoringFile:
    def chunks() -> Iterator[bytes]:
        yield from (body[at : at + chunk] for at in range(0, len(body), chunk))

    return ScoringFile(chunks(), DATA, longest_line)


def rows_of(body: bytes, chunk: int = 1 << 20) -> bytes:
    return b"".join(opened(body, chunk).blocks())


def test_rows_are_handed_on_as_they_are() -> None:
    file = opened(HEADER + b"1,30,basic\n2,41,plus\n")

    assert b"".join(file.blocks()) == b"1,30,basic\n2,41,plus\n"
    assert (file.columns, file.rows) == (("id", "age", "plan"), 2)
    assert file.header_line() == HEADER


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + HEADER + b"1,30,basic\n2,41,plus\n",
        b"id,age,plan\r\n1,30,basic\r\n2,41,plus\r\n",
        b"id , age,plan\n1,30,basic\n2,41,plus",
        b"\n\r\nid,age,plan\n\n1,30,basic\n\n2,41,plus\n\n\n",
        b'"id","age","plan"\n1,30,basic\n2,41,plus\n',
    ],
    ids=["byte order mark", "carriage returns", "no end, spaces", "blank lines", "quoted header"],
)
@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_what_a_job_would_stumble_over_is_smoothed(body: bytes, chunk: int) -> None:
    file = opened(body, chunk)

    assert b"".join(file.blocks()) == b"1,30,basic\n2,41,plus\n"
    assert (file.rows, file.header_line()) == (2, HEADER)


@given(st.integers(1, 200), st.integers(0, 40))
def test_where_chunks_end_does_not_matter(chunk: int, rows: int) -> None:
    lines = b"".join(b'%d,%d,"a, ""b"" \xc3\xbc"\r\n' % (row, row) for row in range(rows + 1))

    assert rows_of(HEADER + lines, chunk) == lines.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (HEADER, "a header and no rows"),
        (HEADER + b"\n\n", "a header and no rows"),
        (b"id,age\n1,2\n", "column 'plan' is missing from the header"),
        (b"id,Age,plan\n1,2,a\n", "is 'Age' meant?"),
        (b"id;age;plan\n1;2;a\n", "separated by ';': write it with commas"),
        (b'"id"\t"age"\t"plan"\n1\t2\ta\n', r"separated by '\\t'"),
        (b"id,age,plan,color\n1,2,a,red\n", "does not know column 'color': take it out"),
        (b"id,age,plan,age\n1,2,a,3\n", "column 'age' stands twice"),
        (b'id,age,"pl\nan"\n1,2,a\n', "the header is not a line of CSV"),
        (HEADER + b"1,2,a\n\n2,3\n", "line 4 has 2 cells, the header 3"),
        (HEADER + b'1,2,"a\nb"\n', "line 2 is not a whole row"),
        (HEADER + b'1,2,"a"\n2,3,"b,c",d\n', "line 3 has 4 cells, the header 3"),
        (HEADER + b"1,2,a\rb\n", "line 2 holds a carriage return that ends no line"),
        (b"id,age,plan\r1,2,a\r", "line 1 holds a carriage return"),
        (HEADER + b"1,2,b\xe4sic\n", "is not UTF-8: byte 17 is 0xe4"),
        (HEADER + b"1,2," + b"a" * 1000 + b"\n", "line 2 has more than 1,003 bytes, and one request takes 1,000"),
    ],
)
def test_what_cannot_be_scored_line_by_line_is_refused_with_its_place(body: bytes, reason: str) -> None:
    with pytest.raises(UnusableUploadError, match=reason.replace("(", r"\(").replace("?", r"\?")):
        rows_of(body)


def test_a_line_without_an_end_is_not_read_to_the_end_of_the_file() -> None:
    seen = 0

    def endless() -> Iterator[bytes]:
        nonlocal seen
        yield HEADER
        while True:
            seen += 1
            yield b"x" * 400

    file = ScoringFile(endless(), DATA, 1000)

    with pytest.raises(UnusableUploadError, match="line 2 has more than 1,199 bytes"):
        list(file.blocks())
    assert seen == 3


def test_the_number_of_a_bad_line_counts_across_blocks() -> None:
    body = HEADER + b"1,2,a\n" * 500 + b"1,2\n"

    with pytest.raises(UnusableUploadError, match="line 502 has 2 cells"):
        rows_of(body, chunk=64)


def test_a_packed_file_is_unpacked_on_the_way() -> None:
    packed = gzip.compress(HEADER + b"1,30,basic\n")

    file = ScoringFile(gunzipped([packed], whole=True), DATA, 1000)

    assert b"".join(file.blocks()) == b"1,30,basic\n"


def test_too_much_is_refused_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluice.batch.scoring_file.MOST_BYTES", 100)

    with pytest.raises(UnusableUploadError, match="cut it into several files"):
        rows_of(HEADER + b"1,2,a\n" * 50, chunk=32)


def test_one_column_alone_has_rows_too() -> None:
    data = definition(data__features={"age": {"type": "numeric"}}).data

    file = ScoringFile([b"age\n1\n\n2\n"], data, 1000)

    assert b"".join(file.blocks()) == b"1\n2\n"
    assert file.rows == 2
