"""From data points to one value a period."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from localcloud.alarms.definition import STATISTICS, Alarm, MetricStat
from localcloud.alarms.expression import evaluate


@dataclass(frozen=True)
class Point:
    """A value seen `count` times, or a published statistic set."""

    timestamp: float
    count: float
    total: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class Windows:
    """Periods of `seconds` (real ones: AWS's, scaled), the newest ending at `end`."""

    end: float
    seconds: float
    count: int

    @property
    def starts(self) -> list[float]:
        """Oldest first."""
        return [self.end - self.seconds * (self.count - at) for at in range(self.count)]


def aggregate(points: Iterable[Point], windows: Windows, stat: str) -> list[float | None]:
    first = windows.end - windows.seconds * windows.count
    held: list[list[Point]] = [[] for _ in range(windows.count)]
    for point in points:
        if first <= point.timestamp < windows.end and point.count > 0:
            held[min(int((point.timestamp - first) / windows.seconds), windows.count - 1)].append(point)
    return [_statistic(within, stat) if within else None for within in held]


def values_of(alarm: Alarm, found: Mapping[MetricStat, Iterable[Point]], windows: Windows) -> list[float | None]:
    """What the alarm compares with its threshold, by period; `found` holds the points of each of its metrics."""
    series: dict[str, Sequence[float | None]] = {
        one.id: aggregate(found[one.source], windows, one.source.stat)
        for one in alarm.queries
        if isinstance(one.source, MetricStat)
    }
    waiting = [one for one in alarm.queries if one.id not in series]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one.source, MetricStat):
            continue
        try:
            series[one.id] = evaluate(one.source, series, windows.count)
        except KeyError:
            # It refers to a later one; the definition's check says that there is an order.
            waiting.append(one)
    return list(series[alarm.returned])


def too_few_samples(alarm: Alarm, found: Mapping[MetricStat, Iterable[Point]], windows: Windows) -> bool:
    """Whether there are samples in the alarm's evaluation periods, and fewer than its percentile needs.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    """
    metric = alarm.queries[0].source
    if not alarm.waits_for_samples or len(alarm.queries) > 1 or not isinstance(metric, MetricStat):
        return False
    if metric.stat in STATISTICS:
        return False
    share = float(metric.stat[1:]) / 100
    rarer = min(share, 1 - share)
    first = windows.end - windows.seconds * alarm.evaluation_periods
    samples = sum(point.count for point in found[metric] if first <= point.timestamp < windows.end)
    return rarer > 0 and 0 < samples < round(10 / rarer, 6)


def _statistic(points: Sequence[Point], stat: str) -> float | None:
    count = sum(point.count for point in points)
    match stat:
        case "SampleCount":
            return count
        case "Sum":
            return sum(point.total for point in points)
        case "Average":
            return sum(point.total for point in points) / count
        case "Minimum":
            return min(point.minimum for point in points)
        case "Maximum":
            return max(point.maximum for point in points)
    return _percentile(points, float(stat[1:]))


def _percentile(points: Sequence[Point], percent: float) -> float | None:
    """Interpolated between the two nearest ranks. None where a statistic set hides the values, as on AWS."""
    if any(point.minimum != point.maximum for point in points):
        return None
    ordered = sorted((point.minimum, point.count) for point in points)
    rank = percent / 100 * max(sum(weight for _, weight in ordered) - 1, 0)
    low, high = _at_rank(ordered, int(rank)), _at_rank(ordered, int(rank) + 1)
    return low + (rank - int(rank)) * (high - low)


def _at_rank(ordered: Sequence[tuple[float, float]], rank: int) -> float:
    seen = 0.0
    for value, weight in ordered:
        seen += weight
        if rank < seen:
            return value
    return ordered[-1][0]
