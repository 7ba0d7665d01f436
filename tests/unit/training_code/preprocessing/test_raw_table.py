import gzip
from pathlib import Path

import pytest

from definition import DataDefinition, parse_definition
from job import BadData
from preprocessing.raw_table import read_raw_table
from tests.unit.training_code.tiny import definition_document

HEADER = "id,income,visits,city,left\n"


@pytest.fixture
def definition() -> DataDefinition:
    return parse_definition(definition_document())


def _file(folder: Path, text: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_cells_stay_the_text_that_they_are(tmp_path: Path, definition: DataDefinition):
    _file(tmp_path, HEADER + '007,1.50, ,"a, ""b""\nc",No\n')
    cells = read_raw_table(tmp_path, definition).cells.to_pylist()
    assert cells == [{"id": "007", "income": "1.50", "visits": " ", "city": 'a, "b"\nc', "left": "No"}]


def test_several_files_are_one_table_whatever_the_order_of_their_columns(tmp_path: Path, definition: DataDefinition):
    _file(tmp_path, HEADER + "1,1,1,x,No\n", "a.csv")
    _file(tmp_path, "left,id,income,visits,city\nYes,2,2,2,y\n", "b.csv")
    (tmp_path / "_SUCCESS").write_text("")
    raw = read_raw_table(tmp_path, definition)
    assert raw.cells["id"].to_pylist() == ["1", "2"]
    assert raw.cells["left"].to_pylist() == ["No", "Yes"]
    assert raw.numbers.tolist() == [1, 2]


def test_a_byte_order_mark_and_gzip(tmp_path: Path, definition: DataDefinition):
    _file(tmp_path, gzip.compress(b"\xef\xbb\xbf" + HEADER.encode() + b"1,1,1,x,No\n"), "a.csv.gz")
    assert read_raw_table(tmp_path, definition).cells["id"].to_pylist() == ["1"]


def test_rows_with_too_few_or_too_many_cells_are_rejected_by_number(tmp_path: Path, definition: DataDefinition):
    _file(tmp_path, HEADER + "1,1,1,x,No\n2,2\n3,3,3,x,No\n", "a.csv")
    _file(tmp_path, HEADER + "4,4,4,x,No,more\n5,5,5,x,No\n", "b.csv")
    raw = read_raw_table(tmp_path, definition)
    assert raw.numbers.tolist() == [1, 3, 5]
    assert [(reject.row_number, reject.reason) for reject in raw.malformed] == [
        (2, "the row has 2 cells, the header 5"),
        (4, "the row has 6 cells, the header 5"),
    ]
    assert raw.row_count == 5


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "a.csv is empty"),
        (HEADER.encode(), "a.csv holds a header and no rows"),
        (b"id,income,visits,city\n1,1,1,x\n", "lacks the column left; its header is: id, income, visits, city"),
        (b"id;income;visits;city;left\n1;1;1;x;No\n", "Is it separated by commas?"),
        (HEADER.encode() + b"1,1,1,K\xf6ln,No\n", "a.csv is not UTF-8"),
        (b"id,id,income,visits,city,left\n1,1,1,1,x,No\n", "two columns named id"),
        (b"id,income,visits,city,left,new\n1,1,1,x,No,1\n", "does not know: new. Add it to data.features"),
    ],
)
def test_says_what_is_wrong_with_the_file(tmp_path: Path, definition: DataDefinition, content: bytes, sentence: str):
    _file(tmp_path, content)
    with pytest.raises(BadData, match=sentence.replace("?", r"\?")):
        read_raw_table(tmp_path, definition)


def test_files_must_agree_and_be_there(tmp_path: Path, definition: DataDefinition):
    with pytest.raises(BadData, match="no data file in"):
        read_raw_table(tmp_path, definition)
    _file(tmp_path, HEADER + "1,1,1,x,No\n", "a.csv")
    _file(tmp_path, HEADER.replace("left", "left,note") + "1,1,1,x,No,n\n", "b.csv")
    with pytest.raises(BadData, match=r"b.csv and a.csv have different columns"):
        read_raw_table(tmp_path, definition)
