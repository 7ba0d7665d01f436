"""The codec of a data set: learned from the training rows, or taken from an earlier run."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from cluster.meeting import Meeting
from codec.codec import CATEGORICAL, NUMERIC, Codec, Feature, Target
from codec.features_json import CodecFormatError, read_codec
from definition import DataDefinition
from job import BadData
from preprocessing.ingest import Ingested
from preprocessing.statistics import LevelStatistics, Statistics, agree_medians
from preprocessing.vocabulary import learn_levels

# Values of data.missing.
KEEP, MEDIAN, LEVEL = "keep", "median", "level"


def learn_codec(
    definition: DataDefinition, target: Target, statistics: Statistics, data: Ingested, meeting: Meeting
) -> Codec:
    """statistics: of the training rows of all hosts, of which `data` are this one's."""
    medians = agree_medians(data, statistics, meeting) if definition.missing.numeric == MEDIAN else {}
    return Codec(
        target=target,
        features=tuple(_feature(definition, name, statistics, medians) for name in definition.features),
        ignored=_ignored(definition),
        missing_values=frozenset(definition.missing_values),
        weight=definition.weight,
    )


def _ignored(definition: DataDefinition) -> frozenset[str]:
    return frozenset(definition.columns) - frozenset(definition.features)


def _feature(definition: DataDefinition, name: str, statistics: Statistics, medians: Mapping[str, float]) -> Feature:
    found = statistics[name]
    if not isinstance(found, LevelStatistics):
        return Feature(name, definition.features[name], fill=medians.get(name))
    levels = learn_levels(found.counts, definition.max_categories, definition.rare_level_min_count)
    # After the code of levels that are rare or were never seen.
    fill = float(len(levels) + 1) if definition.missing.categorical == LEVEL else None
    return Feature(name, CATEGORICAL, levels, fill)


def read_previous(path: Path | None, definition: DataDefinition) -> Codec | None:
    """The codec of an earlier run (features.json or its folder), which must be of the same columns, read alike.

    Which other columns a record may hold is the definition's business of today.
    """
    if path is None:
        return None
    file = path / "features.json" if path.is_dir() else path
    try:
        codec = read_codec(file)
    except CodecFormatError as error:
        raise BadData(f"{error} Name another --codec, or none.") from error
    for what, (previous, now) in _agreed(codec, definition).items():
        if previous != now:
            raise BadData(f"{file} was made with another {what} than the definition has now: run without --codec.")
    if definition.positive_label and codec.target.classes[1:] != (definition.positive_label,):
        raise BadData(f"{file} was made with another data.positive_label than the definition has: run without --codec.")
    _check_levels(codec, definition, file)
    return dataclasses.replace(codec, ignored=_ignored(definition))


def _agreed(codec: Codec, definition: DataDefinition) -> dict[str, tuple[object, object]]:
    """What must be the same: by its name in the definition, as the codec has it and as the definition has it."""
    theirs = {feature.name: feature.type for feature in codec.features}
    kinds = set(theirs.values())
    return {
        "data.features": (theirs, dict(definition.features)),
        "the order of data.features": (list(theirs), list(definition.features)),
        "data.target": (codec.target.name, definition.target),
        "data.task": (codec.target.task, definition.task),
        "data.weight": (codec.weight, definition.weight),
        "data.missing_values": (codec.missing_values, frozenset(definition.missing_values)),
        "data.missing.numeric": (_filled(codec, NUMERIC), NUMERIC in kinds and definition.missing.numeric != KEEP),
        "data.missing.categorical": (
            _filled(codec, CATEGORICAL),
            CATEGORICAL in kinds and definition.missing.categorical != KEEP,
        ),
    }


def _filled(codec: Codec, kind: str) -> bool:
    """One feature's fill tells how all of its kind were learned; a number without any value has no median."""
    return any(feature.fill is not None for feature in codec.features if feature.type == kind)


def _check_levels(codec: Codec, definition: DataDefinition, file: Path) -> None:
    for feature in codec.features:
        if len(feature.levels) > definition.max_categories:
            raise BadData(
                f"{file} has {len(feature.levels)} levels of {feature.name!r}, and data.max_categories is "
                f"{definition.max_categories}: raise it in model.yaml, or run without --codec."
            )
