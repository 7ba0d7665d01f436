"""Checkpoints that a job which is killed at any moment can trust when it starts again.

A checkpoint is a model file with the training's progress as an attribute. It comes into
being whole: written under another name, synced, renamed. Its name holds the hash of its bytes, so that one that was
cut off on its way to or from S3 is recognised.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lean_xgboost import xgboost
from training.rounds import Evals

KEPT = 3
_NAME = re.compile(r"checkpoint-(?P<rounds>\d{6})-(?P<digest>[0-9a-f]{32})\.ubj")
_PROGRESS = "sluice_progress"


@dataclass(frozen=True)
class Progress:
    """fingerprint: of the training. margins: a hash of all rows' margins; empty where they need not be the same."""

    fingerprint: str
    evals: Evals
    margins: str

    @property
    def rounds(self) -> int:
        return len(next(iter(self.evals["validation"].values())))


def fingerprint(parts: Mapping[str, Any]) -> str:
    """Of everything that decides what a training gives."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def pack(booster: Any, progress: Progress) -> bytes:
    """The booster with its progress as an attribute (UBJSON)."""
    booster.set_attr(**{_PROGRESS: json.dumps(asdict(progress))})
    model = bytes(booster.save_raw("ubj"))
    clean(booster)
    return model


def read(model: bytes) -> Progress:
    return Progress(**json.loads(xgboost.Booster(model_file=bytearray(model)).attr(_PROGRESS)))


def clean(booster: Any) -> None:
    """Takes the progress off: the finished model does not hold it."""
    booster.set_attr(**{_PROGRESS: None})


def write(folder: Path, rounds: int, model: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"checkpoint-{rounds:06d}-{_digest(model)}.ubj"
    for abandoned in folder.glob(".checkpoint-*"):
        abandoned.unlink(missing_ok=True)
    unfinished = folder / f".{file.name}"
    with unfinished.open("wb") as stream:
        stream.write(model)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(file)
    _sync(folder)
    for _, _, old in sorted(_found(folder), reverse=True)[KEPT:]:
        old.unlink(missing_ok=True)


def newest(folder: Path, print_of_training: str) -> bytes:
    """The newest intact checkpoint of this very training; empty where there is none. Says what it passes over."""
    for _, digest, file in sorted(_found(folder), reverse=True):
        model = file.read_bytes()
        if _digest(model) != digest:
            print(f"{file.name} is cut off: passed over.", flush=True)
            continue
        if not _is_of(model, print_of_training):
            print(f"{file.name} is of other code, data or hyperparameters: passed over.", flush=True)
            continue
        return model
    return b""


def _is_of(model: bytes, print_of_training: str) -> bool:
    try:
        return read(model).fingerprint == print_of_training
    except (TypeError, ValueError):
        # Another version's: no progress within, or one of other fields. XGBoost's own errors are ValueErrors.
        return False


def _found(folder: Path) -> Iterator[tuple[int, str, Path]]:
    """Rounds, hash of the bytes, file."""
    for file in folder.iterdir() if folder.is_dir() else ():
        match = _NAME.fullmatch(file.name)
        if match:
            yield int(match["rounds"]), match["digest"], file


def _digest(model: bytes) -> str:
    return hashlib.sha256(model).hexdigest()[:32]


def _sync(folder: Path) -> None:
    """The new name itself must also survive."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
