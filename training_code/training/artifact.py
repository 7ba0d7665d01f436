"""The model folder: what train.py leaves for evaluate.py and for the endpoint."""

import json
import shutil
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lean_xgboost import xgboost
from training.hyperparameters import chosen
from training.objectives import Objective
from training.rounds import Evals

_SCRIPTS = Path(__file__).parent.parent


@dataclass(frozen=True)
class Trained:
    """booster: of the kept rounds only. best: the last of them. rows: by split; effective: set by the data."""

    booster: Any
    best: int
    evals: Evals
    objective: Objective
    threshold: float | None
    rows: Mapping[str, int]
    effective: Mapping[str, Any]


def serving_code(scripts: Path = _SCRIPTS) -> Sequence[Path]:
    """Paths within the folder of scripts: inference.py and the packages that it imports, without Arrow."""
    packages = [path for name in ("codec", "serving") for path in sorted((scripts / name).glob("*.py"))]
    files = [scripts / "inference.py", scripts / "lean_xgboost.py", *packages]
    return [path.relative_to(scripts) for path in files if path != scripts / "codec" / "arrow.py"]


def write_artifact(trained: Trained, arguments: Namespace, task: str) -> None:
    folder = arguments.model_dir
    folder.mkdir(parents=True, exist_ok=True)
    trained.booster.save_model(folder / "model.ubj")
    shutil.copyfile(arguments.codec / "features.json", folder / "features.json")
    text = json.dumps(_training(trained, arguments, task), indent=1, allow_nan=False)
    (folder / "training.json").write_text(text + "\n", encoding="utf-8")
    for file in serving_code():
        target = folder / "code" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_SCRIPTS / file, target)


def _training(trained: Trained, arguments: Namespace, task: str) -> dict[str, Any]:
    counts = arguments.codec / "counts.json"
    watched = trained.objective.watched
    return {
        "algorithm": arguments.algorithm,
        "task": task,
        "threshold": trained.threshold,
        "xgboost_version": xgboost.__version__,
        "best_iteration": trained.best,
        f"best_validation_{watched}": trained.evals["validation"][watched][trained.best],
        "rows": dict(trained.rows),
        "counts": json.loads(counts.read_text(encoding="utf-8")) if counts.exists() else None,
        "hyperparameters": {**chosen(arguments), **trained.effective},
        "evals": trained.evals,
    }
