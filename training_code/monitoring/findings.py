"""drift.json: what a check found, judged."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.attribution import ATTRIBUTION, measure_attribution
from monitoring.bias import BIAS, measure_bias
from monitoring.check_plan import CheckPlan, MonitoringSettings
from monitoring.claims import Claim, Document, Judged, judge, since
from monitoring.data_quality import DATA_QUALITY, measure_features
from monitoring.explanation import explain
from monitoring.model_quality import MODEL_QUALITY, measure_quality
from monitoring.observed import Observed
from monitoring.predictions import LABEL, PREDICTIONS, date_outputs, measure_predictions
from monitoring.reference import Reference
from monitoring.summary import summarize
from serving.artifact import Artifact

FORMAT_VERSION = 1
ANALYZER = "sluice monitor.py"
DRIFT, NO_DRIFT, NOT_ENOUGH, NOT_MEASURED = "drift", "no-drift", "not-enough-data", "not-measured"


@dataclass(frozen=True)
class Measured:
    """documents: by dimension. means: SHAP values by feature, see measure_attribution."""

    documents: dict[str, Document]
    claims: list[Claim]
    means: dict[str, float]


def find(
    plan: CheckPlan, settings: MonitoringSettings, reference: Reference, observed: Observed, artifact: Artifact
) -> Document:
    """The same plan and data give the same document, word for word."""
    measured = measure(settings, reference, observed, artifact)
    enough = observed.rows >= settings.min_records
    # Labels have a bound of their own: in a quiet window those of the hours before may tell enough.
    claims = measured.claims if enough else [one for one in measured.claims if one.dimension == MODEL_QUALITY]
    judged = judge(claims, settings.significance)
    violations = [one.to_violation(_since(one.claim, plan)) for one in _told(judged)]
    reason = None if enough else f"{observed.rows:,} rows were found; {settings.min_records:,} are needed."
    for dimension, document in measured.documents.items():
        for place, entry in _entries(dimension, document):
            found = [one for one in judged if (one.claim.dimension, one.claim.place) == (dimension, place)]
            _mark(entry, found, None if found else reason)
    explain(measured.documents[DATA_QUALITY]["features"], violations, measured.means, reference, observed, artifact)
    date_outputs(measured.documents[PREDICTIONS], violations)
    _sort(measured.documents[DATA_QUALITY]["features"])
    return _document(plan, settings, observed, reference, _Judgement(measured, judged, violations, reason))


def measure(settings: MonitoringSettings, reference: Reference, observed: Observed, artifact: Artifact) -> Measured:
    attribution, moved, means = measure_attribution(settings, reference, observed, artifact)
    found = {
        DATA_QUALITY: measure_features(settings.bounds, reference, observed),
        PREDICTIONS: measure_predictions(settings.bounds, reference, observed),
        MODEL_QUALITY: measure_quality(settings, reference, observed, artifact),
        BIAS: measure_bias(settings, reference, observed),
        ATTRIBUTION: (attribution, moved),
    }
    claims = [claim for _, made in found.values() for claim in made]
    return Measured({dimension: document for dimension, (document, _) in found.items()}, claims, means)


@dataclass(frozen=True)
class _Judgement:
    """too_few: a sentence where there are too few rows to judge anything but what labels say."""

    measured: Measured
    judged: list[Judged]
    violations: list[Document]
    too_few: str | None

    def status(self, dimension: str, document: Document) -> Document:
        """With status first, and a reason unless it says drift or no drift."""
        looked_at = any(one.claim.dimension == dimension for one in self.judged)
        if self.too_few and not looked_at:
            told = {"status": NOT_ENOUGH, "reason": self.too_few}
        elif any(one.violated and one.claim.dimension == dimension for one in self.judged):
            told = {"status": DRIFT}
        elif looked_at:
            told = {"status": NO_DRIFT}
        else:
            told = {"status": NOT_MEASURED, "reason": "Nothing of it could be tested."}
            told |= {name: document[name] for name in told if document.get(name)}
        rest = {name: value for name, value in document.items() if name not in ("status", "reason")}
        return {**told, **rest}


def _document(
    plan: CheckPlan, settings: MonitoringSettings, observed: Observed, reference: Reference, found: _Judgement
) -> Document:
    verdict = DRIFT if found.violations else NOT_ENOUGH if found.too_few else NO_DRIFT
    dimensions = {name: found.status(name, document) for name, document in found.measured.documents.items()}
    document = {
        "format_version": FORMAT_VERSION,
        **_about(plan),
        "verdict": verdict,
        "summary": "",
        "records": _records(observed),
        "testing": {"significance": settings.significance, "tests": len(found.judged), "correction": "Holm"},
        "dimensions": {**dimensions, "operations": _operations(plan)},
        "violations": found.violations,
        "trend": [*map(dict, plan.history), _trend_point(plan, verdict, dimensions, found.violations, settings)],
        "labelled_rows": observed.kept_rows,
    }
    return {**document, "summary": summarize(document, reference.task, settings)}


def _about(plan: CheckPlan) -> Document:
    named = ("check_id", "model", "version", "endpoint_name", "source", "engine")
    return {
        **{name: getattr(plan, name) for name in named},
        "analyzer": ANALYZER,
        "window": {"start": plan.start, "end": plan.end},
        # Not the clock: a check that is done twice writes the same.
        "checked_at": plan.asked_at,
    }


def _records(observed: Observed) -> Document:
    counted = ("requests", "rows", "duplicates", "late", "other_versions", "outside_window", "unanswered")
    unreadable = observed.unreadable
    examples = [{"file": file, "line": line, "reason": reason} for file, line, reason in unreadable.examples]
    return {
        **{name: getattr(observed, name) for name in counted},
        "unreadable": {"count": unreadable.count, "examples": examples},
    }


def _operations(plan: CheckPlan) -> Document:
    if not plan.operations:
        return {"status": NOT_MEASURED, "reason": "The plan of this check holds no metrics of the endpoint."}
    return {"status": "reported", **plan.operations}


def _told(judged: Sequence[Judged]) -> list[Judged]:
    """One violation for a thing and its kind of mistake, though several tests may have found it: the clearest."""
    clearest: dict[tuple[str, str, str, str | None], Judged] = {}
    for one in judged:
        claim = one.claim
        place = (claim.dimension, claim.subject, claim.check, claim.metric)
        if one.violated and (place not in clearest or one.excess > clearest[place].excess):
            clearest[place] = one
    return list(clearest.values())


def _since(claim: Claim, plan: CheckPlan) -> str:
    return since(claim.dimension, claim.subject or claim.metric or "", plan.history, plan.end)


def _entries(dimension: str, document: Document) -> Iterator[tuple[str, Document]]:
    """By the place that claims have: what of a dimension is judged by itself."""
    for entry in (*document.get("features", ()), *document.get("outputs", ()), *document.get("metrics", ())):
        if dimension != ATTRIBUTION:
            yield entry["name"], entry
    for gap in document.get("gaps", ()):
        yield f"{gap['column']}\n{gap['measure']}", gap
    if dimension == ATTRIBUTION:
        yield "ndcg", document
    if document.get("labels"):
        yield LABEL, document["labels"]


DISTRIBUTION_CHECKS = ("baseline_drift_check", "prediction_drift_check")


def _mark(entry: Document, judged: Sequence[Judged], too_few: str | None) -> None:
    """A distribution's p-value is that of its clearest test. too_few: see _Judgement."""
    violated = any(one.violated for one in judged)
    if "bins" in entry:
        entry |= _status(entry, violated, too_few)
        judged = [one for one in judged if one.claim.check in DISTRIBUTION_CHECKS]
    else:
        entry["violated"] = violated
    if judged:
        clearest = min(judged, key=lambda one: one.adjusted)
        entry |= {"p_value": clearest.claim.p_value, "adjusted_p_value": clearest.adjusted}
    elif too_few:
        entry["p_value"] = None


