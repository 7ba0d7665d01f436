from pathlib import Path

import pytest

from evaluation.holdout import BLOCK_BYTES, read_holdout
from job import BadData


def _read(folder: Path) -> list[dict[str, str]]:
    return [row for batch in read_holdout(folder, {"a": "the target"}) for row in batch.cells.to_pylist()]


def test_cells_are_text_as_they_stand_in_the_file(tmp_path: Path):
    (tmp_path / "holdout.csv").write_text('\ufeffa,"b,\nb"\n 01 ,"x\ny"\nNA,\n,"""q"""\n', encoding="utf-8")
    assert _read(tmp_path) == [
        {"a": " 01 ", "b,\nb": "x\ny"},
        {"a": "NA", "b,\nb": ""},
        {"a": "", "b,\nb": '"q"'},
    ]


def test_several_files_are_read_in_name_order_and_empty_ones_are_no_error(tmp_path: Path):
    texts = {"holdout-b.csv": "b,a\n3,4\n", "holdout-a.csv": "a,b\n1,2\n", "holdout-c.csv": "", "holdout-d.csv": "a,b"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "notes.txt").write_text("not data")
    assert _read(tmp_path) == [{"a": "1", "b": "2"}, {"a": "4", "b": "3"}]


def test_batches_are_small_and_know_their_rows(tmp_path: Path):
    line = "x" * 1000
    rows = 3 * BLOCK_BYTES // 1000
    (tmp_path / "holdout.csv").write_text("a\n" + f"{line}\n" * rows)
    batches = list(read_holdout(tmp_path, {}))
    assert len(batches) >= 3
    assert sum(batch.cells.num_rows for batch in batches) == rows
    assert batches[1].first_row == batches[0].cells.num_rows + 1
    assert batches[1].where(0, "a") == f"holdout.csv, row {batches[1].first_row}, column 'a'"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"b,c\n1,2\n", r"lacks the column 'a' \(the target\); it holds b, c\. Give the one"),
        (b"a,b,b\n1,2,3\n", "names the column b twice"),
        (b"a,b\n1,2\n3\n", "cannot be read after row .*Expected 2 columns, got 1"),
        (b"a,b\n" + b"1,2\n" * 9000 + b"1,\xff\n", "cannot be read after row .*UTF8"),
        (b"a,\xff\n1,2\n", "cannot be read: .*utf-8"),
        (b"", "has no rows"),
        (b"a,b\n", "has no rows"),
        (b"a,b", "has no rows"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: bytes, sentence: str):
    (tmp_path / "holdout.csv").write_bytes(content)
    with pytest.raises(BadData, match=sentence):
        _read(tmp_path)


def test_no_file_at_all(tmp_path: Path):
    with pytest.raises(BadData, match=r"no holdout in .*: preprocess\.py writes it"):
        _read(tmp_path)
