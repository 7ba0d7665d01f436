"""The gate's comparison with the champion: how often it is wrong, on pairs of models whose truth is known.

    python -m benchmarks.gate --pairs 10    a quick look, printed and not written

See sides/gate_pairs.py for how the pairs are made.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from benchmarks import results
from benchmarks.data import Customers
from benchmarks.processes import run_together, side
from benchmarks.results import Row

PAIRS = 200
LARGE, SMALL = 50_000, 700
FALSE_ALARMS, MISSED = 0.05, 0.1

RETRAINED = "challengers retrained on a resample"
LOST = "a loss of 0.01 AUC"

Answers = Mapping[str, Counter[str]]


def rows(data: Customers, folder: Path, rounds: int) -> list[Row]:
    """Neither the large file nor the rounds matter here: the pairs are made anew, and each is judged once."""
    return compare(PAIRS)


def compare(pairs: int) -> list[Row]:
    found = _answers(pairs)
    return [
        _row(
            f"{RETRAINED} refused, {LARGE:,} test rows, of {pairs} pairs",
            _share(found, f"retrained {LARGE} not-worse", "fail"),
            FALSE_ALARMS,
            "what a confidence of 95 % allows",
            "the models of these pairs differ by more than the accepted loss, or the deviations are too small.",
        ),
        _row(
            f"{LOST} let through, {LARGE:,} test rows, of {pairs} pairs",
            _share(found, f"worse {LARGE} not-worse", "pass"),
            MISSED,
            "one of ten",
            "half of the loss is accepted by the default, and the rest is not always shown by so many rows.",
        ),
        _row(
            f"upper bounds below the true difference, {LARGE:,} test rows, of {pairs} pairs",
            _share(found, f"retrained {LARGE} interval", "misses"),
            FALSE_ALARMS,
            "what a confidence of 95 % allows",
            f"the deviations are too small, or chance: with {pairs} pairs a true 5 % is often measured as more.",
        ),
        *_better(found),
        *_for_information(found, pairs),
    ]


def _row(name: str, share: float, limit: float, limit_is: str, why: str) -> Row:
    return Row(name, share, limit, limit_is, "of the pairs", 1.0, aim_is_limit=True, why=why)


def _better(found: Answers) -> list[Row]:
    """Judged by the truth: of the retrained challengers those that are not better in the population.

    Each is worse by its own amount, so that fewer pass than the confidence allows one that is exactly as good.
    """
    lines = []
    for test_rows in (LARGE, SMALL):
        claims = found[f"retrained {test_rows} claim"]
        worse = {answer: claims[answer] for answer in ("wrongly passed", "rightly refused")}
        if not any(worse.values()):
            continue
        lines.append(
            _row(
                f"policy better: not better in truth and let through, {test_rows:,} test rows, "
                f"of {sum(worse.values())} pairs",
                worse["wrongly passed"] / sum(worse.values()),
                FALSE_ALARMS,
                "what a confidence of 95 % allows",
                "the deviations are too small, or chance.",
            )
        )
    return lines


def _for_information(found: Answers, pairs: int) -> list[Row]:
    cases = [
        ("upper bounds below the true difference", SMALL, "retrained", "interval", "misses", FALSE_ALARMS),
        (f"{RETRAINED} refused", SMALL, "retrained", "not-worse", "fail", FALSE_ALARMS),
        (f"{LOST} let through", SMALL, "worse", "not-worse", "pass", MISSED),
        (f"{LOST} let through, policy better", LARGE, "worse", "better", "pass", FALSE_ALARMS),
        (f"{LOST} let through, policy better", SMALL, "worse", "better", "pass", FALSE_ALARMS),
    ]
    return [
        Row(
            f"{what}, {test_rows:,} test rows, of {pairs} pairs",
            _share(found, f"{kind} {test_rows} {question}", outcome),
            other,
            "for information: no aim",
            "of the pairs",
            aim_is_limit=True,
        )
        for what, test_rows, kind, question, outcome, other in cases
    ]


def _share(found: Answers, question: str, outcome: str) -> float:
    answers = found[question]
    return answers[outcome] / answers.total()


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
