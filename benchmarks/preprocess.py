"""preprocess.py against the pandas way, its peak memory on a file ten times as large, and two shards."""

import json
import os
import shutil
from pathlib import Path
from statistics import median

from benchmarks.data import Customers, customers
from benchmarks.processes import Usage, run, run_together, script, side
from benchmarks.results import Row

PEAK_MB, GROWTH, SPEED, SCALING = 450, 1.1, 6, 1.8


def rows(data: Customers, folder: Path, rounds: int) -> list[Row]:
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_ours(data, folder / "ours"))
        theirs.append(run(side("pandas_preprocess", data.path, data.definition, folder / "pandas")))
    shown = f"{data.rows / 1e6:g} M rows"
    return [
        Row(
            f"preprocess {shown} to CSV",
            median(usage.seconds for usage in ours),
            median(usage.seconds for usage in theirs),
            "pandas: read_csv, medians, get_dummies, train_test_split, to_csv",
            "s",
            SPEED,
        ),
        Row(
            f"preprocess {shown}: peak memory",
            max(usage.peak_mb for usage in ours),
            PEAK_MB,
            f"the limit; the pandas way takes {max(usage.peak_mb for usage in theirs):,.0f} MB",
            "MB",
            1.0,
            aim_is_limit=True,
        ),
        _growth(data, max(usage.peak_mb for usage in ours), folder),
        _scaling(data, folder, rounds),
    ]


def _ours(data: Customers, output: Path, *more: object) -> Usage:
    shutil.rmtree(output, ignore_errors=True)
    return run(script("preprocess", "--data", data.path, "--definition", data.definition, "--output", output, *more))


def _growth(data: Customers, peak_mb: float, folder: Path, factor: int = 10) -> Row:
    (folder / "large").mkdir()
    large = customers(factor * data.rows, folder / "large")
    size, small_size = large.path.stat().st_size / 1e6, data.path.stat().st_size / 1e6
    usage = _ours(large, folder / "ours")
    large.path.unlink()
    return Row(
        f"preprocess: peak memory of a file of {size:,.0f} MB",
        usage.peak_mb,
        peak_mb,
        f"the peak of the file of {small_size:,.0f} MB",
        "MB",
        GROWTH,
        aim_is_limit=True,
    )


def _scaling(data: Customers, folder: Path, rounds: int) -> Row:
    """The same two files: on one host with one core, and on two hosts with one core each."""
    halves = _halves(data, folder / "halves")
    one, two, strangers = [], [], []
    for _ in range(rounds + 2):
        one.append(_sharded(data, [[folder / "halves"]], folder / "one"))
        two.append(_sharded(data, [halves], folder / "two"))
        strangers.append(_sharded(data, [[half] for half in halves], folder / "strangers"))
    return Row(
        "preprocess on two hosts of one core",
        median(two),
        median(one),
        "the same two files on one host of one core",
        "s",
        SCALING,
        why=(
            f"two processes that know nothing of each other, with one file each, need {median(strangers):.2f} s here: "
            f"the machine itself gives {median(one) / median(strangers):.2f}."
        ),
    )


def _halves(data: Customers, folder: Path) -> list[Path]:
    """Two folders with half of the file each."""
    header, *lines = data.path.read_text(encoding="utf-8").splitlines(keepends=True)
    middle = len(lines) // 2
    folders = []
    for name, half in (("algo-1", lines[:middle]), ("algo-2", lines[middle:])):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / f"{name}.csv").write_text(header + "".join(half), encoding="utf-8")
        folders.append(folder / name)
    return folders


def _sharded(data: Customers, jobs: list[list[Path]], output: Path) -> float:
    """Seconds until all jobs have ended, each on as many hosts as it has folders; each host has a core."""
    shutil.rmtree(output, ignore_errors=True)
    commands = [
        command for number, inputs in enumerate(jobs) for command in _hosts(data, inputs, output / f"job-{number}")
    ]
    cores = [{core} for core in sorted(os.sched_getaffinity(0))[: len(commands)]]
    used = run_together(commands, [{"OMP_NUM_THREADS": "1"}] * len(commands), cores)
    return max(usage.seconds for usage in used)


def _hosts(data: Customers, inputs: list[Path], output: Path) -> list[list[str]]:
    """The command of each host of a job."""
    hosts = [f"127.0.0.{number}" for number in range(1, len(inputs) + 1)]
    commands = []
    for host, folder in zip(hosts, inputs, strict=True):
        (output / host).mkdir(parents=True)
        config = output / host / "resourceconfig.json"
        config.write_text(json.dumps({"current_host": host, "hosts": hosts}))
        arguments = ["--data", folder, "--definition", data.definition, "--output", output / host]
        commands.append(script("preprocess", *arguments, "--resource-config", config, "--nthread", 1))
    return commands
