"""XGBoost on one host or several: from the channels to the model of the best round."""

import hashlib
import json
import math
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cluster.hosts import Cluster
from cluster.meeting import Meeting
from codec.codec import BINARY, Codec
from lean_xgboost import xgboost
from training import checkpoints
from training.artifact import Trained
from training.balance import class_totals, class_weights, positive_weight
from training.boosting import Data, Plan, boost
from training.channels import Channel, Floats, open_channel
from training.company import collective
from training.device import choose_device
from training.hyperparameters import BALANCED, chosen
from training.matrices import Matrices
from training.memory import memory_bytes
from training.objectives import OBJECTIVES, constraint_signs, xgboost_parameters
from training.rounds import History
from training.thresholds import choose_threshold

# The metrics of the training rows are measured on so many of each host's: ranking all rows after each round (AUC)
# would cost as much as the round itself, to say within a thousandth what a sample says.
SAMPLE_ROWS = 50_000
# From so many validation rows on, several hosts share them: XGBoost then reports the mean of their AUCs, which with as
# many rows on each is within a thousandth of the AUC of all. With fewer, each host measures all of them.
SHARED_VALIDATION_ROWS = 100_000


def train_booster(arguments: Namespace, codec: Codec, cluster: Cluster, here: Meeting) -> Trained:
    constraint_signs(arguments.monotone_constraints, codec)
    channels = [open_channel(folder, codec) for folder in (arguments.train, arguments.validation)]
    balance = _balance(arguments, channels[0], here)
    with _cache(channels, arguments.memory_share, here) as cache, collective(cluster, here):
        # XGBoost lets go of its files before their folder goes: the matrices live in there.
        return _train(arguments, channels, balance, Matrices(codec, arguments.nthread, arguments.max_bin, cache), here)


@dataclass(frozen=True)
class _Balance:
    """parameters: of XGBoost. weights: by class code, for the rows; None leaves them as they are."""

    parameters: Mapping[str, float] = field(default_factory=dict)
    weights: Floats | None = None


def _balance(arguments: Namespace, train: Channel, here: Meeting) -> _Balance:
    """What class_weight makes of the data. A definition's own scale_pos_weight stands."""
    codec = train.codec
    if arguments.class_weight != BALANCED or not codec.target.classes:
        return _Balance()
    if codec.target.task != BINARY:
        return _Balance(weights=class_weights(class_totals(train, here), codec))
    if arguments.scale_pos_weight != 1:
        return _Balance()
    return _Balance({"scale_pos_weight": positive_weight(class_totals(train, here))})


def _train(
    arguments: Namespace, channels: list[Channel], balance: _Balance, matrices: Matrices, here: Meeting
) -> Trained:
    codec = channels[0].codec
    parameters = {**xgboost_parameters(arguments, codec), **balance.parameters, "device": choose_device()}
    print(f"Training on {parameters['device']}.", flush=True)
    train, sample = matrices.make_with_sample(channels[0], _sample_step(channels[0], here), balance.weights)
    validation = _validation(channels[1], matrices, train, here)
    history = History(OBJECTIVES[codec.target.task])
    plan = _plan(arguments, parameters, channels, here)
    booster = boost(plan, Data(train, validation, sample), history, here)
    kept = booster[: history.best + 1]
    # Metric collectors keep the last value they see: let it be that of the round that is kept.
    print(history.line(history.best), flush=True)
    return Trained(
        booster=kept,
        best=history.best,
        evals=history.evals,
        objective=history.objective,
        threshold=_threshold(arguments, channels[1], kept),
        rows={
            "train": _total(train.num_row(), here),
            "validation": sum(len(part) for part, _ in channels[1].targets()),
        },
        effective=balance.parameters,
    )


@contextmanager
def _cache(channels: list[Channel], share: float, here: Meeting) -> Iterator[Path | None]:
    """A folder for matrices on disk where they exceed that share of memory, on any host; else None."""
    needed, limit = sum(channel.float_bytes for channel in channels), share * memory_bytes()
    if not any(json.loads(data) for data in here.gather(json.dumps(needed > limit).encode())):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="matrices-") as folder:
        print(
            f"Training from disk, in {folder}: the data takes {needed / 2**20:,.0f} MiB as numbers, and memory_share "
            f"{share:g} allows {limit / 2**20:,.0f} MiB.",
            flush=True,
        )
        yield Path(folder)


def _plan(arguments: Namespace, parameters: dict[str, Any], channels: list[Channel], here: Meeting) -> Plan:
    every = arguments.checkpoint_rounds
    return Plan(
        parameters=parameters,
        rounds=arguments.num_round,
        patience=arguments.early_stopping_rounds,
        every=every,
        folder=arguments.checkpoint_dir,
        fingerprint=_fingerprint(arguments, parameters, channels, here) if every else "",
    )


def _fingerprint(arguments: Namespace, parameters: dict[str, Any], channels: list[Channel], here: Meeting) -> str:
    codec = channels[0].codec
    of_threads = ("nthread", "device")
    parts = {
        "chosen": chosen(arguments),
        "parameters": {name: value for name, value in parameters.items() if name not in of_threads},
        "xgboost": xgboost.__version__,
        "features": [codec.names, codec.xgboost_types],
        "data": [_digest(channel) for channel in channels],
    }
    shards = here.gather(checkpoints.fingerprint(parts).encode())
    return checkpoints.fingerprint({"shards": [shard.decode() for shard in shards]})


def _digest(channel: Channel) -> str:
    """Of its files' bytes."""
    digest = hashlib.sha256()
    for file in channel.files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _sample_step(channel: Channel, here: Meeting) -> int:
    """The same on every host: XGBoost makes each matrix on all of them together."""
    rows = max(json.loads(data) for data in here.gather(json.dumps(channel.at_most).encode()))
    return math.ceil(rows / SAMPLE_ROWS)


def _validation(channel: Channel, matrices: Matrices, train: Any, here: Meeting) -> Any:
    if here.size > 1 and channel.at_most >= SHARED_VALIDATION_ROWS and matrices.in_memory:
        return matrices.make_part(channel, train, here.size, here.rank)
    return matrices.make(channel, reference=train)


def _threshold(arguments: Namespace, validation: Channel, booster: Any) -> float | None:
    """On all validation rows."""
    if validation.codec.target.task != BINARY:
        return None
    parts = [
        (booster.inplace_predict(np.stack(rows.columns).T, validate_features=False), rows.target, rows.weight)
        for rows in validation.batches()
    ]
    scores, labels, weights = (list(column) for column in zip(*parts, strict=True))
    return choose_threshold(
        arguments.decision_threshold,
        np.concatenate(scores),
        np.concatenate(labels),
        np.concatenate(weights) if validation.codec.weight else None,
    )


def _total(rows: int, here: Meeting) -> int:
    return int(np.sum([json.loads(data) for data in here.gather(json.dumps(rows).encode())]))
