"""A check's result in one or two sentences that a person understands."""

from collections.abc import Mapping, Sequence
from typing import Any

from codec.codec import BINARY, REGRESSION
from monitoring.check_plan import MonitoringSettings
from monitoring.claims import Document

NAMED = 3
# What moves a feature's cells rather than its distribution; said in this order of weight.
SHARES = {
    "missing_column_check": "was not sent",
    "data_type_check": "holds no numbers",
    "completeness_check": "is missing more often",
    "categorical_values_check": "holds levels that no training row has",
    "numeric_range_check": "lies outside of what was learned",
}
UNITS = {BINARY: "log-odds", REGRESSION: "prediction"}


def summarize(document: Mapping[str, Any], task: str, settings: MonitoringSettings) -> str:
    if document["verdict"] == "not-enough-data":
        return (
            f"Nothing can be said yet: this window holds {_rows(document['records']['rows'])}, and a check needs "
            f"{settings.min_records:,}."
        )
    version = f"version {document['version']}"
    if document["verdict"] == "no-drift":
        tests, rows = document["testing"]["tests"], _rows(document["records"]["rows"])
        return f"Nothing has moved since {version} was trained, by {tests} tests on {rows}.{_quality(document)}"
    told = [_features(document, version, task), *_elsewhere(document)]
    return " ".join(sentence for sentence in told if sentence)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _quality(document: Mapping[str, Any]) -> str:
    quality = document["dimensions"]["model-quality"]
    for metric in quality["metrics"]:
        if metric["judged"]:
            of = f"on {_rows(quality['measured_rows'])} with a label"
            return f" {metric['name']} is {metric['value']:.3g} {of}, {metric['baseline']:.3g} on the test split."
    return ""


def _features(document: Mapping[str, Any], version: str, task: str) -> str:
    drifted = [entry for entry in document["dimensions"]["data-quality"]["features"] if entry["violations"]]
    if not drifted:
        return ""
    names = [entry["name"] for entry in drifted]
    verb = "has" if len(names) == 1 else "have"
    first = drifted[0]
    checks = {document["violations"][place]["constraint_check_type"] for place in first["violations"]}
    return f"{_listed(names)} {verb} moved since {version} was trained: {_what(first, checks)}{_effect(first, task)}."


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    if len(names) <= NAMED:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


def _what(entry: Mapping[str, Any], checks: set[str]) -> str:
    name = entry["name"]
    for check, said in SHARES.items():
        if check in checks and not (check == "numeric_range_check" and "baseline_drift_check" in checks):
            return f"{name} {said}{_share(entry, check)}"
    if entry["mean"] is not None and entry["baseline_mean"] is not None:
        return f"{name}'s mean is {entry['mean']:.3g} where it was {entry['baseline_mean']:.3g}"
    most = max(entry["bins"], key=lambda found: abs(found["share"] - found["baseline_share"]))
    return f"{most['share']:.0%} of {name} is {most['value']!r} where it was {most['baseline_share']:.0%}"


def _share(entry: Mapping[str, Any], check: str) -> str:
    if check == "completeness_check":
        return f" ({entry['missing_share']:.0%} of the rows, {entry['baseline_missing_share']:.0%} then)"
    share = {
        "missing_column_check": entry["missing_share"],
        "data_type_check": entry["unreadable_share"],
        "categorical_values_check": entry["unseen_share"],
        "numeric_range_check": entry["outside_share"],
    }[check]
    return f" in {share:.0%} of the rows"


def _effect(entry: Document, task: str) -> str:
    effect, unit = entry["score_effect"], UNITS.get(task)
    if effect is None or unit is None or abs(effect) < 0.005:
        return ""
    way = "raises" if effect > 0 else "lowers"
    return f", which {way} the {unit} by {abs(effect):.2g} on average"


def _elsewhere(document: Mapping[str, Any]) -> list[str]:
    """What has moved beside the features, by dimension: the first violation's own words."""
    violations: Sequence[Mapping[str, Any]] = document["violations"]
    extra = [found for found in violations if found["constraint_check_type"] == "extra_column_check"]
    told = [extra[0]["description"]] if extra else []
    if any(found["dimension"] == "predictions" for found in violations):
        told.append(_predictions(document["dimensions"]["predictions"]))
    for dimension in ("model-quality", "bias", "attribution"):
        told += [found["description"] for found in violations if found["dimension"] == dimension][:1]
    return told


def _predictions(predictions: Mapping[str, Any]) -> str:
    for output in predictions["outputs"]:
        if output["status"] == "drift" and output["mean"] is not None:
            what = "score" if output["name"] == "score" else f"score of {output['name']}"
            return f"The mean {what} is {output['mean']:.3g} where it was {output['baseline_mean']:.3g}."
    return "The predicted labels have moved."
