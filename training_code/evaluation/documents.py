"""evaluation.json: what the gate decides by, and the report shows."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codec.codec import BINARY, Codec, Floats
from evaluation.artifacts import threshold_of
from evaluation.bootstrap import Bootstrap
from evaluation.paired import Judged, differences
from evaluation.scoring import Champion, ScoredHoldout
from evaluation.slices import slice_documents


def evaluation_document(holdout: ScoredHoldout, bootstrap: Bootstrap) -> dict[str, Any]:
    """What the models' scores say; data and importance stand beside it."""
    target, labels, champion = holdout.target, holdout.labels, holdout.champion
    ours, theirs = holdout.ours, holdout.theirs
    measured = ours.task.document(labels, ours.scores, bootstrap, curves=True)
    dataset = {"item_count": len(labels)}
    if target.task == BINARY:
        dataset["positive_count"] = int(labels.sum())
    against = _against(labels, (ours, theirs), measured, bootstrap) if theirs else {}
    return {
        "task": target.task,
        ours.task.key: measured,
        "dataset": dataset,
        "threshold": threshold_of(holdout.challenger),
        "slices": slice_documents(holdout.slices, labels, ours, theirs, bootstrap),
        "champion": {**_champion_document(champion, holdout.challenger.codec), **against} if champion else None,
    }


def _champion_document(champion: Champion, codec: Codec) -> dict[str, Any]:
    """codec: of the challenger."""
    if champion.scorer is None:
        return {"package_arn": champion.package_arn, "error": champion.error}
    live = champion.scorer.artifact
    changes = feature_changes(codec, live.codec)
    return {"package_arn": champion.package_arn, "threshold": threshold_of(live), "features": changes}


def _against(
    labels: Floats, models: tuple[Judged, Judged], measured: Mapping[str, Any], bootstrap: Bootstrap
) -> dict[str, Any]:
    champion = models[1]
    live = champion.task.document(labels, champion.scores, bootstrap, curves=False)
    return {champion.task.key: live, "differences": differences(labels, models, (measured, live), bootstrap)}


def feature_changes(challenger: Codec, champion: Codec) -> dict[str, list[str]]:
    """How the challenger's features differ from the champion's, each in its codec's order."""
    ours, theirs = ({feature.name: feature.type for feature in codec.features} for codec in (challenger, champion))
    return {
        "added": [name for name in ours if name not in theirs],
        "removed": [name for name in theirs if name not in ours],
        "retyped": [name for name in ours if theirs.get(name, ours[name]) != ours[name]],
    }


def main_metrics(evaluation: Mapping[str, Any], names: tuple[str, ...], key: str) -> dict[str, float | None]:
    return {name: evaluation[key][name]["value"] for name in names}


def write_json(path: Path, document: Mapping[str, Any], indent: int | None = 1) -> None:
    path.write_text(json.dumps(document, indent=indent, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
