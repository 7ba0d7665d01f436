"""Searching hyperparameters: the local tuning jobs' Bayesian search against random search, with the same budget.

    python -m benchmarks.tuning --seeds 2 --jobs 5    a quick look, printed and not written

Every evaluation is a whole train.py on the splits of one preprocess.py. Both searches begin with the same random draws.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import results
from benchmarks.data import Customers, definition, small_customers
from benchmarks.processes import run, script
from benchmarks.results import Row
from localcloud.sagemaker.metrics import MetricScanner
from localcloud.sagemaker.tuning.plan import Strategy, TuningPlan
from localcloud.sagemaker.tuning.ranges import ContinuousRange, IntegerRange
from localcloud.sagemaker.tuning.search import Search

SEEDS, JOBS = 5, 20
METRIC = "validation:auc"
# What training prints last is its best round.
DEFINITIONS = [{"Name": METRIC, "Regex": r"validation-auc:([0-9.]+)"}]
FIXED = {"num_round": "300", "early_stopping_rounds": "30"}
RANGES = (
    ContinuousRange("eta", 0.01, 0.3, log=True),
    IntegerRange("max_depth", 2, 10),
    ContinuousRange("min_child_weight", 1, 50, log=True),
    ContinuousRange("subsample", 0.5, 1),
    ContinuousRange("colsample_bytree", 0.4, 1),
    ContinuousRange("reg_lambda", 0.01, 100, log=True),
)


def rows(data: Customers, folder: Path, rounds: int) -> list[Row]:
    """Neither the large file nor the rounds matter here: rows drawn twice would stand in both splits."""
    return [compare(folder / "tuning", SEEDS, JOBS)]


def compare(folder: Path, seeds: int, jobs: int) -> Row:
    folder.mkdir(parents=True, exist_ok=True)
    splits = _splits(folder)
    best: dict[Strategy, list[float]] = {"Bayesian": [], "Random": []}
    for seed in range(1, seeds + 1):
        for strategy, found in best.items():
            found.append(_best(strategy, seed, jobs, splits, folder / "model"))
            print(f"  {strategy}, seed {seed}: {found[-1]:.5f}", file=sys.stderr, flush=True)
    ours, other = (median(best[strategy]) for strategy in ("Bayesian", "Random"))
    return Row(
        f"best validation AUC of {jobs} training jobs: what is missing to 1, median of {seeds} seeds",
        1 - ours,
        1 - other,
        f"random search over the same ranges (AUC {other:.4f}; ours {ours:.4f})",
        "missing",
        1.0,
        why="so few jobs leave much to chance, and both searches draw the first quarter of them at random.",
    )


def _splits(folder: Path) -> Path:
    customers, target = small_customers(folder)
    _, written = definition(customers, target, "bench-tuning", folder)
    splits = folder / "splits"
    run(script("preprocess", "--data", customers, "--definition", written, "--output", splits, "--format", "parquet"))
    return splits


def _best(strategy: Strategy, seed: int, jobs: int, splits: Path, model: Path) -> float:
    search = Search(TuningPlan(RANGES, strategy, METRIC, maximize=True, jobs=jobs, parallel=1, seed=seed))
    found = []
    for _ in range(jobs):
        proposal = search.ask()
        found.append(_train({**FIXED, **proposal.hyperparameters}, splits, model))
        search.tell(proposal.number, found[-1], completed=True)
    return max(found)


def _train(hyperparameters: dict[str, str], splits: Path, model: Path) -> float:
    """The objective's value as SageMaker takes it: the last one that was printed."""
    paths = {name: splits / name for name in ("train", "validation", "codec")} | {"model-dir": model}
    arguments = [part for name, value in {**paths, **hyperparameters}.items() for part in (f"--{name}", value)]
    scanner = MetricScanner(DEFINITIONS)
    for line in run(script("train", *arguments)).output.splitlines():
        scanner.feed(line)
    (metric,) = scanner.final()
    return float(metric["Value"])


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tuning", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"searches of each kind (default: {SEEDS})")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"training jobs of each search (default: {JOBS})")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        print(results.table(results.document([compare(Path(folder), arguments.seeds, arguments.jobs)])))


if __name__ == "__main__":
    main(sys.argv[1:])
