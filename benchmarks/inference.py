"""inference.py against the container's default path, bare inplace_predict, and the time from start to first answer.

    python -m benchmarks.inference [--rounds 3] [--json rows.json]

The model is the one that the scripts make of some thousand customers (benchmarks.data.small_customers).
"""

import argparse
import csv
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import results
from benchmarks.data import Customers, definition, small_customers
from benchmarks.processes import run, script, side
from benchmarks.results import Row

# Times faster than the container's default path, by rows in the request.
SPEED = {1: 2, 100: 4, 1000: 5}
BARE, START_SECONDS = 1.5, 1.5
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
WHY = (
    "Both sides walk the same trees, and no decoder makes that shorter: bare inplace_predict of these rows is "
    "{share:.0%} of our time, and {limit:.1f} times as fast as the container. The rest reads texts; the container is "
    "given numbers."
)


@dataclass(frozen=True)
class Trained:
    """A model, and rows that it has not seen: raw, and as preprocess.py encodes them. Neither file has a header."""

    model: Path
    raw: Path
    encoded: Path


def rows(_data: Customers | None, folder: Path, rounds: int) -> list[Row]:
    trained = train(folder / "inference")
    found = [_measure(trained) for _ in range(rounds)]
    times = {
        count: {name: median(one[str(count)][name] for one in found) for name in found[0][str(count)]}
        for count in SPEED
    }
    return [
        *(_against_container(count, times[count]) for count in SPEED),
        Row(
            "inference, 1 row: share of bare inplace_predict",
            times[1]["ours"],
            times[1]["inplace_predict"],
            "Booster.inplace_predict on the encoded row",
            "µs",
            BARE,
            aim_is_limit=True,
        ),
        _start(trained, rounds),
    ]


def _against_container(count: int, times: dict[str, float]) -> Row:
    return Row(
        f"inference, {count:,} row{'s' * (count > 1)} of CSV",
        times["ours"],
        times["container"],
        "the container's default path, on encoded rows",
        "µs",
        SPEED[count],
        why=WHY.format(
            share=times["inplace_predict"] / times["ours"], limit=times["container"] / times["inplace_predict"]
        ),
    )


def _start(trained: Trained, rounds: int) -> Row:
    record = trained.raw.with_name("record.csv")
    record.write_text(trained.raw.read_text(encoding="utf-8").split("\n")[0] + "\n", encoding="utf-8")
    command = script("inference", "--model-dir", trained.model, "--input", record)
    seconds = median(run(command).seconds for _ in range(max(rounds, 3)))
    return Row("inference: process start to first answer", seconds, START_SECONDS, "the limit", "s", 1.0, True)


def _measure(trained: Trained) -> dict[str, dict[str, float]]:
    """Microseconds by rows and side."""
    usage = run(side("scoring", trained.model, trained.raw, trained.encoded, *SPEED), ONE_THREAD)
    found: dict[str, dict[str, float]] = json.loads(usage.output.splitlines()[-1])
    return found


def train(folder: Path) -> Trained:
    folder.mkdir(parents=True)
    data, target = small_customers(folder)
    _, written = definition(data, target, "bench", folder)
    out, model = folder / "out", folder / "model"
    run(script("preprocess", "--data", data, "--definition", written, "--output", out))
    channels = [part for name in ("train", "validation", "codec") for part in (f"--{name}", out / name)]
    run(script("train", *channels, "--model-dir", model))
    trained = Trained(model, folder / "raw.csv", folder / "encoded.csv")
    _write_rows(out, trained)
    return trained


def _write_rows(out: Path, trained: Trained) -> None:
    """As many as the largest request has; the test split again and again."""
    names = [entry["name"] for entry in json.loads((trained.model / "features.json").read_text())["features"]]
    with (out / "holdout" / "holdout.csv").open(encoding="utf-8", newline="") as stream:
        raw = [",".join(row[name] for name in names) for row in csv.DictReader(stream)]
    encoded = [line.split(",", 1)[1] for line in (out / "test" / "test.csv").read_text().splitlines()]
    for path, lines in ((trained.raw, raw), (trained.encoded, encoded)):
        repeated = lines * (max(SPEED) // len(lines) + 1)
        path.write_text("\n".join(repeated[: max(SPEED)]) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="a file for the rows")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        found = results.document(rows(None, Path(folder), arguments.rounds))
    print(results.table(found), end="")
    if arguments.json:
        arguments.json.write_text(json.dumps(found["rows"], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
