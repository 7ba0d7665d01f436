import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli.errors import BadInputError
from cli.profiling.reading import read_table
from codec.arrow import text_cells


def write(folder: Path, content: bytes) -> Path:
    path = folder / "data.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "described"),
    [
        (b"a,b\n1,2\n3,4\n", "comma-separated UTF-8"),
        (b"\xef\xbb\xbfa,b\n1,2\n", "comma-separated UTF-8"),
        (b"a;b\n1,5;2,5\n3,5;4,5\n", "semicolon-separated UTF-8"),
        (b"a\tb\n1\t2\n", "tab-separated UTF-8"),
        (b"a|b\n1|2\n", "pipe-separated UTF-8"),
        ("näme,b\nZoë,2\n".encode(), "comma-separated UTF-8"),
        ("näme,b\nZoë,2\n".encode("cp1252"), "comma-separated cp1252"),
        ("a,b\n1,2\n".encode("utf-16"), "comma-separated utf-16"),
        (b'a,b\n"x;y;z",2\n"u;v;w",3\n', "comma-separated UTF-8"),
    ],
)
def test_encoding_and_delimiter_are_found_out(tmp_path: Path, content: bytes, described: str) -> None:
    table = read_table(write(tmp_path, content))
    assert str(table.dialect) == described
    assert len(table.frame.columns) == 2
    assert table.dialect.runs_read_it == described.endswith("UTF-8")


def test_a_packed_file_is_read_as_it_is(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, gzip.compress(b"a;b\n007;x\n")))
    assert str(table.dialect) == "semicolon-separated UTF-8 in gzip"
    assert table.frame.to_numpy().tolist() == [["007", "x"]]


def test_parquet_is_read_as_text(tmp_path: Path) -> None:
    columns = {"n": [1, None, 3], "x": [0.5, 1.0, None], "level": ["a", "b", None]}
    pq.write_table(pa.table(columns), tmp_path / "data.parquet")
    table = read_table(tmp_path / "data.parquet")
    assert str(table.dialect) == "Parquet"
    assert table.dialect.runs_read_it
    assert table.frame.to_dict("list") == {"n": ["1", "", "3"], "x": ["0.5", "1", ""], "level": ["a", "b", ""]}


def test_a_boolean_is_the_word_that_jobs_read(tmp_path: Path) -> None:
    values = [True, False, None]
    pq.write_table(pa.table({"left": values}), tmp_path / "data.parquet")
    table = read_table(tmp_path / "data.parquet")
    of_jobs = text_cells(pa.array(values)).to_pylist()
    assert table.frame.to_dict("list") == {"left": [cell or "" for cell in of_jobs]} == {"left": ["True", "False", ""]}


@pytest.mark.parametrize("cell", [["x"], {"x": 1}, b"x"])
def test_parquet_of_other_things_than_values_is_refused_by_the_columns_name(tmp_path: Path, cell: object) -> None:
    pq.write_table(pa.table({"a": [1], "tags": [cell]}), tmp_path / "data.parquet")
    with pytest.raises(BadInputError, match=r"column 'tags' holds .* Write one text or number per cell"):
        read_table(tmp_path / "data.parquet")


def test_cells_stay_text(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, b" a ,b\n007,NA\n ,x\n"))
    assert list(table.frame.columns) == ["a", "b"]
    assert table.frame.to_numpy().tolist() == [["007", "NA"], [" ", "x"]]


def test_large_files_are_looked_at_in_part_and_say_so(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, b"a,b\n" + b"1,2\n" * 50), max_rows=10)
    assert len(table.frame) == 10
    assert table.looked_at == "the first 10 rows"


def test_exactly_as_many_rows_as_the_limit_are_all_rows(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, b"a,b\n" + b"1,2\n" * 10), max_rows=10)
    assert table.looked_at == "all 10 rows"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n\n  \n", "blank lines only"),
        (b"a,b\n", "a header and no row below it"),
        (b"only\n1\n2\n", "one column only"),
        (b"a,,c\n1,2,3\n", "column 2 has no name"),
        (b"a,b,a\n1,2,3\n", "column 'a' appears twice"),
        (b"a,b\n1,2\n1,2,3,4\n", "Every row needs as many fields as the header"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "cannot be unpacked"),
        (b"PAR1....", "cannot be read as Parquet"),
        (b"PK\x03\x04\x00\x00\x81\x8d", "not text"),
        (b"a,b\n1,\x81\x8d\n", "not text"),
    ],
)
def test_unusable_files_are_refused_with_the_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(BadInputError, match=reason):
        read_table(write(tmp_path, content))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no such file"):
        read_table(tmp_path / "nothing.csv")
