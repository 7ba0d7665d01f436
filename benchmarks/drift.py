"""A check's findings: how often it is wrong about windows of traffic whose truth is known, beside Evidently's defaults.

    python -m benchmarks.drift --windows 10    a quick look, printed and not written

See sides/drift_windows.py for how the windows are made.
"""

import argparse
import json
import os
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from benchmarks import results
from benchmarks.data import Customers
from benchmarks.processes import run_together, side
from benchmarks.results import Row

WINDOWS, REQUESTS = 200, 1_000
FALSE_ALARMS, MISSED = 0.05, 0.05


def rows(data: Customers, folder: Path, rounds: int) -> list[Row]:
    """Neither the large file nor the rounds matter here: the windows are made anew, and each is judged once."""
    return compare(WINDOWS)


def compare(windows: int) -> list[Row]:
    found = _answers(windows)
    of = f"of {windows} windows of {REQUESTS:,} requests"
    return [
        Row(
            f"nothing moved and drift was called in any dimension, {of}",
            found["none ours whole"] / found["none ours"],
            FALSE_ALARMS,
            f"one of twenty; Evidently's defaults: {_of(found, 'none', 'any column')} in any column, "
            f"{_of(found, 'none', 'whole')} for the data set",
            "of the windows",
            1.0,
            aim_is_limit=True,
            why="the tests of a check are wrong more often together than its significance says.",
        ),
        _missed(found, "number", f"half a standard deviation of one number not found, {of}"),
        _missed(found, "category", f"a tenth of the rows from one level to others not found, {of}"),
    ]


def _missed(found: Counter[str], kind: str, name: str) -> Row:
    return Row(
        name,
        1 - found[f"{kind} ours named"] / found[f"{kind} ours"],
        MISSED,
        f"one of twenty; Evidently's defaults: {_of(found, kind, 'named', missed=True)} for the column, "
        f"{_of(found, kind, 'whole', missed=True)} for the data set",
        "of the windows",
        1.0,
        aim_is_limit=True,
        why="the bounds, or the number of tests, let too much pass.",
    )


def _of(found: Counter[str], kind: str, what: str, missed: bool = False) -> str:
    """Evidently's share of the windows that it judged; missed: of those that it did not find."""
    share = found[f"{kind} evidently {what}"] / found[f"{kind} evidently"]
    return f"{1 - share if missed else share:.3g}"


def _answers(windows: int) -> Counter[str]:
    """One process for each core."""
    processes = min(windows, os.cpu_count() or 1)
    bounds = [windows * part // processes for part in range(processes + 1)]
    commands = [side("drift_windows", first, end - first) for first, end in pairwise(bounds)]
    found: Counter[str] = Counter()
    for usage in run_together(commands, [{"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}] * processes):
        # Libraries warn as they are imported.
        found.update(json.loads(usage.output.splitlines()[-1]))
    return found


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.drift", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--windows", type=int, default=WINDOWS, help=f"of each kind (default: {WINDOWS})")
    print(results.table(results.document(compare(parser.parse_args(argv).windows))))


if __name__ == "__main__":
    main(sys.argv[1:])
