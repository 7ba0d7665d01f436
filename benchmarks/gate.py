"""The gate's comparison with the champion: how often it is wrong, on pairs of models whose truth is known.

    python -m benchmarks.gate --pairs 10    a quick look, printed and not written

See sides/gate_pairs.py for how the pairs are made.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from benchmarks import results
from benchmarks.data import Customers
from benchmarks.processes import run_together, side
from benchmarks.results import Row

PAIRS = 200
LARGE, SMALL = 50_000, 700
FALSE_ALARMS, MISSED = 0.05, 0.1


Share = Callable[[str, int, str, str], float]


def rows(data: Customers, folder: Path, rounds: int) -> list[Row]:
    """Neither the large file nor the rounds matter here: the pairs are made anew, and each is judged once."""
    return compare(PAIRS)


def compare(pairs: int) -> list[Row]:
    found = _answers(pairs)

    def share(kind: str, test_rows: int, policy: str, outcome: str) -> float:
        return found[f"{kind} {test_rows} {policy}"][outcome] / pairs

    return [
        Row(
            f"equal models refused, {LARGE:,} test rows, of {pairs} pairs",
            share("equal", LARGE, "not-worse", "fail"),
            FALSE_ALARMS,
            "what a confidence of 95 % allows",
            "of the pairs",
            1.0,
            aim_is_limit=True,
            why="the models of these pairs differ by more than the accepted loss, or the deviations are too small.",
        ),
        Row(
            f"a loss of 0.01 AUC let through, {LARGE:,} test rows, of {pairs} pairs",
            share("worse", LARGE, "not-worse", "pass"),
            MISSED,
            "one of ten",
            "of the pairs",
            1.0,
            aim_is_limit=True,
            why="half of the loss is accepted by the default, and the rest is not always shown by so many rows.",
        ),
        *_for_information(share, pairs),
    ]


def _for_information(share: Share, pairs: int) -> list[Row]:
    cases = [
        ("upper bounds below the true difference", "equal", LARGE, "interval", "misses", FALSE_ALARMS),
        ("upper bounds below the true difference", "equal", SMALL, "interval", "misses", FALSE_ALARMS),
        ("equal models refused", "equal", SMALL, "not-worse", "fail", FALSE_ALARMS),
        ("a loss of 0.01 AUC let through", "worse", SMALL, "not-worse", "pass", MISSED),
        ("equal models refused, policy better", "equal", LARGE, "better", "fail", FALSE_ALARMS),
        ("a loss of 0.01 AUC let through, policy better", "worse", LARGE, "better", "pass", MISSED),
        ("equal models refused, policy better", "equal", SMALL, "better", "fail", FALSE_ALARMS),
        ("a loss of 0.01 AUC let through, policy better", "worse", SMALL, "better", "pass", MISSED),
    ]
    return [
        Row(
            f"{what}, {test_rows:,} test rows, of {pairs} pairs",
            share(kind, test_rows, policy, outcome),
            other,
            "for information: no aim",
            "of the pairs",
            aim_is_limit=True,
        )
        for what, kind, test_rows, policy, outcome, other in cases
    ]


def _answers(pairs: int) -> dict[str, Counter[str]]:
    """By kind, test rows and policy: how many pairs have which outcome. One process for each core."""
    processes = min(pairs, os.cpu_count() or 1)
    bounds = [pairs * part // processes for part in range(processes + 1)]
    commands = [side("gate_pairs", first, end - first) for first, end in pairwise(bounds)]
    found: dict[str, Counter[str]] = {}
    for usage in run_together(commands, [{"OMP_NUM_THREADS": "1"}] * processes):
        for name, counts in json.loads(usage.output.splitlines()[-1]).items():
            found.setdefault(name, Counter()).update(counts)
    return found


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    arguments = parser.parse_args(argv)
    print(results.table(results.document(compare(arguments.pairs))))


if __name__ == "__main__":
    main(sys.argv[1:])
