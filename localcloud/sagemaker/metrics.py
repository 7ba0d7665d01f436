"""Metrics that a training script prints: found by the job's MetricDefinitions in its output."""

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.api import ApiError

NAMESPACE: Final = "/aws/sagemaker/TrainingJobs"
# CloudWatch's log agent shows a tab as #011, and the regexes in AWS's own examples expect that.
_TAB: Final = "#011"


@dataclass(frozen=True)
class Metric:
    name: str
    value: float
    at: datetime


class MetricScanner:
    """Fed by several hosts' readers at once."""

    def __init__(self, definitions: Sequence[Mapping[str, str]]) -> None:
        self._patterns = [(one["Name"], _compiled(one), _TAB in one["Regex"]) for one in definitions]
        self._lock = threading.Lock()
        self._last: dict[str, Metric] = {}

    def feed(self, line: str) -> list[Metric]:
        """What the line says; a captured text that is no number is not a metric."""
        found = []
        for name, pattern, wants_tabs_shown in self._patterns:
            match = pattern.search(line.replace("\t", _TAB) if wants_tabs_shown else line)
            value = _number(match.group(1)) if match else None
            if value is not None:
                found.append(Metric(name, value, datetime.now(UTC)))
        with self._lock:
            self._last.update({metric.name: metric for metric in found})
        return found

    def final(self) -> list[dict[str, Any]]:
        """FinalMetricDataList: each metric's last value."""
        with self._lock:
            last = sorted(self._last.values(), key=lambda metric: metric.name)
        return [{"MetricName": metric.name, "Value": metric.value, "Timestamp": metric.at} for metric in last]


def check(definitions: Sequence[Mapping[str, str]]) -> None:
    """ValidationException for a regex that does not compile or captures nothing."""
    for definition in definitions:
        if _compiled(definition).groups < 1:
            raise ApiError(
                "ValidationException",
                f"The regex of the metric definition {definition['Name']} captures nothing: put the number in (…)",
            )


def _compiled(definition: Mapping[str, str]) -> re.Pattern[str]:
    try:
        return re.compile(definition["Regex"])
    except re.error as exc:
        raise ApiError(
            "ValidationException", f"The regex of the metric definition {definition['Name']} is invalid: {exc}"
        ) from exc


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
