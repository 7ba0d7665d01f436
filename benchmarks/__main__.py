"""Every comparison, both sides in one run: writes results.json and results.md, and prints the table.

make bench                                       all of it, about twenty-five minutes on 2 cores
make bench ARGS='--only inference --rounds 5'    one part, printed and not written
make bench ARGS='--only inference --update'      one part, written into the results that are there
make bench ARGS='--rows 100000 --out /tmp'       a quick look, written elsewhere
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import (
    drift,
    endpoint,
    gate,
    inference,
    inference_api,
    monitor,
    preprocess,
    results,
    serving,
    training,
    tuning,
)
from benchmarks.data import Customers, customers
from benchmarks.results import Row

PARTS: dict[str, Callable[[Customers, Path, int], list[Row]]] = {
    "preprocess": preprocess.rows,
    "training": training.rows,
    "inference": inference.rows,
    "inference-api": inference_api.rows,
    "serving": serving.rows,
    "endpoint": endpoint.rows,
    "tuning": tuning.rows,
    "gate": gate.rows,
    "drift": drift.rows,
    "monitor": monitor.rows,
}
HERE = Path(__file__).parent


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000_000, help="of the large file (default: 2,000,000)")
    parser.add_argument("--rounds", type=int, default=3, help="of each comparison; the median counts (default: 3)")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; may be given again")
    parser.add_argument("--update", action="store_true", help="keep the other rows of results.json")
    parser.add_argument("--out", type=Path, help="folder for results.json and results.md (default: benchmarks/)")
    return parser.parse_args(argv)


def main(argv: list[str]) -> None:
    arguments = parse_arguments(argv)
    parts = arguments.only or list(PARTS)
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        rows = list(_measure(parts, arguments.rows, arguments.rounds, Path(folder)))
    out = arguments.out or (None if arguments.only and not arguments.update else HERE)
    found = results.document(rows)
    if arguments.update:
        found = results.updated(results.read(out or HERE), found)
    print(f"\n{results.table(found)}")
    if out:
        results.write(found, out)


def _measure(parts: list[str], rows: int, rounds: int, folder: Path) -> Iterator[Row]:
    print(f"making {rows:,} customers", file=sys.stderr, flush=True)
    data = customers(rows, folder)
    for part in parts:
        print(f"measuring {part}", file=sys.stderr, flush=True)
        for row in PARTS[part](data, folder, rounds):
            print(f"  {row.name}: {row.ratio:.2f}", file=sys.stderr, flush=True)
            yield row


if __name__ == "__main__":
    main(sys.argv[1:])
