"""The data of the demo: the churn example, generated, with the definition that lies beside its generator."""

import subprocess
import sys
from pathlib import Path

from cli.demo.findings import Dataset
from cli.demo.stages import Results, StageFailedError, Tell
from sluice.definition import parse_definition

ROWS = 20_000
SEED = 7
_EXAMPLE = Path("examples") / "churn"


def run(root: Path, folder: Path, results: Results, tell: Tell) -> Dataset:
    """`root` is the checkout; the CSV goes into `folder`."""
    path = folder / "churn.csv"
    script = root / _EXAMPLE / "generate.py"
    arguments = [sys.executable, str(script), "--rows", str(ROWS), "--seed", str(SEED), "--out", str(path)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StageFailedError(f"{script} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    text = (root / _EXAMPLE / "model.yaml").read_text(encoding="utf-8")
    return Dataset(path, text, parse_definition(text), ROWS, f"generated churn (seed {SEED})")
