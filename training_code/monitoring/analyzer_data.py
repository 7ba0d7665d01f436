"""Data quality as Model Monitor's analyzer is asked for it: captured requests beside statistics.json of training rows.

What moved is judged as every check judges it (findings.py), with the bounds of the baseline's monitoring_config.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from codec.codec import CATEGORICAL, NUMERIC, REGRESSION, Codec, Feature, Target
from definition import DEFAULT_MISSING_VALUES
from job import BadData
from monitoring.capture_reading import SMOKE_TEST
from monitoring.captures import Captured, UnreadableLine, parse_capture, read_lines
from monitoring.check_plan import CheckPlan, DistributionBounds, MonitoringSettings
from monitoring.claims import Document
from monitoring.data_quality import DATA_QUALITY
from monitoring.distributions import Distribution, LevelCounts, NumberCounts
from monitoring.documents import violations_document, window_statistics
from monitoring.findings import find
from monitoring.observed import Observed
from monitoring.reference import Reference
from monitoring.request_rows import RowReader
from monitoring.tallies import tallies_of
from monitoring.unreadable import UnreadableLog
from preprocessing.baseline import MONITORING_CONFIG
from serving.artifact import Artifact
from serving.bad_request import BadRequest

# Model Monitor has no such limit; with fewer rows no test shows anything.
MIN_RECORDS = 20
# A share that is measured may not grow at all where the threshold is 1; a violation still has a size to speak of.
LEAST_SHARE = 0.001
# What is not compared is never as far as this.
NEVER = 1e9
BLOCK_ROWS = 10_000

Metrics = dict[str, float | Mapping[str, float]]


def check_data(
    source: Path, window: tuple[datetime, datetime], baseline: tuple[Document, Document], about: Mapping[str, str]
) -> tuple[dict[str, Document], Metrics]:
    """The documents by file name, and the metrics. baseline: statistics.json, constraints.json."""
    statistics, constraints = baseline
    reference = read_baseline(statistics, constraints)
    codec = _codec(reference)
    observed = Reading(RowReader(codec), reference, codec.missing_values, window).observe(source)
    config = {**MONITORING_CONFIG, **constraints.get("monitoring_config", {})}
    settings = MonitoringSettings("", min_records=MIN_RECORDS, bounds=_bounds(config))
    end = window[1].isoformat()
    plan = CheckPlan(
        model="", version=0, start=window[0].isoformat(), end=end, asked_at=end, engine="model-monitor", **about
    )
    findings = _of_data_alone(find(plan, settings, reference, observed, Artifact(None, codec, {})))
    documents = {
        "statistics.json": window_statistics(reference, observed),
        "constraints.json": {**constraints, "monitoring_config": config},
        "drift.json": findings,
        "constraint_violations.json": violations_document(findings),
    }
    return documents, (_metrics(observed, findings) if config["emit_metrics"] == "Enabled" else {})


def _of_data_alone(findings: Document) -> Document:
    """The analyzer is told of no version, and of nothing but its training rows."""
    unknown = {"status": "not-measured", "reason": "Model Monitor's analysis of data quality does not look at it."}
    others = {
        name: {**found, **unknown} if name != DATA_QUALITY else found for name, found in findings["dimensions"].items()
    }
    summary = findings["summary"].replace(f"version {findings['version']} was trained", "the baseline was made")
    return {**findings, "summary": summary, "dimensions": others}


def read_baseline(statistics: Document, constraints: Document) -> Reference:
    """BadData where the statistics are of another schema."""
    try:
        features = {str(found["name"]): _distribution(found) for found in statistics["features"]}
        rows = int(statistics["dataset"]["item_count"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadData(
            f"baseline_statistics is not of Model Monitor's schema: {type(error).__name__} {error}."
        ) from error
    return Reference(
        task="",
        rows=rows,
        test_rows=0,
        features=features,
        outputs={},
        labels=None,
        metrics={},
        slices=(),
        attributions={},
        threshold=None,
        positive_label=None,
        constraints=constraints,
    )


def _distribution(found: Mapping[str, Any]) -> Distribution:
    if "string_statistics" in found:
        strings = found["string_statistics"]
        buckets = strings["distribution"]["categorical"]["buckets"]
        counts = {str(bucket["value"]): int(bucket["count"]) for bucket in buckets}
        return LevelCounts(counts, int(strings["common"]["num_missing"]))
    numbers = found["numerical_statistics"]
    # Absent where no row has a value.
    buckets = numbers.get("distribution", {"kll": {"buckets": []}})["kll"]["buckets"]
    edges, counts_by_edge = _edges(buckets)
    scales = {
        ours: float(numbers.get(theirs, math.nan))
        for ours, theirs in (("minimum", "min"), ("maximum", "max"), ("mean", "mean"), ("deviation", "std_dev"))
    }
    missing, whole = int(numbers["common"]["num_missing"]), found["inferred_type"] == "Integral"
    return NumberCounts(np.array(edges), np.array([*counts_by_edge, 0]), missing, whole=whole, **scales)


def _edges(buckets: list[Mapping[str, Any]]) -> tuple[list[float], list[int]]:
    """A bucket holds its lower bound, but for the last not its upper one: it ends at the number before that."""
    edges: list[float] = []
    counts: list[int] = []
    for place, bucket in enumerate(buckets):
        upper = float(bucket["upper_bound"])
        edge = upper if place == len(buckets) - 1 else float(np.nextafter(upper, -math.inf))
        if edges and edge <= edges[-1]:
            counts[-1] += int(bucket["count"])
        else:
            edges.append(edge)
            counts.append(int(bucket["count"]))
    return edges, counts


def _codec(reference: Reference) -> Codec:
    """Nothing is encoded with it: it says which columns there are. Which others a client may send nobody has told."""
    features = tuple(
        Feature(name, NUMERIC if isinstance(found, NumberCounts) else CATEGORICAL)
        for name, found in reference.features.items()
    )
    return Codec(Target("", REGRESSION), features, frozenset(), frozenset(DEFAULT_MISSING_VALUES))


def _bounds(config: Mapping[str, Any]) -> DistributionBounds:
    """The thresholds of types and domains are shares that must be as they were."""
    compared = {**MONITORING_CONFIG["distribution_constraints"], **config.get("distribution_constraints", {})}
    distances = compared["perform_comparison"] == "Enabled"
    shares = min(float(config["datatype_check_threshold"]), float(config["domain_content_threshold"]))
    return DistributionBounds(
        kolmogorov_smirnov=float(compared["comparison_threshold"]) if distances else NEVER,
        population_stability=NEVER,
        jensen_shannon=float(compared["categorical_comparison_threshold"]) if distances else NEVER,
        share=max(LEAST_SHARE, 1 - shares) if config["evaluate_constraints"] == "Enabled" else NEVER,
    )


class Reading:
    """One pass over captures. Memory grows with the requests by the ids that tell a repeated one."""

    def __init__(
        self,
        reader: RowReader,
        reference: Reference,
        missing_values: frozenset[str],
        window: tuple[datetime, datetime],
    ) -> None:
        self._reader, self._window = reader, tuple(moment.timestamp() for moment in window)
        self._tallies = tallies_of(reference.features, missing_values)
        self._seen: set[str] = set()
        self._unreadable = UnreadableLog()
        self._rows: list[Any] = []
        self._counts = {"requests": 0, "rows": 0, "duplicates": 0, "outside_window": 0}
        self._unknown: dict[str, int] = {}
        self._absent: dict[str, int] = {}

    def observe(self, folder: Path) -> Observed:
        for name, captured in self._captured(folder):
            self._take(name, captured)
        self._flush()
        return Observed(
            **self._counts,
            features={name: tally.counts() for name, tally in self._tallies.items()},
            outputs={},
            labels=None,
            sample=np.empty((0, len(self._tallies)), dtype=np.float32),
            unreadable=self._unreadable.found(),
            unknown_columns=self._unknown,
            absent_columns=self._absent,
        )

    def _captured(self, folder: Path) -> Iterator[tuple[str, Captured]]:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            name, number = file.relative_to(folder).as_posix(), 0
            try:
                for number, line in enumerate(read_lines(file), start=1):
                    if line.strip():
                        try:
                            yield name, parse_capture(line, number)
                        except UnreadableLine as error:
                            self._unreadable.add(name, number, str(error))
            except UnreadableLine as error:
                self._unreadable.add(name, number + 1, str(error))

    def _take(self, file: str, captured: Captured) -> None:
        if captured.inference_id == SMOKE_TEST:
            return  # asked by ourselves when the version came
        start, end = self._window
        # SageMaker gives whole hours of files, which hold more than the window.
        if not start <= captured.at < end:
            self._counts["outside_window"] += 1
            return
        if captured.event_id in self._seen:
            self._counts["duplicates"] += 1
            return
        self._seen.add(captured.event_id)
        try:
            if captured.sent is None:
                raise BadRequest("it holds no request: let data capture keep input and output")
            found = self._reader.read(captured.sent)
        except BadRequest as error:
            self._unreadable.add(file, captured.line, str(error))
            return
        self._counts["requests"] += 1
        self._counts["rows"] += len(found.rows)
        for total, counts in ((self._unknown, found.unknown), (self._absent, found.absent)):
            for name, count in counts.items():
                total[name] = total.get(name, 0) + count
        self._rows += found.rows
        if len(self._rows) >= BLOCK_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            for name, cells in zip(self._reader.columns, zip(*self._rows, strict=True), strict=True):
                self._tallies[name].add_cells(cells)
        self._rows = []


def _metrics(observed: Observed, findings: Document) -> Metrics:
    """Names: SageMaker Developer Guide, "CloudWatch Metrics"."""
    metrics: Metrics = {}
    distances = {entry["name"]: entry["distance"] for entry in findings["dimensions"][DATA_QUALITY]["features"]}
    for name, found in observed.features.items():
        if isinstance(found, NumberCounts) and found.present:
            metrics[f"feature_data_{name}"] = {
                "SampleCount": float(found.present),
                "Sum": found.mean * found.present,
                "Minimum": found.minimum,
                "Maximum": found.maximum,
            }
        unreadable = found.unreadable if isinstance(found, NumberCounts) else 0
        rows = found.present + found.missing + unreadable
        if rows:
            metrics[f"feature_non_null_{name}"] = found.present / rows
        if distances.get(name) is not None:
            metrics[f"feature_baseline_drift_{name}"] = float(distances[name])
    return metrics
