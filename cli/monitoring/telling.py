"""Checks for eyes: a row for each, and of the newest what has moved, how far, since when, and how it came to that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cli.monitoring.sparkline import sparkline
from cli.output import table
from sluice.aws.checks import Check

_FOLLOWED = {"": "nothing", "ignore": "recorded", "notify": "told", "retrain": "retrain"}
_NAMED = 3
_STABLE_SHOWN = 5


def check_rows(checks: Sequence[Check]) -> list[str]:
    """The newest first, as given."""
    columns = ("window's end (UTC)", "checked", "version", "rows", "verdict", "what moved", "then")
    return table(columns, [_row(check) for check in checks]).splitlines()


def _row(check: Check) -> tuple[object, ...]:
    return (
        check.window_end,
        check.source,
        f"v{check.version}" if check.version else None,
        check.figures.get("rows"),
        check.verdict or check.status.lower(),
        _moved(check.violations),
        _FOLLOWED.get(check.response or ""),
    )


def _moved(violations: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(str(each.get("feature_name") or each.get("metric_name")) for each in violations))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def newest_lines(check: Check, findings: Mapping[str, Any] | None) -> Iterator[str]:
    """findings: its drift.json; None where there is none, as of Model Monitor's own checks."""
    yield f"Newest check {check.check_id}: {check.summary or check.verdict or check.status.lower()}"
    if check.response_reason:
        yield f"What followed: {_FOLLOWED[check.response or '']}: {check.response_reason}"
    if findings is not None:
        yield from _dimension_lines(findings)
        yield from _feature_lines(findings)
        yield from _record_lines(findings)
    elif check.violations:
        yield from (
            f"  {each.get('feature_name') or each.get('metric_name')}: {each['description']}"
            for each in check.violations
        )


def _dimension_lines(findings: Mapping[str, Any]) -> Iterator[str]:
    said = []
    for name, dimension in findings["dimensions"].items():
        reason = dimension.get("reason") or _in_short(name, dimension)
        said.append((name, dimension["status"], reason + _unmatched(dimension)))
    yield ""
    yield from table(("dimension", "status", "in short"), said).splitlines()


def _unmatched(dimension: Mapping[str, Any]) -> str:
    """Labels under a wrong id look like labels that did not come."""
    told = counted(dimension.get("unmatched") or 0, "label", "match no request that was captured", "matches none")
    return f" {told[0].upper()}{told[1:]}: is the id right?" if told else ""


def counted(number: int, what: str, many: str, one: str) -> str:
    if number == 0:
        return ""
    return f"1 {what} {one}" if number == 1 else f"{number:,} {what}s {many}"


def _in_short(name: str, dimension: Mapping[str, Any]) -> str:
    match name:
        case "model-quality":
            judged = [_metric(one) for one in dimension["metrics"] if one.get("judged")]
            contradicting = counted(
                dimension.get("conflicting") or 0, "label", "contradict others", "contradicts others"
            )
            return "; ".join(filter(None, [*judged, _labels(dimension), contradicting]))
        case "attribution":
            return f"NDCG {dimension['ndcg']:.3f}, at least {dimension['bound']:g}"
        case "operations" if dimension.get("invocations") is not None:
            return f"{dimension['invocations']:,} requests, {dimension['errors_5xx']:,} answered with 5XX"
        case _:
            return ""


def _metric(metric: Mapping[str, Any]) -> str:
    said = f"{metric['name']} {metric['value']:.3f}, was {metric['baseline']:.3f}"
    loss, bound = metric.get("loss"), metric.get("bound")
    if loss is None or bound is None or loss < bound:
        return said
    chance = "" if metric.get("violated") else " which so few labels cannot tell from chance"
    return f"{said}: lost {loss:.3f} and may lose {bound:g},{chance}".rstrip(",")


def _record_lines(findings: Mapping[str, Any]) -> Iterator[str]:
    """What was not counted, and why: a file of labels with a wrong header looks like labels that did not come."""
    records = findings.get("records", {})
    unreadable = records.get("unreadable", {"count": 0, "examples": []})
    if unreadable["count"]:
        first = unreadable["examples"][0]
        where = f"{first['file']} line {first['line']}: {first['reason']}"
        yield f"{counted(unreadable['count'], 'line', 'could not be read', 'could not be read')}, as {where}"
    if records.get("outside_window"):
        outside = records["outside_window"]
        yield f"{outside:,} records say that they are of another time than their folder: is a clock wrong?"
    if records.get("unanswered"):
        yield f"{records['unanswered']:,} requests got no answer."


