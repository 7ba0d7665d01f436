"""The data of the demo: a file of the user's, with a definition that is inferred from it."""

import csv
from pathlib import Path

from cli.commands.init import render_checked, upload_problems
from cli.demo.findings import Dataset
from cli.demo.stages import Results, Tell
from cli.profiling.model_yaml import model_name_from
from cli.profiling.proposal import propose
from cli.profiling.raw_rows import header_and_rows
from cli.profiling.reading import Table, read_table
from sluice.definition import parse_definition


def run(file: Path, target: str, key: str | None, folder: Path, results: Results, tell: Tell) -> Dataset:
    """The definition is left in `folder`, and a copy of the file where runs would not take it as it is."""
    table = read_table(file)
    proposal = propose(table.frame, target, key)
    name = model_name_from(file)
    text = render_checked(proposal, name, file.name, table, retrain=True)
    definition_file = folder / "model.yaml"
    definition_file.write_text(text, encoding="utf-8")
    for warning in proposal.warnings:
        tell(f"check {warning}")
    if any(upload_problems(file, table)):
        tell(f"{file} is {table.dialect}: uploaded as comma-separated UTF-8")
        path = copy_as_csv(file, folder / f"{name}.csv")
    else:
        path = file
    tell(f"inferred definition: {definition_file}")
    return Dataset(path, text, parse_definition(text), _count_rows(file, table), str(file))


def copy_as_csv(source: Path, target: Path) -> Path:
    with target.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written, lineterminator="\n").writerows(header_and_rows(source))
    return target


def _count_rows(file: Path, table: Table) -> int:
    return sum(1 for _ in header_and_rows(file)) - 1 if table.truncated else len(table.frame)
