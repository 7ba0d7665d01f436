"""monitor.py on a million captured requests, and on two: its time, and the memory of all of its processes together."""

import csv
import json
import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from benchmarks.data import Customers, definition, small_customers
from benchmarks.processes import ROOT, SideFailed, run, script
from benchmarks.results import Row

REQUESTS = 1_000_000
SECONDS, PEAK_MB, GROWTH = 60, 500, 1.1
# One object of an hour's captures for each minute; labels for one request in ten.
OBJECTS, LABELLED = 60, 10
START = datetime(2026, 11, 20, 10, tzinfo=UTC)
SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Watched:
    """peak_mb: the largest sum over all processes; a page that several share counts once (proportional set size)."""

    seconds: float
    peak_mb: float


def rows(_data: Customers, folder: Path, rounds: int) -> list[Row]:
    work = folder / "monitor"
    version = _version(work)
    million = [_check(version, work / "million", REQUESTS) for _ in range(rounds)]
    shutil.rmtree(work / "million")
    double = _check(version, work / "double", 2 * REQUESTS)
    shutil.rmtree(work)
    shown = f"{REQUESTS / 1e6:g} M requests of one row, a tenth of them labelled"
    peak = max(one.peak_mb for one in million)
    return [
        Row(
            f"monitor.py: {shown}",
            median(one.seconds for one in million),
            SECONDS,
            "the limit",
            "s",
            1.0,
            aim_is_limit=True,
        ),
        Row("monitor.py: peak memory of that, all processes", peak, PEAK_MB, "the limit", "MB", 1.0, aim_is_limit=True),
        Row(
            "monitor.py: peak memory of twice as many requests",
            double.peak_mb,
            peak,
            f"the peak of half of them; it took {double.seconds:.0f} s",
            "MB",
            GROWTH,
            aim_is_limit=True,
        ),
    ]


def _version(work: Path) -> Path:
    """A trained and evaluated version, in the folders that a check reads."""
    work.mkdir()
    small, target = small_customers(work)
    _, written = definition(small, target, "bench", work)
    out, model = work / "out", work / "model"
    run(script("preprocess", "--data", small, "--definition", written, "--output", out))
    splits = [part for name in ("train", "validation", "codec") for part in (f"--{name}", out / name)]
    run(script("train", *splits, "--model-dir", model))
    inputs = [part for name in ("holdout", "codec", "baseline") for part in (f"--{name}", out / name)]
    run(script("evaluate", *inputs, "--model", model, "--definition", written, "--output", out))
    (work / "check").mkdir()
    shutil.copy(written, work / "check" / "definition.json")
    plan = {
        "check_id": "bench",
        "model": "bench",
        "version": 1,
        "window": {"start": START.isoformat(), "end": (START + timedelta(hours=1)).isoformat()},
        "asked_at": (START + timedelta(hours=1)).isoformat(),
    }
    (work / "check" / "plan.json").write_text(json.dumps(plan))
    return work


def _check(version: Path, folder: Path, requests: int) -> Watched:
    if not (folder / "captures").exists():
        _write_traffic(version, folder, requests)
    inputs = [part for name in ("captures", "ground-truth") for part in (f"--{name}", folder / name)]
    given = [part for name in ("check", "model") for part in (f"--{name}", version / name)]
    given += [part for name in ("baseline", "evaluation") for part in (f"--{name}", version / "out" / name)]
    command = script("monitor", *inputs, *given, "--earlier", folder / "none", "--output", folder / "report")
    watched = _watch(command)
    if json.loads((folder / "report" / "drift.json").read_text())["records"]["requests"] != requests:
        raise SideFailed(f"monitor.py counted another number of requests than {requests:,}")
    return watched


def _write_traffic(version: Path, folder: Path, requests: int) -> None:
    """The records of the test split with the model's own answers, again and again, each with an id of its own."""
    exchanges = list(_exchanges(version))
    draw = random.Random(requests)
    for name in ("captures", "ground-truth"):
        (folder / name).mkdir(parents=True)
    with (folder / "ground-truth" / "labels.jsonl").open("w") as labels:
        for minute in range(OBJECTS):
            at = (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")
            with (folder / "captures" / f"{minute:02d}-00.jsonl").open("w") as stream:
                for number in range(requests * minute // OBJECTS, requests * (minute + 1) // OBJECTS):
                    event_id = f"{draw.getrandbits(128):032x}"
                    data = draw.choice(exchanges)
                    metadata = f'{{"eventId":"{event_id}","inferenceTime":"{at}"}}'
                    stream.write(f'{{"captureData":{data},"eventMetadata":{metadata},"eventVersion":"0"}}\n')
                    if number % LABELLED == 0:
                        truth = {"data": str(draw.randrange(2)), "encoding": "CSV"}
                        line = {"groundTruthData": truth, "eventMetadata": {"eventId": event_id}, "eventVersion": "0"}
                        labels.write(f"{json.dumps(line)}\n")


def _exchanges(version: Path) -> Iterator[str]:
    """captureData of each row of the test split, numbers sent as numbers, with the model's score."""
    codec = json.loads((version / "out" / "codec" / "features.json").read_text(encoding="utf-8"))
    numeric = {feature["name"]: feature["type"] == "numeric" for feature in codec["features"]}
    out = version / "out"
    with (out / "holdout" / "holdout.csv").open() as rows, (out / "evaluation" / "predictions.csv").open() as scores:
        for row, scored in zip(csv.DictReader(rows), csv.DictReader(scores), strict=True):
            sent = {name: _number(row[name]) if is_number else row[name] for name, is_number in numeric.items()}
            answer = {"predictions": [{"probability": float(scored["score"])}], "model_version": 1}
            sides = {"endpointInput": ("INPUT", sent), "endpointOutput": ("OUTPUT", answer)}
            yield json.dumps({name: _side(mode, data) for name, (mode, data) in sides.items()})


def _number(text: str) -> float | str:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def _side(mode: str, data: object) -> dict[str, str]:
    kind = "application/json"
    return {"observedContentType": kind, "mode": mode, "data": json.dumps(data), "encoding": "JSON"}


def _watch(command: list[str]) -> Watched:
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    peak = 0.0
    done = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not done.wait(SAMPLE_SECONDS):
            peak = max(peak, sum(map(_megabytes, _family(process.pid))))

    thread = threading.Thread(target=sample)
    thread.start()
    output, _ = process.communicate()
    done.set()
    thread.join()
    if process.returncode:
        raise SideFailed(f"{command!r} ended with {process.returncode}:\n{output.decode()[-3000:]}")
    return Watched(time.perf_counter() - started, peak)


def _family(pid: int) -> list[int]:
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [pid, *(one for child in children for one in _family(child))]


def _megabytes(pid: int) -> float:
    """0 where it has ended, or where there is no /proc."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6
