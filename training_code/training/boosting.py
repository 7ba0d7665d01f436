"""The boosting rounds, with checkpoints from which another process goes on to the same bytes.

What a Booster's file lacks is the state of its samplers. So at every checkpoint also the process that was not
interrupted draws its samplers anew, from a seed that follows from the round: both go on alike. The rest of the state
is the rows' margins so far, which the other process computes from the trees; that they are the same bits is checked.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.meeting import Meeting
from lean_xgboost import xgboost
from training import checkpoints
from training.checkpoints import Progress
from training.rounds import History


@dataclass(frozen=True)
class Plan:
    """every: rounds between checkpoints, 0 for none. fingerprint: of what decides the result."""

    parameters: dict[str, Any]
    rounds: int
    patience: int
    every: int
    folder: Path
    fingerprint: str

    def seed(self, rounds: int) -> int:
        """From the checkpoint after that many rounds on."""
        digest = hashlib.sha256(f"{self.parameters['seed']} {rounds}".encode()).digest()
        return int.from_bytes(digest[:4], "big") >> 1

    @property
    def trusts_margins(self) -> bool:
        """On a GPU, sums over trees may differ in their last bits from sums tree by tree."""
        return self.parameters["device"] == "cpu"


@dataclass(frozen=True)
class Data:
    """Matrices. sample: of the training rows, for their metrics."""

    train: Any
    validation: Any
    sample: Any

    @property
    def watched(self) -> list[tuple[Any, str]]:
        return [(self.sample, "train"), (self.validation, "validation")]


def boost(plan: Plan, data: Data, history: History, here: Meeting) -> Any:
    """The booster of all rounds that were needed; `history` gets their metrics, and each is printed."""
    matrices = [data.train, data.validation]
    booster = _start(plan, matrices, history, here)
    begun = len(history)
    while len(history) < plan.rounds and not history.is_settled(plan.patience):
        number = len(history)
        if plan.every and number > begun and number % plan.every == 0:
            booster = _checkpoint(plan, booster, matrices, history, here)
        booster.update(data.train, iteration=number)
        history.add(booster.eval_set(data.watched, iteration=number))
        print(history.line(number), flush=True)
    return booster


def _start(plan: Plan, matrices: list[Any], history: History, here: Meeting) -> Any:
    """From the first host's newest checkpoint that this training can go on from, else from nothing."""
    found = checkpoints.newest(plan.folder, plan.fingerprint) if plan.every and here.rank == 0 else b""
    model = here.gather(found)[0] if plan.every else b""
    if not model:
        return xgboost.Booster(plan.parameters, matrices)
    progress = checkpoints.read(model)
    booster = _load(plan, matrices, model, progress)
    if progress.margins and progress.margins != _margins(booster, matrices, here):
        print("The newest checkpoint's predictions differ on this machine: starting from the first round.", flush=True)
        return xgboost.Booster(plan.parameters, matrices)
    history.evals.update(progress.evals)
    print(f"Going on after round {len(history) - 1}, from a checkpoint in {plan.folder}.", flush=True)
    return booster


def _checkpoint(plan: Plan, booster: Any, matrices: list[Any], history: History, here: Meeting) -> Any:
    """The booster to go on with."""
    margins = _margins(booster, matrices, here) if plan.trusts_margins else ""
    progress = Progress(plan.fingerprint, history.evals, margins)
    model = checkpoints.pack(booster, progress)
    if here.rank == 0:
        checkpoints.write(plan.folder, len(history), model)
    if not plan.trusts_margins:
        return _load(plan, matrices, model, progress)
    _renew_samplers(booster, plan.seed(len(history)))
    return booster


def _load(plan: Plan, matrices: list[Any], model: bytes, progress: Progress) -> Any:
    parameters = {**plan.parameters, "seed": plan.seed(progress.rounds)}
    booster = xgboost.Booster(parameters, matrices, model_file=bytearray(model))
    checkpoints.clean(booster)
    return booster


def _renew_samplers(booster: Any, seed: int) -> None:
    """As in a booster that was just loaded, whose margins would have to be computed anew: seconds for a million rows.

    A booster makes its tree updater, which owns the column sampler, anew when the tree method changes, and draws from
    the new seed when that does. It takes parameters in when its configuration is next asked for.
    """
    booster.set_param({"tree_method": "approx"})
    booster.save_config()
    booster.set_param({"tree_method": "hist", "seed": seed})


def _margins(booster: Any, matrices: Sequence[Any], here: Meeting) -> str:
    """A hash of all rows' margins, on all hosts."""
    digest = hashlib.sha256()
    for matrix in matrices:
        digest.update(booster.predict(matrix, output_margin=True).tobytes())
    return hashlib.sha256(b"".join(here.gather(digest.digest()))).hexdigest()