def _labels(quality: Mapping[str, Any]) -> str:
    earlier = quality.get("earlier_labelled_requests", 0)
    known = f"{quality['coverage']:.0%} of the window's requests have a label"
    return f"{known}, and {earlier:,} earlier ones" if earlier else known


def _feature_lines(findings: Mapping[str, Any]) -> Iterator[str]:
    features = findings["dimensions"].get("data-quality", {}).get("features", ())
    moved = [one for one in features if one["status"] == "drift"]
    rest = [one for one in features if one["status"] != "drift"]
    listed = [*moved, *rest[:_STABLE_SHOWN]]
    if not listed or findings["verdict"] == "not-enough-data":
        return
    yield ""
    columns = ("feature", "status", "how far (bound)", "on the score", "since", "trend of the distance")
    yield from table(columns, [_feature_row(findings, one) for one in listed]).splitlines()
    left = len(rest) - _STABLE_SHOWN
    if left > 0:
        yield f"{left} more features have not moved."


def _feature_row(findings: Mapping[str, Any], feature: Mapping[str, Any]) -> tuple[object, ...]:
    trend = sparkline(_trend(findings, feature["name"]), feature.get("bound"))
    status, since = feature["status"], feature.get("since")
    if status == "no-drift" and _is_far(feature):
        status = "no-drift: may be chance"
    return (
        feature["name"],
        status,
        _how_far(findings, feature),
        _effect(feature.get("score_effect")),
        datetime.fromisoformat(since).astimezone(UTC) if since else None,
        trend,
    )


def _is_far(feature: Mapping[str, Any]) -> bool:
    distance, bound = feature.get("distance"), feature.get("bound")
    return distance is not None and bound is not None and distance >= bound


def _how_far(findings: Mapping[str, Any], feature: Mapping[str, Any]) -> str | None:
    """By the measure that says drift; of what has not drifted by its distance."""
    said = [findings["violations"][place]["constraint_check_type"] for place in feature.get("violations", ())]
    shares = [_SHARES[check] for check in said if check in _SHARES]
    if shares and "baseline_drift_check" not in said:
        word, name, before = shares[0]
        return f"{word} {feature[name]:.1%}" + (f", was {feature[before]:.1%}" if before else "")
    distance = feature.get("distance")
    return None if distance is None else f"{distance:.3f} ({feature['bound']:g})"


_SHARES = {
    "missing_column_check": ("not sent", "missing_share", None),
    "data_type_check": ("no numbers", "unreadable_share", None),
    "completeness_check": ("missing", "missing_share", "baseline_missing_share"),
    "categorical_values_check": ("unseen levels", "unseen_share", None),
    "numeric_range_check": ("out of range", "outside_share", None),
}
"""By check: in words, the share's name in drift.json, and that of the baseline's."""


def _effect(value: float | None) -> str | None:
    return None if value is None else f"{value:+.3f}"


def _trend(findings: Mapping[str, Any], feature: str) -> list[float | None]:
    return [one.get("features", {}).get(feature, {}).get("distance") for one in findings.get("trend", ())]


@dataclass(frozen=True)
class Watching:
    """How the live version is watched. engine: None where it is not, and why_not says why; note: what is to be known
    beside it."""

    version: int | None = None
    engine: str | None = None
    every_hours: int | None = None
    note: str | None = None
    why_not: str | None = None


def watched_line(model: str, watching: Watching) -> str:
    if watching.version is None:
        return f"{model}: no version is in production, so nothing is watched"
    if watching.engine is None:
        return f"{model} v{watching.version} is not watched: {watching.why_not}"
    hours = "every hour" if watching.every_hours == 1 else f"every {watching.every_hours} hours"
    note = f" ({watching.note})" if watching.note else ""
    return f"{model} v{watching.version} is checked {hours} by {_ENGINES[watching.engine]}{note}"


_ENGINES = {"scheduled-job": "a scheduled job", "model-monitor": "SageMaker Model Monitor"}
