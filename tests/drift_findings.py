"""drift.json as a check writes it: small, whole, and made of numbers that fit each other.

By hand and not by monitoring/findings.py, so that readers are held to what was agreed, and not to what is made.
Each call makes a document of its own, which a test may change.
"""

from collections.abc import Sequence

import numpy as np

from tests import drift_numbers as numbers
from tests import drift_parts as parts
from tests.drift_numbers import Findings
from tests.drift_parts import SINCE, WINDOW

CHECK_ID = "261120140000-7c1e"
SUMMARY = (
    "tenure and Contract have moved since version 6 was trained: tenure's mean is 18 where it was 36, "
    "which raises the log-odds by 0.42 on average."
)


def drift() -> Findings:
    """A binary model (churn) with everything measured: two features, scores, quality, a gap and the order moved."""
    found = _document("drift", SUMMARY)
    features = parts.churn_features(moved=True)
    found["dimensions"] = {
        "data-quality": {"status": "drift", "features": features},
        "predictions": {"status": "drift", "outputs": [parts.scores(0.9)], "labels": parts.labels(0.41)},
        "model-quality": parts.quality({"auc": (0.74, 0.84), "f1": (0.49, 0.58), "recall": (0.52, 0.55)}, judged="auc"),
        "bias": parts.bias(violated=True),
        "attribution": parts.attribution(moved=True),
        "operations": parts.operations(),
    }
    found["violations"] = _violations()
    _link(found)
    found["trend"] = numbers.trend(24, ["tenure", "Contract"], "auc", moved_for=6)
    found["trend"][-1] |= _own_point(found)
    return found


def _own_point(found: Findings) -> Findings:
    """The newest point of a trend is the check itself."""
    features = {feature["name"]: {"distance": feature["distance"]} for feature in _features(found)}
    places = [(one["dimension"], one.get("feature_name") or one["metric_name"]) for one in found["violations"]]
    names = [{"dimension": dimension, "feature_name": name} for dimension, name in dict.fromkeys(places)]
    score = {"distance": found["dimensions"]["predictions"]["outputs"][0]["distance"]}
    return {"check_id": found["check_id"], "violations": names, "features": features, "score": score}


def _features(found: Findings) -> list[Findings]:
    features: list[Findings] = found["dimensions"]["data-quality"]["features"]
    return features


def no_drift() -> Findings:
    found = _document("no-drift", "Nothing has moved beyond its bound since version 6 was trained.")
    found["dimensions"] = {
        "data-quality": {"status": "no-drift", "features": parts.churn_features(moved=False)},
        "predictions": {"status": "no-drift", "outputs": [parts.scores(0.0)], "labels": parts.labels(0.28)},
        "model-quality": {
            **parts.unmeasured("model-quality", "not-enough-data", "40 rows have a label so far, and 100 are needed."),
            "labelled_rows": 40,
            "labelled_requests": 40,
            "requests": 1200,
            "coverage": 40 / 1200,
        },
        "bias": parts.bias(violated=False),
        "attribution": parts.attribution(moved=False),
        "operations": parts.operations(),
    }
    found["labelled_rows"] = 40
    found["trend"] = numbers.trend(5, ["tenure", "Contract"], None, moved_for=0)
    return found


def not_enough_data() -> Findings:
    """The first check of an endpoint that few have asked."""
    reason = "37 rows were captured, and 200 are needed."
    found = _document("not-enough-data", f"Nothing can be said of this window: {reason}")
    found["records"] = _records(requests=37, rows=37)
    found["testing"]["tests"] = 0
    found["dimensions"] = {name: parts.unmeasured(name, "not-enough-data", reason) for name in parts.UNMEASURED} | {
        "operations": {"status": "not-measured", "reason": "The endpoint's metrics could not be read."}
    }
    found["labelled_rows"] = 0
    found["trend"] = numbers.trend(1, [], None, moved_for=0)
    return found


