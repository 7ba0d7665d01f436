"""What the report says of each feature in the training rows, from the run's baseline (statistics.json)."""

from collections.abc import Mapping
from typing import Any

from codec.codec import CATEGORICAL, NUMERIC
from evaluation.optional_files import leave_out

SHOWN_LEVELS = 5


def feature_summaries(statistics: Mapping[str, Any] | None, drift: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """In the baseline's order; none where it is not there, or of another schema."""
    moved = {feature["feature"]: feature["psi"] for feature in (drift or {}).get("features", [])}
    try:
        return [_summary(feature, moved) for feature in statistics["features"]] if statistics else []
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        leave_out(f"The baseline is not of Model Monitor's schema: {type(error).__name__} {error}.")
        return []


def _summary(feature: Mapping[str, Any], moved: Mapping[str, float | None]) -> dict[str, Any]:
    """missing, share: of the training rows."""
    numbers, strings = feature.get("numerical_statistics"), feature.get("string_statistics")
    found = numbers or strings or {}
    present, missing = (int(found["common"][name]) for name in ("num_present", "num_missing"))
    rows = max(1, present + missing)
    levels = strings["distribution"]["categorical"]["buckets"][:SHOWN_LEVELS] if strings else []
    return {
        "feature": str(feature["name"]),
        "type": NUMERIC if numbers else CATEGORICAL,
        "missing": missing / rows,
        "distinct": int(strings["distinct_count"]) if strings else None,
        "mean": found.get("mean"),
        "std": found.get("std_dev"),
        "min": found.get("min"),
        "max": found.get("max"),
        "levels": [{"value": str(level["value"]), "share": level["count"] / rows} for level in levels],
        "psi": moved.get(str(feature["name"])),
    }
