"""The data of the demo: a file of the user's, with a definition that is inferred from it."""

import csv
from pathlib import Path

from cli.commands.init import render_checked
from cli.demo.findings import Dataset
from cli.demo.stages import Results, Tell
from cli.profiling.model_yaml import model_name_from
from cli.profiling.proposal import propose
from cli.profiling.reading import read_table
from cli.profiling.sniffing import Dialect
from sluice.definition import parse_definition


def run(file: Path, target: str, key: str | None, folder: Path, results: Results, tell: Tell) -> Dataset:
    """The definition and a copy of the file as runs read it are left in `folder`."""
    table = read_table(file)
    proposal = propose(table.frame, target, key)
    name = model_name_from(file.stem)
    text = render_checked(proposal, name, file.name, table)
    definition_file = folder / "model.yaml"
    definition_file.write_text(text, encoding="utf-8")
    for warning in proposal.warnings:
        tell(f"check {warning}")
    path, rows = copy_as_csv(file, table.dialect, folder / f"{name}.csv")
    if not table.dialect.is_canonical:
        tell(f"{file} is {table.dialect}: uploaded as comma-separated UTF-8")
    tell(f"inferred definition: {definition_file}")
    return Dataset(path, text, parse_definition(text), rows, str(file))


def copy_as_csv(source: Path, dialect: Dialect, target: Path) -> tuple[Path, int]:
    """Comma-separated UTF-8, which is what a run reads, and how many data rows there are."""
    rows = -1
    with (
        source.open(encoding=dialect.encoding, newline="") as read,
        target.open("w", encoding="utf-8", newline="") as written,
    ):
        writer = csv.writer(written, lineterminator="\n")
        for row in csv.reader(read, delimiter=dialect.delimiter):
            if row:
                writer.writerow(row)
                rows += 1
    return target, rows
