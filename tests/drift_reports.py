"""What a check leaves, as small as it may be: drift.json and constraint_violations.json."""

from typing import Any

CHECK = "261120210000-3f2a"


def violations_document(*features: str) -> dict[str, Any]:
    """drifted features, as monitor.py and Model Monitor write them."""
    return {
        "violations": [
            {
                "feature_name": name,
                "constraint_check_type": "baseline_drift_check",
                "description": f"{name} has moved by 0.31, more than 0.1",
            }
            for name in features
        ]
    }


def drift_document(*features: str, check_id: str = CHECK) -> dict[str, Any]:
    """drift.json of a check that finds drift in these features, and a quality that is as it was."""
    shown = [{"name": name, "type": "numeric", "distance": 0.31, "missing_share": 0.02} for name in features]
    verdict = "drift" if features else "no-drift"
    return {
        "format_version": 1,
        "check_id": check_id,
        "verdict": verdict,
        "summary": f"{' and '.join(features)} moved." if features else "Nothing has moved.",
        "records": {"rows": 1200},
        "dimensions": {
            "data-quality": {"status": verdict, "features": shown},
            "predictions": {"status": "no-drift", "outputs": [{"name": "score", "distance": 0.01}], "labels": None},
            "model-quality": {"status": "no-drift", "metrics": [{"name": "auc", "value": 0.81, "violated": False}]},
            "bias": {"status": "not-measured", "reason": "no slices"},
            "operations": {"status": "reported"},
        },
        "violations": [{**one, "dimension": "data-quality"} for one in violations_document(*features)["violations"]],
        "trend": [
            {
                "check_id": check_id,
                "end": "2026-11-20T21:00:00+00:00",
                "verdict": verdict,
                "violations": [],
                "features": {name: {"distance": 0.31} for name in features},
                "score": {"distance": 0.01},
                "metric": {"name": "auc", "value": 0.81},
            }
        ],
        "labelled_rows": 640,
    }
