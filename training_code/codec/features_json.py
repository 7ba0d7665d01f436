"""features.json: a codec as a file, beside the data that it encoded and inside the model that learned from them."""

import json
from pathlib import Path
from typing import Any

from codec.codec import CATEGORICAL, Codec, Feature, Target

FORMAT_VERSION = 2


class CodecFormatError(ValueError):
    """features.json cannot be used; the message says why and what to do."""


def write_codec(codec: Codec, path: Path) -> None:
    document = {
        "format_version": FORMAT_VERSION,
        "target": {"name": codec.target.name, "task": codec.target.task, "classes": list(codec.target.classes)},
        "weight": codec.weight,
        "features": [_feature_document(feature) for feature in codec.features],
        "ignored": sorted(codec.ignored),
        "missing_values": sorted(codec.missing_values),
    }
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _feature_document(feature: Feature) -> dict[str, Any]:
    document: dict[str, Any] = {"name": feature.name, "type": feature.type, "fill": feature.fill}
    if feature.type == CATEGORICAL:
        document |= {"levels": list(feature.levels), "other_code": feature.other_code}
    return document


def read_codec(path: Path) -> Codec:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CodecFormatError(f"There is no {path.name} in {path.parent}: preprocess.py writes it.") from None
    except ValueError as error:
        raise CodecFormatError(f"{path} is not JSON: {error}.") from error
    version = document.get("format_version") if isinstance(document, dict) else None
    if version != FORMAT_VERSION:
        raise CodecFormatError(f"{path} has format version {version}, this code reads {FORMAT_VERSION}: train again.")
    target = document["target"]
    return Codec(
        target=Target(target["name"], target["task"], tuple(target["classes"])),
        features=tuple(_feature(entry) for entry in document["features"]),
        ignored=frozenset(document["ignored"]),
        missing_values=frozenset(document["missing_values"]),
        weight=document["weight"],
    )


def _feature(entry: dict[str, Any]) -> Feature:
    return Feature(entry["name"], entry["type"], tuple(entry.get("levels", ())), entry["fill"])
