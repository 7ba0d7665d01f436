"""CloudWatch metrics of a monitoring job: JSON lines that the container leaves, published for it under its role.

The lines are PutMetricData's MetricDatum without a namespace: MetricName, Timestamp, Dimensions, Value or
StatisticValues, Unit.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

FOLDER: Final = "/opt/ml/output/metrics/cloudwatch"
_BATCH: Final = 500
_MEMBERS: Final = ("MetricName", "Timestamp", "Dimensions", "Value", "StatisticValues", "Unit")


class UnreadableMetricError(Exception):
    """A line that is no metric; the message names its file and number."""


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """Raises UnreadableMetricError."""
    for file in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if line.strip():
                yield _datum(line, f"{file.name}, line {number}")


def publish(client: Any, namespace: str, data: Iterable[Mapping[str, Any]]) -> int:
    """How many. Raises the client's errors."""
    held = list(data)
    for start in range(0, len(held), _BATCH):
        client.put_metric_data(Namespace=namespace, MetricData=held[start : start + _BATCH])
    return len(held)


def _datum(line: str, where: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except ValueError as exc:
        raise UnreadableMetricError(f"{where} is not JSON: {exc}") from exc
    if not isinstance(document, dict) or not document.get("MetricName"):
        raise UnreadableMetricError(f"{where} has no MetricName")
    if ("Value" in document) == ("StatisticValues" in document):
        raise UnreadableMetricError(f"{where} must have either Value or StatisticValues")
    return {member: document[member] for member in _MEMBERS if member in document}
