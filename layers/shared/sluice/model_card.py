"""What a version's SageMaker Model Card says, made of what its run left. Pure.

Members and limits: SageMaker Developer Guide, "Model card JSON schema". The same facts make the same content, so that a
repeated event changes nothing.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sluice.definition import Model
from sluice.definition.tuning import OBJECTIVES
from sluice.gate import metrics_key

Content = dict[str, Any]

MOST_CHARACTERS = 100_000
"""Of the content as JSON: botocore's model, ModelCardContent."""
_SHORT, _NAME, _LINE, _LONG = 63, 255, 1024, 2048
_MOST_METRICS, _MOST_HYPERPARAMETERS = 50, 100
_CUSTOM_KEY = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_PROBLEMS = {"binary": "Binary classification", "multiclass": "Multiclass classification", "regression": "Regression"}
_AT_APPROVAL = "This card tells the state at approval; a later rejection is in the model registry only."
_FACTS_BLOCK = re.compile(r'<script type="application/json" id="evaluation">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Version:
    """The version as the registry has it."""

    stage: str
    model: str
    group: str
    version: int
    arn: str
    artifact: str
    approval_description: str
    decided_by: str
    metadata: Mapping[str, str]
    """CustomerMetadataProperties: where it comes from, and its main metrics."""


@dataclass(frozen=True)
class CardFacts:
    version: Version
    definition: Model
    evaluation: Mapping[str, Any]
    gate: Mapping[str, Any]
    report: Mapping[str, Any]
    """What evaluate.py put into the report's page; empty where there is no such page."""


def report_facts(html: str) -> Mapping[str, Any]:
    """The facts within the page; empty for a page of an older version."""
    found = _FACTS_BLOCK.search(html)
    facts = json.loads(found[1]) if found else None
    return facts if isinstance(facts, dict) else {}


def card_text(content: Content) -> str:
    """As CreateModelCard takes it: one line, the same for the same facts."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)


def card_content(facts: CardFacts) -> Content:
    evaluation = _evaluation(facts)
    content: Content = {
        "model_overview": _overview(facts),
        "model_package_details": _package(facts.version),
        "intended_uses": _uses(facts),
        "training_details": _training(facts),
        "evaluation_details": [evaluation],
        "additional_information": _additional(facts),
    }
    for group in _slice_groups(facts.evaluation):
        if len(card_text(content)) + len(json.dumps(group)) > MOST_CHARACTERS - _LINE:
            break
        evaluation["metric_groups"].append(group)
    return content


def _overview(facts: CardFacts) -> Content:
    version, data = facts.version, facts.definition.data
    return {
        "model_name": version.model,
        "model_version": version.version,
        "model_description": _text(f"{_purpose(facts)} Version {version.version} of {version.group}.", _LINE),
        "problem_type": _PROBLEMS[data.task],
        "algorithm_type": facts.definition.training.algorithm,
        "model_creator": f"Sluice, stage {version.stage}",
        "model_artifact": [_text(version.artifact, _LINE)],
    }


def _package(version: Version) -> Content:
    return {
        "model_package_arn": version.arn,
        "model_package_group_name": version.group,
        "model_package_version": version.version,
        "model_approval_status": "Approved",
        "approval_description": _text(version.approval_description, _LINE),
    }


def _purpose(facts: CardFacts) -> str:
    data = facts.definition.data
    if data.task == "binary":
        return f"Predicts how likely the column {data.target!r} is {str(data.positive_label)!r}."
    if data.task == "multiclass":
        return f"Predicts which of its classes the column {data.target!r} holds."
    return f"Predicts the number in the column {data.target!r}."


def _uses(facts: CardFacts) -> Content:
    features = ", ".join(facts.definition.data.features)
    return {
        "purpose_of_model": _text(_purpose(facts), _LONG),
        "intended_uses": _text(f"Scores records like those it learned from, by the columns {features}.", _LONG),
        "factors_affecting_model_efficiency": _text(
            "Records of another kind than the training data, a changed meaning of a column, and levels that training "
            f"never saw. Trained on {facts.version.metadata.get('data_version', 'data that is not on record')}.",
            _LONG,
        ),
        "risk_rating": "Unknown",
        "explanations_for_risk_rating": "Sluice does not rate risk: whoever uses the model must.",
    }


def _training(facts: CardFacts) -> Content:
    metadata, definition = facts.version.metadata, facts.definition
    metric = definition.tuning.objective_for(definition.data.task)
    function = OBJECTIVES[definition.data.task].get(metric, "Maximize")
    objective = {"function": function, "facet": metric.partition(":")[2].upper(), "condition": "validation split"}
    account = facts.version.arn.partition(":model-package/")[0]
    return {
        "objective_function": {"function": objective, "notes": f"Measured as {metric}."},
        "training_observations": _text(_observations(facts), _LINE),
        "training_job_details": {
            "training_arn": f"{account}:training-job/{metadata.get('training_job', 'unknown')}",
            "training_datasets": [_text(metadata.get("data_version", "not on record"), _LINE)],
            "training_metrics": list(_training_metrics(facts.report.get("learning") or {}))[:_MOST_METRICS],
            "hyper_parameters": list(_hyperparameters(facts))[:_MOST_HYPERPARAMETERS],
        },
    }


def _observations(facts: CardFacts) -> str:
    metadata, best = facts.version.metadata, (facts.report.get("learning") or {}).get("best_iteration")
    kept = f" The model keeps the first {best + 1} rounds." if isinstance(best, int) else ""
    code, run = metadata.get("code_sha256", "not on record"), metadata.get("run_id", "not on record")
    return f"Run {run}, training code sha256 {code}.{kept}"


def _training_metrics(learning: Mapping[str, Any]) -> Iterator[Content]:
    """Each series at the best round, or at its last where that is not among those that were kept."""
    evals = learning.get("evals") or {}
    rounds, best = evals.get("rounds") or [], learning.get("best_iteration")
    at = rounds.index(best) if best in rounds else -1
    for name, values in (evals.get("series") or {}).items():
        if values and _is_number(values[at]):
            yield {"name": _text(name, _NAME), "value": values[at], "notes": f"In round {rounds[at] if rounds else 0}."}


def _hyperparameters(facts: CardFacts) -> Iterator[Content]:
    """As training resolved them, defaults included; else those that the definition names."""
    chosen = facts.report.get("hyperparameters") or facts.definition.training.hyperparameters
    for name, value in chosen.items():
        shown = _text(str(value), _NAME)
        if shown:
            yield {"name": _text(name, _NAME), "value": shown}


def _evaluation(facts: CardFacts) -> Content:
    key = metrics_key(facts.evaluation)
    dataset, champion = facts.evaluation["dataset"], facts.evaluation.get("champion") or {}
    groups = [
        _group("test split", facts.evaluation[key]),
        _group("champion", champion.get(key) or {}),
        _group("difference to the champion", champion.get("differences") or {}),
    ]
    return {
        "name": "test split",
        "evaluation_observation": _text(str(facts.gate.get("summary", "")), _LONG),
        "datasets": [_text(facts.version.metadata.get("data_version", "not on record"), _LINE)],
        "metadata": {
            "rows": str(dataset["item_count"]),
            "threshold": str(facts.evaluation.get("threshold")),
            "champion": _text(str(champion.get("package_arn", "none")), _LINE),
            "gate_verdict": str(facts.gate.get("verdict")),
        },
        "metric_groups": [group for group in groups if group["metric_data"]],
    }


def _slice_groups(evaluation: Mapping[str, Any]) -> Iterator[Content]:
    """The largest first: they say most."""
    slices: Sequence[Mapping[str, Any]] = evaluation.get("slices") or []
    for part in sorted(slices, key=lambda entry: -entry["item_count"]):
        group = _group(f"{part['column']}: {part['value']}, {part['item_count']} rows", part["metrics"])
        if group["metric_data"]:
            yield group


def _group(name: str, metrics: Mapping[str, Any]) -> Content:
    return {"name": _text(name, _SHORT), "metric_data": list(_metric_data(metrics))}


def _metric_data(metrics: Mapping[str, Any]) -> Iterator[Content]:
    """Single numbers with their deviations; curves stay in the report."""
    for name, entry in metrics.items():
        if not isinstance(entry, dict) or not _is_number(entry.get("value")):
            continue
        deviation = entry.get("standard_deviation")
        notes = {"notes": f"standard deviation {deviation:.3g}"} if _is_number(deviation) else {}
        yield {"name": _text(name, _NAME), "type": "number", "value": entry["value"], **notes}


def _additional(facts: CardFacts) -> Content:
    version = facts.version
    own = {key: _text(value, _LINE) for key, value in version.metadata.items() if _CUSTOM_KEY.fullmatch(key)}
    return {
        "caveats_and_recommendations": _text(" ".join(_caveats(facts)), _LONG),
        "custom_details": {**own, "decided_by": _text(version.decided_by, _LINE)},
    }


def _caveats(facts: CardFacts) -> Iterator[str]:
    version = facts.version
    why = version.approval_description or "no reason was given"
    yield f"Approved by {version.decided_by}: {why}{'' if why.endswith('.') else '.'}"
    yield _AT_APPROVAL
    checks = facts.gate.get("checks") or []
    for outcome, title in (("fail", "Not passed:"), ("skipped", "Not judged:")):
        reasons = [str(check["reason"]) for check in checks if check["outcome"] == outcome]
        if reasons:
            yield " ".join([title, *reasons])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _text(text: str, limit: int) -> str:
    """On one line, because names may not hold a line break."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 3]}..."
