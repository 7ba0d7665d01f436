"""Two processing instances as processes on loopback: each with a share of the files, as S3 gives them out."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import preprocess
from tests.unit.training_code.tiny import tiny_rows, write_definition, write_rows

SCRIPT = Path(preprocess.__file__)
HOSTS = ("127.0.0.1", "127.0.0.2")


def _start(folder: Path, host: str) -> subprocess.Popen[str]:
    config = folder / host / "config" / "resourceconfig.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"current_host": host, "hosts": list(HOSTS)}))
    paths = {
        "data": folder / host / "data",
        "definition": folder / "definition.json",
        "output": folder / "many",
        "resource-config": config,
        "failure-file": folder / host / "failure",
    }
    arguments = [part for name, path in paths.items() for part in (f"--{name}", str(path))]
    environment = {"PATH": os.environ["PATH"]}
    command = [sys.executable, str(SCRIPT), *arguments, "--format", "csv"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _run(folder: Path) -> list[tuple[int, str]]:
    """By host the exit code and what it wrote to its error stream."""
    processes = [_start(folder, host) for host in HOSTS]
    try:
        return [(process.wait(120), process.communicate()[1]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _lines(output: Path, name: str, header: int) -> Counter[str]:
    files = (output / name).glob("*.csv")
    return Counter(line for file in files for line in file.read_text(encoding="utf-8").splitlines()[header:])


def test_two_instances_give_the_rows_of_one(tmp_path: Path):
    rows = tiny_rows(600)
    definition = write_definition(tmp_path / "definition.json")
    for number in range(4):
        part = rows[number * 150 : (number + 1) * 150]
        write_rows(tmp_path / "all" / f"{number}.csv", part)
        write_rows(tmp_path / HOSTS[number % 2] / "data" / f"{number}.csv", part)
    one, many = tmp_path / "one", tmp_path / "many"
    preprocess.main(["--data", str(tmp_path / "all"), "--definition", str(definition), "--output", str(one)])
    assert _run(tmp_path) == [(0, ""), (0, "")]
    baseline = (f"baseline/{name}.json" for name in ("statistics", "constraints", "reference"))
    for name in ("codec/features.json", "codec/counts.json", *baseline):
        assert (many / name).read_bytes() == (one / name).read_bytes(), name
    for name, header in (("train", 0), ("validation", 0), ("test", 0), ("holdout", 1)):
        assert _lines(many, name, header) == _lines(one, name, header), name


def test_bad_data_of_one_instance_is_told_by_both(tmp_path: Path):
    rows = tiny_rows(200)
    write_definition(tmp_path / "definition.json")
    write_rows(tmp_path / HOSTS[0] / "data" / "0.csv", rows[:100])
    broken = write_rows(tmp_path / HOSTS[1] / "data" / "1.csv", rows[100:])
    broken.write_text(broken.read_text().replace("visits", "calls"))
    (first, first_said), (second, second_said) = _run(tmp_path)
    assert (first, second) == (1, 1)
    assert "1.csv lacks the column visits" in second_said
    assert HOSTS[1] in first_said
    assert "lacks the column visits" in first_said
