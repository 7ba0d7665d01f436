"""The models to evaluate, and what their scores are held against."""

import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from codec.codec import BINARY, REGRESSION, Target
from evaluation.binary import Binary
from evaluation.multiclass import Multiclass
from evaluation.regression import Regression
from job import BadData
from serving.artifact import Artifact, load_artifact

Task = Binary | Multiclass | Regression


def open_artifact(folder: Path) -> Artifact:
    """From model.tar.gz in the folder, or the unpacked artifact. BadData where there is none, or not one of ours."""
    try:
        archive = next(iter(sorted(folder.rglob("model.tar.gz"))), None)
        artifact = load_artifact(folder) if archive is None else _unpack(archive)
        if not isinstance(artifact.training, Mapping):
            raise ValueError("training.json is not a JSON object")
        threshold_of(artifact)
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        # xgboost's own errors are ValueErrors; a codec or training.json of another format lacks keys.
        raise BadData(f"The model artifact in {folder} cannot be read: {first_line(error)}") from error
    return artifact


def _unpack(archive: Path) -> Artifact:
    with tempfile.TemporaryDirectory() as unpacked:
        with tarfile.open(archive) as tar:
            tar.extractall(unpacked, filter="data")
        return load_artifact(Path(unpacked))


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def threshold_of(artifact: Artifact) -> float | None:
    """None where the model does not tell two classes apart."""
    return artifact.threshold if artifact.codec.target.task == BINARY else None


def task_of(artifact: Artifact, classes: tuple[str, ...]) -> Task:
    """classes: of the score's columns."""
    threshold = threshold_of(artifact)
    if threshold is not None:
        return Binary(threshold)
    return Regression() if artifact.codec.target.task == REGRESSION else Multiclass(classes)


def check_comparable(champion: Target, challenger: Target) -> None:
    """BadData where both cannot be held against the same labels. Several classes may differ: see common_classes."""
    if champion.task != challenger.task:
        raise BadData(f"The champion is of the task {champion.task}, this model of {challenger.task}.")
    if champion.name != challenger.name:
        raise BadData(f"The champion predicts the column {champion.name!r}, this model {challenger.name!r}.")
    if champion.task == BINARY and champion.classes != challenger.classes:
        raise BadData(
            f"The champion tells {champion.classes[1]!r} from {champion.classes[0]!r}, "
            f"this model {challenger.classes[1]!r} from {challenger.classes[0]!r}."
        )


def common_classes(challenger: Target, champion: Target) -> tuple[str, ...]:
    """The challenger's classes, whose codes the labels have; after them those that only the champion knows."""
    return (*challenger.classes, *(label for label in champion.classes if label not in challenger.codes))
