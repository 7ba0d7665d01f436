import gzip
import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.definition import Data
from sluice.uploads import Beginning, Screening, UnusableUploadError, format_of, gunzipped, screen, screen_parquet
from tests.definitions import definition

DATA = definition(data__drop=["note"]).data
GOOD = "id,age,plan,churned\n1,30,basic,yes\n2,41,plus,no\n"
FEATURES = {"age": {"type": "numeric"}, "plan": {"type": "categorical"}}


def data_of(task: str, **fields: Any) -> Data:
    return Data.model_validate({"target": "y", "task": task, "features": FEATURES, **fields})


def screened(text: str, data: Data = DATA, limit: int = 1 << 20) -> Screening:
    return screen(Beginning([text.encode()], limit), data)


def reason(text: str, data: Data = DATA, limit: int = 1 << 20) -> str:
    with pytest.raises(UnusableUploadError) as caught:
        screened(text, data, limit)
    return str(caught.value)


def test_a_good_file_passes() -> None:
    assert screened(GOOD) == Screening(rows=2, complete=True)


def test_a_dropped_column_may_be_there_or_not() -> None:
    assert screened("id,age,plan,churned,note\n1,30,a,yes,x\n2,3,b,no,\n").rows == 2


def test_a_dropped_column_that_evaluate_groups_by_must_be_there() -> None:
    with pytest.raises(UnusableUploadError, match="column 'note' is missing from the header"):
        screen(Beginning([GOOD.encode()], 1 << 20), DATA, frozenset({"note"}))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_the_header_fit(delimiter: str) -> None:
    assert screened(GOOD.replace(",", delimiter)).rows == 2


def test_a_delimiter_inside_a_quoted_name_splits_nothing() -> None:
    data = data_of("multiclass", features={"age, in years": {"type": "numeric"}})

    assert screened('"age, in years";y\n1,5;a\n2;b\n', data).rows == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the file is empty"),
        ("\n", "the file is empty"),
        ("id,age,plan,churned\n", "holds a header and no rows"),
        ("id,age,plan,Churned\n1,2,a,yes\n", "column 'churned' (the target) is missing from the header; is 'Churned'"),
        ("id:age:plan:churned\n1:2:a:yes\n", "the columns must be separated by a comma, semicolon, tab or |"),
        ("id;age;plan;Churned\n1;2;a;yes\n", "column 'churned' (the target) is missing from the header; is 'Churned'"),
        ("id,age,plan,churned,color\n1,2,a,yes,red\n", "column 'color' is not in model.yaml"),
        ("id,age,age,plan,churned\n1,2,2,a,yes\n", "column 'age' stands twice"),
        ("id,age,plan,churned\n1,2,a,yes\n2,3,b,yes\n", "holds one class only, 'yes'"),
        ("id,age,plan,churned\n1,2,a,\n2,3,b,NA\n", "holds no value in any row"),
        ("id,age,plan,churned\n1,2,a,Yes\n2,3,b,No\n", "never holds the positive label 'yes'; it holds 'Yes', 'No'"),
        ("id,age,plan,churned\n1,2,a,yes\n2,3,b,no\n3,3,b,maybe\n", "holds 3 different values"),
        ("id,age,plan,churned\n7,2,a,yes\n8,3,b,no\n7,3,b,no\n", "row 4: key '7' in column 'id' appears a second time"),
        ("id,age,plan,churned\n7,2,a,yes\n8,3,b,no\n 7 ,3,b,no\n", "row 4: key '7' in column 'id' appears a second"),
    ],
)
def test_an_unusable_file_says_what_where_and_what_to_do(text: str, expected: str) -> None:
    assert expected in reason(text)


@pytest.mark.parametrize(
    ("data", "text", "expected"),
    [
        (data_of("multiclass"), "age,plan,y\n1,a,red\n2,b,red\n", "at least two classes are needed"),
        (data_of("regression"), "age,plan,y\n1,a,1.5\n2,b,high\n", "row 3: 'high' in column 'y' is not a number"),
        (data_of("regression"), "age,plan,y\n1,a,1.5\n2,b,1_0\n", "row 3: '1_0' in column 'y' is not a number"),
        (data_of("regression"), "age,plan,y\n1,a,inf\n2,b,2\n", "row 2: 'inf' in column 'y' is not a number"),
        (data_of("regression"), "age,plan,y\n1,a,3\n2,b,3.0\n", "less than two different numbers"),
        (data_of("regression", weight="w"), "age,plan,y\n1,a,3\n", "column 'w' is missing from the header"),
    ],
)
def test_the_target_must_suit_its_task(data: Data, text: str, expected: str) -> None:
    assert expected in reason(text, data)


def test_a_target_of_other_tasks_passes_where_it_suits_them() -> None:
    assert screened("age,plan,y\n1,a,red\n2,b,green\n3,b,blue\n", data_of("multiclass")).rows == 3
    assert screened("age,plan,y\n1,a, 1e3\n2,b,-2\n3,b,NA\n", data_of("regression")).rows == 3


def test_numbers_may_be_unreadable_as_often_as_a_run_tolerates() -> None:
    rows = "".join(f"{number},a,{number}\n" for number in range(8))

    assert screened(f"age,plan,y\n{rows}1,a,high\n1,a,low\n", data_of("regression", max_reject_ratio=0.2)).rows == 10


