import csv
import gzip
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definition import DataDefinition, parse_definition
from job import BadData
from preprocessing.parquet_source import parquet_batches
from preprocessing.raw_source import RawBatch, raw_batches
from preprocessing.rejects import MOST_LISTED
from tests.unit.training_code.tiny import definition_document

HEADER = "id,income,visits,city,left\n"
NAMES = HEADER.strip().split(",")

# NUL ends a field for Python's writer; surrogates are no text.
CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["", " ", 'a "quoted" word', "two\nlines", "carriage\r\nreturn", "1;5", "a|b", "tab\there", "a,b", '"', "\ufeff"]
)
ROWS = st.lists(st.tuples(*[CELLS.filter(bool)] * len(NAMES)), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def definition() -> DataDefinition:
    return parse_definition(definition_document())


def _file(folder: Path, text: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _read(folder: Path, definition: DataDefinition, block_bytes: int = 1 << 20) -> list[RawBatch]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return list(raw_batches(files, definition, block_bytes))


def _rows(batches: list[RawBatch]) -> list[dict[str, str | None]]:
    return [row for batch in batches for row in batch.cells.to_pylist()]


@given(
    ROWS,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([256, 1 << 20]),
)
def test_what_a_csv_writer_wrote_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    definition: DataDefinition,
    rows: list[tuple[str, ...]],
    delimiter: str,
    line_end: str,
    quoting: int,
    has_mark: bool,
    is_gzip: bool,
    block_bytes: int,
):
    text = io.StringIO(newline="")
    # Python's writer leaves a lone carriage return unquoted when lines end otherwise.
    quoting = csv.QUOTE_ALL if any("\r" in cell for row in rows for cell in row) else quoting
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows([NAMES, *rows])
    content = text.getvalue().encode("utf-8-sig" if has_mark else "utf-8")
    folder = tmp_path_factory.mktemp("csv")
    _file(folder, gzip.compress(content) if is_gzip else content, "a.csv.gz" if is_gzip else "a.csv")
    assert [tuple(row.values()) for row in _rows(_read(folder, definition, block_bytes))] == rows


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_line_ends_within_cells_survive_the_borders_of_blocks(
    tmp_path: Path, definition: DataDefinition, line_end: str
):
    _file(tmp_path, HEADER.replace("\n", line_end) + f'1,2,3,"a{line_end}b",No{line_end}' * 20)
    for block_bytes in range(40, 80):
        cities = [row["city"] for row in _rows(_read(tmp_path, definition, block_bytes))]
        assert cities == [f"a{line_end}b"] * 20, block_bytes


def test_empty_cells_are_null_and_blank_ones_are_text(tmp_path: Path, definition: DataDefinition):
    _file(tmp_path, HEADER + '007,1.50, ,"",\n')
    assert list(_rows(_read(tmp_path, definition))[0].values()) == ["007", "1.50", " ", None, None]


def test_spaces_around_a_columns_name_are_no_part_of_it(tmp_path: Path, definition: DataDefinition):
    """As when the upload was screened."""
    _file(tmp_path, "id, income ,visits,city,\tleft\n1,2,3,x,No\n")
    assert next(iter(_rows(_read(tmp_path, definition)))) == dict(zip(NAMES, ["1", "2", "3", "x", "No"], strict=True))


def test_several_files_are_one_table_whatever_their_format_and_the_order_of_columns(
    tmp_path: Path, definition: DataDefinition
):
    _file(tmp_path, HEADER + "1,1,1,x,No\n", "a.csv")
    _file(tmp_path, "left;id;income;visits;city\nYes;2;2;2;y\n", "b.csv")
    columns = {"visits": [3, 4], "left": ["No", "Yes"], "city": ["z", None], "income": [1.5, None], "id": [3, 4]}
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "c.parquet")
    batches = _read(tmp_path, definition)
    assert [row["id"] for row in _rows(batches)] == ["1", "2", 3, 4]
    assert [row["left"] for row in _rows(batches)] == ["No", "Yes", "No", "Yes"]
    assert {tuple(batch.cells.schema.names) for batch in batches} == {tuple(NAMES)}
    assert [batch.first for batch in batches if batch.cells.num_rows] == [1, 2, 3]


def test_parquet_comes_in_blocks(tmp_path: Path, definition: DataDefinition):
    columns = {name: [str(n) for n in range(1000)] for name in NAMES}
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    batches = _read(tmp_path, definition, block_bytes=128 * 300)
    assert [(batch.first, batch.cells.num_rows) for batch in batches] == [
        (1, 300),
        (301, 300),
        (601, 300),
        (901, 100),
        (1001, 0),
    ]


@pytest.mark.parametrize(
    ("columns", "rows", "why"),
    [
        ({name: [f"{n:01000}" for n in range(400)] for name in NAMES}, 400, "long cells"),
        ({f"f{n}": [1.5] * 400 for n in range(2000)}, 400, "many columns that all hold one value"),
    ],
)
def test_blocks_of_a_wide_parquet_file_have_few_rows(
    tmp_path: Path, columns: dict[str, list[object]], rows: int, why: str
):
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    _, batches = parquet_batches(tmp_path / "a.parquet", 200_000)
    found = list(batches)
    assert sum(batch.num_rows for batch in found) == rows
    assert max(batch.nbytes for batch in found) < 250_000, why


