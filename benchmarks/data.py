"""Large files to compare on: real or generated customers, drawn again and again, each with a key of its own."""

import csv
import json
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import ROOT
from sluice.definition import parse_definition
from sluice.plan import definition_document

TELCO = ROOT.parent / "shared" / "data" / "telco_churn.csv"
SLUICE = Path(sys.executable).with_name("sluice")


@dataclass(frozen=True)
class Customers:
    """A file of customers and what their columns mean."""

    path: Path
    definition: Path
    key: str
    target: str
    rows: int

    @property
    def features(self) -> dict[str, str]:
        """Type by name: numeric or categorical."""
        document = json.loads(self.definition.read_text(encoding="utf-8"))
        return {name: feature["type"] for name, feature in document["data"]["features"].items()}


def small_customers(folder: Path) -> tuple[Path, str]:
    """Some thousand customers and the name of the target: Telco's where they are at hand, else the churn example."""
    if TELCO.exists():
        return TELCO, "Churn"
    generated = folder / "churn.csv"
    script = ROOT / "examples/churn/generate.py"
    generate = [sys.executable, script, "--rows", "7000", "--seed", "7", "--out", generated]
    subprocess.run(generate, check=True)
    return generated, "churned"


def definition(data: Path, target: str, name: str, folder: Path) -> tuple[str, Path]:
    """model.yaml as `sluice init` writes it, and the definition.json that the scripts read."""
    inferred = folder / "model.yaml"
    subprocess.run(
        [SLUICE, "init", data, "--target", target, "--name", name, "--out", inferred], check=True, capture_output=True
    )
    written = folder / "definition.json"
    written.write_text(definition_document(parse_definition(inferred.read_text())))
    return inferred.read_text(), written


def customers(rows: int, folder: Path, seed: int = 1) -> Customers:
    """rows lines drawn with replacement; the key column counts up."""
    small, target = small_customers(folder)
    _, written = definition(small, target, "bench", folder)
    key = json.loads(written.read_text(encoding="utf-8"))["data"]["key"]
    path = folder / f"customers-{rows}.csv"
    header, lines = _without(small, key)
    draw = random.Random(seed).choices
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(f"{key},{header}\n")
        for start in range(0, rows, 100_000):
            drawn = draw(lines, k=min(100_000, rows - start))
            stream.writelines(f"K{start + at:09d},{line}\n" for at, line in enumerate(drawn))
    return Customers(path, written, key, target, rows)


def _without(path: Path, key: str) -> tuple[str, list[str]]:
    """Header and lines, the key column cut out; the files at hand have no quoted cells."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    at = rows[0].index(key)
    header, *lines = [",".join(cell for position, cell in enumerate(row) if position != at) for row in rows]
    return header, lines