def multiclass(classes: Sequence[str] = ("basic", "plus", "premium")) -> Findings:
    found = _document("drift", "The scores of plus have moved since version 6 was trained.", model="tariff")
    rng = np.random.default_rng(3)
    outputs = [
        numbers.number(name, rng.beta(2, 4, 700), rng.beta(2 + (name == "plus") * 2, 4, 1240)) for name in classes
    ]
    shares = dict.fromkeys(classes, 1 / len(classes))
    found["dimensions"] = {
        "data-quality": {"status": "no-drift", "features": parts.churn_features(moved=False)},
        "predictions": {
            "status": "drift",
            "outputs": sorted(outputs, key=lambda output: -output["distance"]),
            "labels": numbers.levels("label", shares, shares),
        },
        "model-quality": parts.quality({"accuracy": (0.79, 0.8), "log_loss": (0.52, 0.5)}, judged="accuracy"),
        "bias": parts.unmeasured("bias", "not-measured", "Gaps between slices are measured of binary models."),
        "attribution": parts.attribution(moved=False),
        "operations": parts.operations(),
    }
    found["violations"] = [
        parts.violation("plus", "prediction_drift_check", "predictions", "Kolmogorov-Smirnov 0.41, bound 0.1")
    ]
    found["trend"] = numbers.trend(12, ["tenure", "Contract"], "accuracy", moved_for=1)
    return found


def regression() -> Findings:
    found = _document("no-drift", "Nothing has moved beyond its bound since version 6 was trained.", model="price")
    rng = np.random.default_rng(5)
    score = numbers.number("score", rng.normal(210_000, 60_000, 700), rng.normal(212_000, 60_000, 1240))
    found["dimensions"] = {
        "data-quality": {"status": "no-drift", "features": parts.churn_features(moved=False)},
        "predictions": {"status": "no-drift", "outputs": [score], "labels": None},
        "model-quality": parts.quality({"mae": (18_400.0, 18_100.0), "r2": (0.87, 0.88)}, judged="mae"),
        "bias": parts.unmeasured("bias", "not-measured", "Gaps between slices are measured of binary models."),
        "attribution": parts.attribution(moved=False),
        "operations": parts.operations() | {"cold_starts": 3, "concurrency": 20},
    }
    found["trend"] = numbers.trend(24, ["tenure"], "mae", moved_for=0)
    return found


def batch() -> Findings:
    """A scored file: no event ids, no labels, no endpoint."""
    found = drift() | {"source": "batch", "endpoint_name": None, "window": WINDOW | {"start": WINDOW["end"]}}
    reason = "A batch has no event ids, so no labels can be joined."
    found["dimensions"]["model-quality"] = parts.unmeasured("model-quality", "not-measured", reason)
    found["dimensions"]["operations"] = {"status": "not-measured", "reason": "A batch has no endpoint."}
    found["records"] = _records(requests=0, rows=5000)
    found["violations"] = [one for one in found["violations"] if one["dimension"] != "model-quality"]
    found["labelled_rows"] = 0
    return found


def wide(features: int = 200, checks: int = 24, moved: int = 12) -> Findings:
    """Many features, of which the first `moved` have moved, after many checks."""
    found = drift()
    rng = np.random.default_rng(17)
    names = [f"a_feature_with_a_rather_long_name_{at:03d}" for at in range(features)]
    found["dimensions"]["data-quality"]["features"] = sorted(
        (
            numbers.number(name, rng.normal(0, 1, 500), rng.normal(0.6 if at < moved else 0, 1, 500))
            for at, name in enumerate(names)
        ),
        key=lambda feature: (feature["status"] != "drift", -feature["distance"]),
    )
    found["violations"] = [
        parts.violation(name, "baseline_drift_check", "data-quality", "KS 0.25, bound 0.1") for name in names[:moved]
    ]
    _link(found)
    found["trend"] = numbers.trend(checks, names, "auc", moved_for=4)
    return found