@pytest.mark.parametrize("block_bytes", [64, 1 << 20])
def test_rows_with_too_few_or_too_many_cells_keep_their_numbers(
    tmp_path: Path, definition: DataDefinition, block_bytes: int
):
    lines = [f"{n},{n},1,x,No" + (",more" if n % 7 == 0 else "") for n in range(1, 61)]
    _file(tmp_path, HEADER + "\n".join(lines) + "\n2,2\n", "a.csv")
    _file(tmp_path, HEADER + "62,4,4,x,No,more\n63,5,5,x,No\n", "b.csv")
    numbers, malformed = [], []
    for batch in _read(tmp_path, definition, block_bytes):
        left_out = batch.malformed.tolist()
        assert set(left_out) <= set(range(batch.first, batch.end))
        numbers += [n for n in range(batch.first, batch.end) if n not in left_out]
        malformed += batch.listed
        assert [reject.row_number for reject in batch.listed] == left_out
        assert [int(row["id"]) for row in batch.cells.to_pylist()] == numbers[len(numbers) - batch.cells.num_rows :]
    assert [reject.row_number for reject in malformed] == [7, 14, 21, 28, 35, 42, 49, 56, 61, 62]
    assert malformed[-2].reason == "the row has 2 cells, the header 5"
    assert malformed[-1].reason == "the row has 6 cells, the header 5"


def test_empty_lines_are_no_rows(tmp_path: Path, definition: DataDefinition):
    _file(tmp_path, "\n" + HEADER + "1,1,1,x,No\n\n\n2,2\n\n3,1,1,x,No\n")
    assert [n for batch in _read(tmp_path, definition) for n in batch.malformed.tolist()] == [2]


def test_of_very_many_malformed_rows_most_are_only_counted(tmp_path: Path, definition: DataDefinition):
    """A whole file of them comes in one piece."""
    _file(tmp_path, HEADER + "1,2\n" * (MOST_LISTED + 500) + "1,1,1,x,No\n1,2\n")
    batches = _read(tmp_path, definition)
    assert sum(len(batch.malformed) for batch in batches) == MOST_LISTED + 501
    assert sum(len(batch.listed) for batch in batches) == MOST_LISTED
    assert batches[-1].end == MOST_LISTED + 503


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "a.csv is empty"),
        (b"id,income,visits,city\n1,1,1,x\n", "lacks the column left; its header is: id, income, visits, city"),
        (b"id:income:visits:city:left\n1:1:1:x:No\n", "Is it separated by commas, semicolons, tabs or bars?"),
        (HEADER.encode() + b"1,1,1,K\xf6ln,No\n", "a.csv is not UTF-8"),
        (b"id,id,income,visits,city,left\n1,1,1,1,x,No\n", "two columns named id"),
        (b"id,income,visits,city,left,new\n1,1,1,x,No,1\n", "does not know: new. Add it to data.features"),
        (b"PAR1 and then nothing of the kind", "a.csv cannot be read as Parquet"),
    ],
)
def test_says_what_is_wrong_with_the_file(tmp_path: Path, definition: DataDefinition, content: bytes, sentence: str):
    _file(tmp_path, content)
    with pytest.raises(BadData, match=sentence.replace("?", r"\?")):
        _read(tmp_path, definition)


def test_a_broken_archive_is_named(tmp_path: Path, definition: DataDefinition):
    whole = gzip.compress(HEADER.encode() + b"1,1,1,x,No\n" * 100_000)
    _file(tmp_path, whole[: len(whole) // 2], "a.csv.gz")
    with pytest.raises(BadData, match=r"a\.csv\.gz cannot be read as CSV"):
        _read(tmp_path, definition)


def test_a_quote_that_is_never_closed(tmp_path: Path, definition: DataDefinition):
    _file(tmp_path, HEADER + '1,1,1,"x,No\n' + "2,2,2,y,No\n" * 1000)
    with pytest.raises(BadData, match=r"a\.csv holds a row of more than .*quoted cell never closed"):
        _read(tmp_path, definition, block_bytes=1000)


def test_lists_have_no_place_in_a_cell(tmp_path: Path, definition: DataDefinition):
    columns = {name: ["1"] for name in NAMES} | {"income": [[1, 2]]}
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(BadData, match="lists or structs in the column 'income'"):
        _read(tmp_path, definition)


@pytest.mark.parametrize("first", ["without", "with"])
def test_a_dropped_column_may_be_in_one_file_only(tmp_path: Path, definition: DataDefinition, first: str):
    without, with_note = HEADER + "1,1,1,x,No\n", HEADER.replace("left", "left,note") + "2,1,1,x,No,n\n"
    _file(tmp_path, without if first == "without" else with_note, "a.csv")
    _file(tmp_path, with_note if first == "without" else without, "b.csv")

    rows = _rows(_read(tmp_path, definition))

    expected = [{}, {}] if first == "without" else [{"note": "n"}, {"note": None}]
    assert [{name: value for name, value in row.items() if name == "note"} for row in rows] == expected
    assert sorted(row["id"] for row in rows) == ["1", "2"]


@pytest.mark.parametrize("first", ["a.csv", "c.csv"])
def test_files_may_differ_in_order_and_in_what_is_dropped(tmp_path: Path, definition: DataDefinition, first: str):
    """As an upload and the labelled rows of production beside it."""
    _file(tmp_path, HEADER + "1,10,2,x,No\n", first)
    _file(tmp_path, "left,note,city,visits,income,id\nYes,n,y,3,20,2\n", "b.csv")

    rows = {row["id"]: row for row in _rows(_read(tmp_path, definition))}

    assert {name: rows["1"][name] for name in NAMES} == dict(zip(NAMES, ["1", "10", "2", "x", "No"], strict=True))
    assert {name: rows["2"][name] for name in NAMES} == dict(zip(NAMES, ["2", "20", "3", "y", "Yes"], strict=True))
    assert rows["1"].get("note") is None
    assert len({tuple(row) for row in rows.values()}) == 1
