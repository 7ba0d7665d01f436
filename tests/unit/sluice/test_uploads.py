from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.uploads import Screening, UnusableUploadError, decode_lines, screen
from tests.definitions import definition

DATA = definition(data__drop=["note"]).data
GOOD = "id,age,plan,churned\n1,30,basic,yes\n2,41,plus,no\n"


def screened(text: str, complete: bool = True) -> Screening:
    return screen(text.splitlines(keepends=True), DATA, complete)


def reason(text: str, complete: bool = True) -> str:
    with pytest.raises(UnusableUploadError) as caught:
        screened(text, complete)
    return str(caught.value)


def test_a_good_file_passes() -> None:
    assert screened(GOOD) == Screening(rows=2, complete=True)


def test_a_dropped_column_may_be_there_or_not() -> None:
    assert screened("id,age,plan,churned,note\n1,30,a,yes,x\n2,3,b,no,\n").rows == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the file is empty"),
        ("\n", "the file is empty"),
        ("id,age,plan,churned\n", "holds a header and no rows"),
        ("id,age,plan,Churned\n1,2,a,yes\n", "column 'churned' (the target) is missing from the header; is 'Churned'"),
        ("id;age;plan;churned\n1;2;a;yes\n", "separated by ';', but a comma is expected"),
        ("id\tage\tplan\tchurned\n1\t2\ta\tyes\n", "separated by '\\t', but a comma is expected"),
        ("id,age,plan,churned,color\n1,2,a,yes,red\n", "column 'color' is not in model.yaml"),
        ("id,age,age,plan,churned\n1,2,2,a,yes\n", "column 'age' stands twice"),
        ("id,age,plan,churned\n1,2,a,yes\n2,3,b,yes\n", "holds one class only, 'yes'"),
        ("id,age,plan,churned\n1,2,a,Yes\n2,3,b,No\n", "never holds the positive label 'yes'; it holds 'Yes', 'No'"),
        ("id,age,plan,churned\n1,2,a,yes\n2,3,b,no\n3,3,b,maybe\n", "holds 3 different values"),
        ("id,age,plan,churned\n7,2,a,yes\n8,3,b,no\n7,3,b,no\n", "row 4: key '7' in column 'id' appears a second time"),
    ],
)
def test_an_unusable_file_says_what_where_and_what_to_do(text: str, expected: str) -> None:
    assert expected in reason(text)


def test_what_only_a_whole_file_can_show_is_not_held_against_a_part() -> None:
    assert screened("id,age,plan,churned\n1,2,a,yes\n2,3,b,yes\n", complete=False).complete is False


def test_a_byte_that_is_not_utf8_is_named_by_its_place() -> None:
    with pytest.raises(UnusableUploadError, match="byte 22 is 0xe9"):
        list(decode_lines([b"id,age,plan,churned\n1,", b"\xe9,a,yes\n"]))


def test_a_byte_order_mark_is_not_part_of_the_first_column() -> None:
    lines = decode_lines([b"\xef\xbb\xbfid,age,plan,churned\n1,30,basic,yes\n2,4,b,no\n"])

    assert screen(lines, DATA, complete=True).rows == 2


@given(text=st.text(alphabet="añ\u20ac,\n\r", max_size=60), cut=st.integers(1, 9))
def test_lines_do_not_depend_on_where_the_blocks_end(text: str, cut: int) -> None:
    body = text.encode()
    blocks: Iterable[bytes] = [body[start : start + cut] for start in range(0, len(body), cut)]

    assert "".join(decode_lines(blocks)) == text
