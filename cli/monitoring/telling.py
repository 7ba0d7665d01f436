"""Checks for eyes: a row for each, and of the newest what has moved, how far, since when, and how it came to that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.monitoring.sparkline import sparkline
from cli.output import table
from sluice.aws.checks import Check

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
        check.response,
    )


def _moved(violations: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(str(each.get("feature_name") or each.get("metric_name")) for each in violations))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def newest_lines(check: Check, findings: Mapping[str, Any] | None) -> Iterator[str]:
    """findings: its drift.json; None where there is none, as of Model Monitor's own checks."""
    yield f"Newest check {check.check_id}: {check.summary or check.verdict or check.status.lower()}"
    if check.response_reason:
        yield f"What followed: {check.response}: {check.response_reason}"
    if findings is not None:
        yield from _dimension_lines(findings)
        yield from _feature_lines(findings)
    elif check.violations:
        yield from (
            f"  {each.get('feature_name') or each.get('metric_name')}: {each['description']}"
            for each in check.violations
        )


def _dimension_lines(findings: Mapping[str, Any]) -> Iterator[str]:
    said = []
    for name, dimension in findings["dimensions"].items():
        reason = dimension.get("reason") or _in_short(name, dimension)
        said.append((name, dimension["status"], reason))
    yield ""
    yield from table(("dimension", "status", "in short"), said).splitlines()


def _in_short(name: str, dimension: Mapping[str, Any]) -> str:
    match name:
        case "model-quality":
            judged = [
                f"{one['name']} {one['value']:.3f} (was {one['baseline']:.3f})"
                for one in dimension["metrics"]
                if one.get("judged")
            ]
            return f"{', '.join(judged)}; {_labels(dimension)}"
        case "attribution":
            return f"NDCG {dimension['ndcg']:.3f}, at least {dimension['bound']:g}"
        case "operations" if dimension.get("invocations") is not None:
            return f"{dimension['invocations']:,} requests, {dimension['errors_5xx']:,} answered with 5XX"
        case _:
            return ""


def _labels(quality: Mapping[str, Any]) -> str:
    earlier = quality.get("earlier_labelled_requests", 0)
    known = f"{quality['coverage']:.0%} of the window's requests have a label"
    return f"{known}, and {earlier:,} earlier ones" if earlier else known


def _feature_lines(findings: Mapping[str, Any]) -> Iterator[str]:
    features = findings["dimensions"].get("data-quality", {}).get("features", ())
    moved = [one for one in features if one["status"] == "drift"]
    rest = [one for one in features if one["status"] != "drift"]
    listed = [*moved, *rest[:_STABLE_SHOWN]]
    if not listed:
        return
    rows = [
        (
            one["name"],
            one["status"],
            one.get("distance"),
            one.get("bound"),
            _effect(one.get("score_effect")),
            one.get("since"),
            sparkline(_trend(findings, one["name"]), one.get("bound")),
        )
        for one in listed
    ]
    yield ""
    yield from table(("feature", "status", "distance", "bound", "on the score", "since", "trend"), rows).splitlines()
    left = len(rest) - _STABLE_SHOWN
    if left > 0:
        yield f"{left} more features have not moved."


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
