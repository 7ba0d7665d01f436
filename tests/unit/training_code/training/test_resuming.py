"""A job that is killed and started again gives the bytes of one that ran through."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import xgboost

import train
from cluster.hosts import Cluster
from cluster.meeting import meeting
from codec.codec import BINARY
from tests.unit.training_code.tiny import channels
from tests.unit.training_code.training.splits import make_split, write_channels
from training import checkpoints
from training.boosting import Data, Plan, boost
from training.objectives import OBJECTIVES
from training.rounds import History

SCRIPTS = Path(train.__file__).parent
ROUNDS, EVERY = 40, 7


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("splits")
    write_channels(folder, BINARY)
    return folder


def _command(splits: Path, folder: Path, *more: str) -> list[str]:
    paths = ["--model-dir", str(folder / "model"), "--checkpoint-dir", str(folder / "checkpoints")]
    rounds = ["--num_round", str(ROUNDS), "--early_stopping_rounds", str(ROUNDS), "--checkpoint_rounds", str(EVERY)]
    # Both of XGBoost's samplers draw in every round and every tree.
    sampled = ["--subsample", "0.6", "--colsample_bytree", "0.5", "--nthread", "2"]
    return [str(SCRIPTS / "train.py"), *channels(splits), *paths, *rounds, *sampled, *more]


def _train(splits: Path, folder: Path, *more: str) -> bytes:
    train.main(_command(splits, folder, *more)[1:])
    return (folder / "model" / "model.ubj").read_bytes()


def _train_until_killed(splits: Path, folder: Path, after_round: int, *more: str) -> None:
    """Watches the lines that the job prints, and kills it at that one."""
    command = [sys.executable, *_command(splits, folder, *more)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]}) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith(f"[{after_round}]"):
                break
        process.send_signal(signal.SIGKILL)
    assert not (folder / "model").exists()


@pytest.fixture(scope="module")
def uninterrupted(splits: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return _train(splits, tmp_path_factory.mktemp("uninterrupted"))


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_job_gives_the_same_model_bit_for_bit(
    splits: Path, tmp_path: Path, uninterrupted: bytes, seed: int, capsys: pytest.CaptureFixture[str]
):
    """Killed twice, at rounds drawn at random, then left alone."""
    for round_number in sorted(random.Random(seed).sample(range(1, ROUNDS - 1), 2)):
        _train_until_killed(splits, tmp_path, round_number)
    assert _train(splits, tmp_path) == uninterrupted
    printed = capsys.readouterr().out
    first = re.search(r"^\[(\d+)\]", printed, re.MULTILINE)
    assert first
    assert int(first[1]) % EVERY == 0


@pytest.mark.parametrize("way", [["--memory_share", "1e-9"], ["--class_weight", "balanced"]])
def test_also_from_disk_and_with_weights(splits: Path, tmp_path: Path, way: list[str]):
    whole = _train(splits, tmp_path / "whole", *way)
    _train_until_killed(splits, tmp_path / "killed", 2 * EVERY + 2, *way)
    assert _train(splits, tmp_path / "killed", *way) == whole


def test_margins_that_differ_on_this_machine_start_the_training_over(
    splits: Path, tmp_path: Path, uninterrupted: bytes, capsys: pytest.CaptureFixture[str]
):
    _train(splits, tmp_path)
    for file in (tmp_path / "checkpoints").iterdir():
        model = file.read_bytes()
        progress = replace(checkpoints.read(model), margins="of another machine")
        file.unlink()
        changed = checkpoints.pack(xgboost.Booster(model_file=bytearray(model)), progress)
        checkpoints.write(tmp_path / "checkpoints", progress.rounds, changed)
    capsys.readouterr()
    assert _train(splits, tmp_path) == uninterrupted
    printed = capsys.readouterr().out
    assert "predictions differ on this machine: starting from the first round.\n[0]\t" in printed


def test_the_way_of_a_gpu_is_the_same_whether_interrupted_or_not(tmp_path: Path):
    """There, sums of margins may differ in their last bits: every checkpoint is loaded. (Computed on the CPU here.)"""
    split = make_split(BINARY, 900, 0)
    matrix = xgboost.QuantileDMatrix(split.features, label=split.target)
    parameters = {"objective": "binary:logistic", "eval_metric": ["auc"], "subsample": 0.6, "colsample_bytree": 0.5}

    class GpuPlan(Plan):
        trusts_margins = False

    def train_in(folder: Path, rounds: int) -> bytes:
        plan = GpuPlan({**parameters, "seed": 1, "device": "cpu"}, rounds, 99, EVERY, folder, "mark")
        with meeting(Cluster("algo-1", ("algo-1",))) as here:
            booster = boost(plan, Data(matrix, matrix, matrix), History(OBJECTIVES[BINARY]), here)
        return bytes(booster.save_raw("ubj"))

    train_in(tmp_path / "killed", 17)
    assert train_in(tmp_path / "killed", 30) == train_in(tmp_path / "whole", 30) != train_in(tmp_path / "killed", 31)


def test_the_history_goes_on_too(splits: Path, tmp_path: Path):
    _train(splits, tmp_path)
    whole = (tmp_path / "model" / "training.json").read_bytes()
    again = tmp_path / "again"
    _train_until_killed(splits, again, 2 * EVERY + 1)
    _train(splits, again)
    assert (again / "model" / "training.json").read_bytes() == whole


def test_a_checkpoint_that_was_cut_off_is_passed_over(
    splits: Path, tmp_path: Path, uninterrupted: bytes, capsys: pytest.CaptureFixture[str]
):
    assert _train(splits, tmp_path) == uninterrupted
    newest = max((tmp_path / "checkpoints").iterdir())
    os.truncate(newest, newest.stat().st_size // 2)
    capsys.readouterr()
    assert _train(splits, tmp_path) == uninterrupted
    printed = capsys.readouterr().out
    assert f"{newest.name} is cut off: passed over." in printed
    # 35 was the newest; 28 is the one before.
    assert "\n[28]\t" in printed
    assert "\n[27]\t" not in printed


def test_the_last_three_checkpoints_are_kept(splits: Path, tmp_path: Path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / ".checkpoint-000007-abandoned.ubj").write_bytes(b"{")
    _train(splits, tmp_path)
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert [int(name.split("-")[1]) for name in names] == [21, 28, 35]


@pytest.mark.parametrize("foreign", [["--eta", "0.2"], ["--seed", "1"], ["--max_depth", "3"]])
def test_a_foreign_checkpoint_is_passed_over(
    splits: Path, tmp_path: Path, uninterrupted: bytes, foreign: list[str], capsys: pytest.CaptureFixture[str]
):
    assert _train(splits, tmp_path, *foreign) != uninterrupted
    capsys.readouterr()
    assert _train(splits, tmp_path) == uninterrupted
    assert "is of other code, data or hyperparameters: passed over." in capsys.readouterr().out


def test_a_checkpoint_of_other_code_is_passed_over(
    splits: Path, tmp_path: Path, uninterrupted: bytes, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "checkpoints").mkdir()
    booster = xgboost.Booster(model_file=bytearray(uninterrupted))
    checkpoints.write(tmp_path / "checkpoints", 7, bytes(booster.save_raw("ubj")))
    booster.set_attr(sluice_progress='{"rounds": 14}')
    checkpoints.write(tmp_path / "checkpoints", 14, bytes(booster.save_raw("ubj")))
    assert _train(splits, tmp_path) == uninterrupted
    assert capsys.readouterr().out.count("is of other code, data or hyperparameters: passed over.") == 2


def test_features_that_differ_are_other_data(splits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    other = tmp_path / "other"
    shutil.copytree(splits, other)
    _train(splits, tmp_path)
    file = next((other / "train").iterdir())
    target, rest = file.read_text().split(",", 1)
    file.write_text(f"{target},9{rest}")
    capsys.readouterr()
    _train(other, tmp_path)
    assert "is of other code, data or hyperparameters: passed over." in capsys.readouterr().out


def test_other_data_of_the_same_shape_is_foreign(splits: Path, tmp_path: Path, uninterrupted: bytes):
    assert _train(splits, tmp_path) == uninterrupted
    (file,) = (splits / "train").iterdir()
    other = tmp_path / "other"
    other.mkdir()
    rows = file.read_text().splitlines()
    (other / "train.csv").write_text("\n".join(reversed(rows)) + "\n")
    changed = ["--train", str(other)]
    fresh = _train(splits, tmp_path / "fresh", *changed)
    assert _train(splits, tmp_path, *changed) == fresh != uninterrupted


def test_without_checkpoints_no_folder_is_made(splits: Path, tmp_path: Path):
    _train(splits, tmp_path, "--checkpoint_rounds", "0")
    assert not (tmp_path / "checkpoints").exists()