def test_more_values_than_any_classes_are_refused_before_they_fill_the_memory() -> None:
    rows = "".join(f"1,a,{number}\n" for number in range(1200))

    assert "more than 1,000 different values" in reason(f"age,plan,y\n{rows}", data_of("multiclass"))


def test_what_only_a_whole_file_can_show_is_not_held_against_a_part() -> None:
    one_class = "id,age,plan,churned\n1,2,a,yes\n2,3,b,yes\n3,4,b,yes\n"

    screening = screened(one_class, limit=len(one_class) - 1)

    assert (screening.rows, screening.complete) == (1, False)
    assert "Preprocess checks" in screening.left


@pytest.mark.parametrize("cut", range(22, 44))
def test_a_cut_never_makes_a_good_file_bad(cut: int) -> None:
    """Whether it falls into a number, into a letter of several bytes or into a quoted line break."""
    text = 'age,plan,y\n1,a,-1.5e-3\n2,"é\nü",-2\n3,ß,5\n4,a,6\n'

    assert screened(text, data_of("regression"), limit=cut).complete is False


def test_a_byte_that_is_not_utf8_is_named_by_its_place() -> None:
    with pytest.raises(UnusableUploadError, match="byte 22 is 0xe9"):
        list(Beginning([b"id,age,plan,churned\n1,", b"\xe9,a,yes\n"], 100).lines())


def test_a_byte_order_mark_is_not_part_of_the_first_column() -> None:
    body = b"\xef\xbb\xbfid,age,plan,churned\n1,30,basic,yes\n2,4,b,no\n"

    assert screen(Beginning([body], 1000), DATA).rows == 2


@given(text=st.text(alphabet="añ\u20ac\u2028,\n\r", max_size=60), cut=st.integers(1, 9))
def test_lines_do_not_depend_on_where_the_blocks_end(text: str, cut: int) -> None:
    body = text.encode()
    blocks: Iterable[bytes] = [body[start : start + cut] for start in range(0, len(body), cut)]

    lines = list(Beginning(blocks, 1000).lines())

    assert "".join(lines) == text
    assert not any("\n" in line[:-1] for line in lines)


@given(
    parts=st.lists(st.binary(max_size=200), min_size=1, max_size=3), cut=st.integers(1, 50), padding=st.integers(0, 3)
)
def test_archives_are_unpacked_wherever_the_blocks_end(parts: list[bytes], cut: int, padding: int) -> None:
    packed = b"".join(gzip.compress(part) for part in parts) + b"\0" * padding
    blocks = [packed[start : start + cut] for start in range(0, len(packed), cut)]

    assert b"".join(gunzipped(blocks, whole=True)) == b"".join(parts)


def test_blocks_stay_small_however_well_a_file_was_packed() -> None:
    """20 MB in 20 kB: only what is asked for is unpacked, a block at a time."""
    blocks = gunzipped([gzip.compress(b"\0" * 20_000_000)], whole=True)

    assert max(map(len, blocks)) == 1 << 20


def test_screening_reads_no_more_of_an_archive_than_its_limit() -> None:
    endless = (gzip.compress(GOOD.encode()) for _ in iter(int, 1))

    beginning = Beginning(gunzipped(endless, whole=False), limit=1000)

    assert "".join(beginning.lines()).startswith(GOOD)
    assert beginning.complete is False


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (GOOD.encode(), "is not gzip"),
        (gzip.compress(random.Random(1).randbytes(500), mtime=0)[:-20], "cut off before its end"),
    ],
)
def test_a_broken_archive_says_so(body: bytes, expected: str) -> None:
    with pytest.raises(UnusableUploadError, match=expected):
        list(gunzipped([body], whole=True))


@pytest.mark.parametrize(
    ("key", "kind", "gzipped"),
    [
        ("models/m/raw/a.csv", "text", False),
        ("models/m/raw/A.CSV.GZ", "text", True),
        ("models/m/raw/a.tsv", "text", False),
        ("models/m/raw/a.txt.gz", "text", True),
        ("models/m/raw/a.parquet", "parquet", False),
    ],
)
def test_the_name_tells_the_format(key: str, kind: str, gzipped: bool) -> None:
    assert (format_of(key).kind, format_of(key).gzipped) == (kind, gzipped)


@pytest.mark.parametrize("key", ["raw/a.xlsx", "raw/a.parquet.gz", "raw/a.zip", "raw/a", "raw/csv"])
def test_another_name_is_refused_with_the_ones_that_there_are(key: str) -> None:
    with pytest.raises(UnusableUploadError, match=r"is not a data file: upload \.csv"):
        format_of(key)


def parquet(footer: int = 10, size: int = 100, head: bytes = b"PAR1", tail: bytes = b"PAR1") -> Screening:
    return screen_parquet(head + b"....", footer.to_bytes(4, "little") + tail, size)


def test_parquet_is_known_by_both_its_ends_and_the_rest_is_left_to_the_job() -> None:
    screening = parquet()

    assert screening.complete is False
    assert "Preprocess checks" in screening.left


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ({"size": 8}, "is not Parquet"),
        ({"head": b"id,a"}, "is not Parquet"),
        ({"tail": b"...."}, "is cut off"),
        ({"footer": 95}, "its footer is said to take 95 of 100 bytes"),
    ],
)
def test_broken_parquet_says_so(file: dict[str, Any], expected: str) -> None:
    with pytest.raises(UnusableUploadError, match=expected):
        parquet(**file)
