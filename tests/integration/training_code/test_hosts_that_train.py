"""One model from the shards of several processes on loopback."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import train
from codec.codec import BINARY
from tests.unit.training_code.tiny import channels
from tests.unit.training_code.training.splits import codec_of, make_split, write_channels, write_split
from training.booster import SHARED_VALIDATION_ROWS

SCRIPTS = Path(train.__file__).parent


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Splits of enough rows for an AUC that does not hang on single ones, and model/, the model of one host."""
    folder = tmp_path_factory.mktemp("splits")
    train.main([*write_channels(folder, BINARY, rows=8000), "--num_round", "60"])
    return folder


@dataclass
class Host:
    name: str
    folder: Path
    process: subprocess.Popen[str]

    def ended(self) -> tuple[int, str]:
        """Exit code and what the failure file says."""
        self.process.communicate(timeout=120)
        failure = self.folder / "output" / "failure"
        return self.process.returncode, failure.read_text() if failure.exists() else ""

    def reach(self, round_number: int) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith(f"[{round_number}]"):
                return
        raise AssertionError(f"{self.name} ended before round {round_number}")


@pytest.fixture
def start(splits: Path, tmp_path: Path, request: pytest.FixtureRequest):
    """Starts as many hosts as there are lists of training rows; an empty list is a host without a file."""
    hosts: list[Host] = []

    def start_all(shards: list[list[str]], *more: str) -> list[Host]:
        names = [f"127.0.0.{number}" for number in range(1, len(shards) + 1)]
        for name, rows in zip(names, shards, strict=True):
            folder = tmp_path / name
            (folder / "train").mkdir(parents=True)
            if rows:
                (folder / "train" / "train.csv").write_text("".join(rows))
            arguments = [*channels(splits), "--train", str(folder / "train"), "--nthread", "1"]
            command = [
                sys.executable,
                str(SCRIPTS / "train.py"),
                *arguments,
                "--model-dir",
                str(folder / "model"),
                *more,
            ]
            environment = {
                "PATH": os.environ["PATH"],
                "SM_HOSTS": json.dumps(names),
                "SM_CURRENT_HOST": name,
                "SM_OUTPUT_DIR": str(folder / "output"),
                "TRAINING_JOB_NAME": request.node.name,
            }
            process = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            hosts.append(Host(name, folder, process))
        return hosts

    yield start_all
    for host in hosts:
        host.process.kill()
        host.process.communicate()
    shutil.rmtree(tmp_path)


def _shards(splits: Path, count: int) -> list[list[str]]:
    rows = (splits / "train" / "train-0.csv").read_text().splitlines(keepends=True)
    return [rows[number::count] for number in range(count)]


@pytest.mark.parametrize("count", [2, 3])
def test_several_hosts_train_one_model_as_good_as_that_of_one(splits: Path, start, count: int):
    hosts = start(_shards(splits, count), "--num_round", "60")
    assert [host.ended() for host in hosts] == [(0, "")] * count
    training = json.loads((hosts[0].folder / "model" / "training.json").read_text())
    alone = json.loads((splits / "model" / "training.json").read_text())
    assert training["best_validation_auc"] == pytest.approx(alone["best_validation_auc"], abs=0.002)
    assert training["rows"] == alone["rows"]
    # SageMaker collects every host's folder: only one may hold the model.
    assert [(host.folder / "model").exists() for host in hosts] == [True, *[False] * (count - 1)]


def test_hosts_share_a_large_validation_split(splits: Path, start, tmp_path: Path):
    codec, split = codec_of(BINARY), make_split(BINARY, SHARED_VALIDATION_ROWS, seed=7)
    large = write_split(tmp_path / "large" / "validation", codec, split, "parquet")
    more = ["--validation", str(large), "--num_round", "200", "--early_stopping_rounds", "5"]
    alone = start([_shards(splits, 1)[0]], *more)
    assert alone[0].ended() == (0, "")
    of_one = json.loads((alone[0].folder / "model" / "training.json").read_text())
    shutil.rmtree(alone[0].folder)
    hosts = start(_shards(splits, 2), *more)[1:]
    assert [host.ended() for host in hosts] == [(0, "")] * 2
    of_two = json.loads((hosts[0].folder / "model" / "training.json").read_text())
    assert of_two["best_validation_auc"] == pytest.approx(of_one["best_validation_auc"], abs=0.002)
    assert of_two["threshold"] == pytest.approx(of_one["threshold"], abs=0.05)
    assert of_two["rows"] == of_one["rows"] == {"train": 8000, "validation": SHARED_VALIDATION_ROWS}


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("lost", [0, 1])
def test_a_host_that_is_killed_fails_all_others_by_its_name(splits: Path, start, count: int, lost: int):
    # Far more rounds than the test waits for.
    hosts = start(_shards(splits, count), "--num_round", "1000000", "--early_stopping_rounds", "1000000")
    hosts[lost].reach(5)
    hosts[lost].process.send_signal(signal.SIGKILL)
    for host in hosts[:lost] + hosts[lost + 1 :]:
        assert host.ended() == (1, f"{hosts[lost].name} was lost: its connection ended. See its log for why.")


def test_a_host_without_a_file_fails_the_job_by_its_name(splits: Path, start):
    first, second = start([_shards(splits, 1)[0], []])
    code, failure = second.ended()
    assert (code, failure.startswith("There is no .csv or .parquet file in the channel")) == (1, True)
    code, failure = first.ended()
    assert (code, failure.startswith("127.0.0.2 was lost: it failed: There is no .csv or .parquet file")) == (1, True)


@pytest.mark.parametrize("failing", [0, 1])
def test_a_host_that_fails_while_the_others_wait_in_a_collective_call(splits: Path, start, failing: int):
    shards = _shards(splits, 2)
    shards[failing][-1] = "7.0,1,2,0\n"
    hosts = start(shards)
    code, failure = hosts[failing].ended()
    assert code == 1
    assert "train.csv is not what features.json describes" in failure
    code, failure = hosts[1 - failing].ended()
    assert code == 1
    assert failure.startswith(f"{hosts[failing].name} was lost: it failed: ")
    assert "the target 7.0 is not a code below 2" in failure


def test_hosts_go_on_from_the_first_hosts_checkpoint(splits: Path, start, tmp_path: Path):
    checkpoints = tmp_path / "checkpoints"
    more = ["--checkpoint_rounds", "5", "--checkpoint-dir", str(checkpoints), "--num_round", "20"]
    shards = _shards(splits, 2)
    whole = start(shards, *more)
    assert [host.ended()[0] for host in whole] == [0, 0]
    model = (whole[0].folder / "model" / "model.ubj").read_bytes()
    max(checkpoints.iterdir()).unlink()
    for host in whole:
        shutil.rmtree(host.folder)
    again = start(shards, *more)[2:]
    assert "Going on after round 9, from a checkpoint" in again[0].process.communicate(timeout=120)[0]
    assert [host.ended()[0] for host in again[1:]] == [0]
    assert (again[0].folder / "model" / "model.ubj").read_bytes() == model