def _status(entry: Document, violated: bool, too_few: str | None) -> Document:
    """A feature whose distribution could not be compared may have drifted all the same: all its cells are missing."""
    if too_few:
        return {"status": NOT_ENOUGH, "reason": too_few}
    if violated:
        return {"status": DRIFT}
    return {"status": entry["status"] or (NOT_ENOUGH if "reason" in entry else NO_DRIFT)}


def _sort(features: list[Document]) -> None:
    """Drifted ones first, those with the largest effect on the score before others; then by how far they are, in
    shares of their bounds."""

    def place(entry: Document) -> tuple[bool, float, float]:
        effect = abs(entry["score_effect"] or 0.0) if entry["status"] == DRIFT else 0.0
        return entry["status"] != DRIFT, -effect, -(entry["distance"] or 0.0) / entry["bound"]

    features.sort(key=place)


def _trend_point(
    plan: CheckPlan,
    verdict: str,
    dimensions: Mapping[str, Document],
    violations: Sequence[Mapping[str, Any]],
    settings: MonitoringSettings,
) -> Document:
    distances = [entry["distance"] for entry in dimensions[PREDICTIONS]["outputs"] if entry["distance"] is not None]
    judged = [metric for metric in dimensions[MODEL_QUALITY]["metrics"] if metric["name"] == settings.quality_metric]
    features = dimensions[DATA_QUALITY]["features"] if dimensions[DATA_QUALITY]["status"] != NOT_ENOUGH else []
    names = (
        (violation["dimension"], violation.get("feature_name") or violation["metric_name"]) for violation in violations
    )
    return {
        "check_id": plan.check_id,
        "end": plan.end,
        "verdict": verdict,
        "violations": [{"dimension": dimension, "feature_name": name} for dimension, name in dict.fromkeys(names)],
        # Of too few rows a distance is mostly chance: the trend has a gap there.
        "features": {entry["name"]: {"distance": entry["distance"]} for entry in features},
        "score": {
            "distance": max(distances, default=None) if dimensions[PREDICTIONS]["status"] != NOT_ENOUGH else None
        },
        "metric": {"name": judged[0]["name"], "value": judged[0]["value"]} if judged else None,
    }