def named(name: str, document: Findings | None = None) -> Findings:
    """Whatever the data name (features, levels, files, reasons) is called `name`."""
    found = document or drift()
    dimensions = found["dimensions"]
    for feature in dimensions["data-quality"]["features"][:2]:
        feature |= {"name": name, "unseen_examples": {name: 3}, "unseen_share": 0.02}
        feature["example"] = {"record": {name: name}, "score": 0.9, "event_id": name}
        for one in feature["bins"]:
            if one.get("kind") == "level":
                one["value"] = name
    for one in (*dimensions["bias"]["slices"], *dimensions["bias"]["gaps"]):
        one |= {"column": name} | ({"value": name} if "value" in one else {})
    for feature in dimensions["attribution"]["features"]:
        feature["name"] = name
    dimensions["operations"] = {"status": "not-measured", "reason": name}
    found["records"]["unreadable"] = {"count": 1, "examples": [{"file": name, "line": 1, "reason": name}]}
    found["violations"][0] |= {"feature_name": name, "description": name}
    return found | {"model": name, "endpoint_name": name, "summary": name, "analyzer": name}


def _document(verdict: str, summary: str, model: str = "churn") -> Findings:
    return {
        "format_version": 1,
        "check_id": CHECK_ID,
        "model": model,
        "version": 6,
        "endpoint_name": f"sluice-prod-{model}",
        "source": "captures",
        "engine": "scheduled-job",
        "analyzer": "sluice monitor.py",
        "window": dict(WINDOW),
        "checked_at": "2026-11-20T14:07:31+00:00",
        "verdict": verdict,
        "summary": summary,
        "records": _records(requests=1200, rows=1240),
        "testing": {"significance": numbers.SIGNIFICANCE, "tests": numbers.TESTS, "correction": "Holm"},
        "dimensions": {},
        "violations": [],
        "trend": [],
        "labelled_rows": 600,
    }


def _records(requests: int, rows: int) -> Findings:
    file = "2026/11/20/13/13-59-12-406-51d6.jsonl"
    example = {"file": file, "line": 17, "reason": "the request is not JSON: line 1, column 9"}
    return {
        "requests": requests,
        "rows": rows,
        "duplicates": 14 if requests > 100 else 0,
        "late": 6 if requests > 100 else 0,
        "other_versions": 0,
        "outside_window": 9 if requests > 100 else 0,
        "unanswered": 2 if requests > 100 else 0,
        "unreadable": {"count": 3, "examples": [example]} if requests > 100 else {"count": 0, "examples": []},
    }


def _violations() -> list[Findings]:
    quality = parts.violation("auc", "LessThanThreshold", "model-quality", "auc is 0.74 where the test split had 0.84")
    quality["metric_name"] = quality.pop("feature_name")
    return [
        parts.violation("tenure", "baseline_drift_check", "data-quality", "Kolmogorov-Smirnov 0.38, bound 0.1", SINCE),
        parts.violation("Contract", "baseline_drift_check", "data-quality", "Jensen-Shannon 0.19, bound 0.05"),
        parts.violation(
            "Contract", "categorical_values_check", "data-quality", "3.0 % of the values are new, bound 2 %"
        ),
        parts.violation("score", "prediction_drift_check", "predictions", "Kolmogorov-Smirnov 0.26, bound 0.1"),
        quality,
        parts.violation("gender", "bias_drift_check", "bias", "selection rate: the gap grew from 0.01 to 0.13"),
        parts.violation("tenure", "feature_attribution_drift_check", "attribution", "NDCG 0.84, bound 0.9"),
    ]


def _link(found: Findings) -> None:
    """Each feature names its own violations by their places."""
    for feature in _features(found):
        feature["violations"] = [
            at
            for at, one in enumerate(found["violations"])
            if one.get("feature_name") == feature["name"] and one["dimension"] == "data-quality"
        ]
