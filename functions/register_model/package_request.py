"""What CreateModelPackage is asked for: how the version serves, how good it is, and where it comes from."""

from typing import TYPE_CHECKING, Any

from functions.register_model.request import RegisterRequest
from sluice.aws.registry import metadata
from sluice.gate import SHOWN_METRICS, Evaluation

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import (
        CreateModelPackageInputTypeDef,
        MetadataPropertiesTypeDef,
        MetricsSourceTypeDef,
    )

_CONTENT_TYPES = ["text/csv", "application/json", "application/jsonlines"]
# Script mode: the artifact carries its own inference code, so a version serves the code it was trained with.
_SERVING = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}


def package_request(
    request: RegisterRequest, evaluation: Evaluation, commit_id: str | None
) -> "CreateModelPackageInputTypeDef":
    plan = request.plan
    container: Any = {"Image": plan.image_uri, "ModelDataUrl": request.training.model_uri, "Environment": _SERVING}
    return {
        "ModelPackageGroupName": plan.package_group,
        "ModelPackageDescription": f"Run {plan.run_id} of {plan.model}",
        "ClientToken": plan.run_id,
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": _CONTENT_TYPES,
            "SupportedResponseMIMETypes": _CONTENT_TYPES,
        },
        "ModelMetrics": {
            "ModelQuality": {
                "Statistics": _json(f"{plan.uris.evaluation}evaluation.json"),
                "Constraints": _json(f"{plan.uris.evaluation}quality_constraints.json"),
            },
            "ModelDataQuality": {
                "Statistics": _json(f"{plan.uris.baseline}statistics.json"),
                "Constraints": _json(f"{plan.uris.baseline}constraints.json"),
            },
        },
        "MetadataProperties": _origin(request, commit_id),
        "CustomerMetadataProperties": _lineage(request, evaluation),
    }


def _json(uri: str) -> "MetricsSourceTypeDef":
    return {"ContentType": "application/json", "S3Uri": uri}


def _origin(request: RegisterRequest, commit_id: str | None) -> "MetadataPropertiesTypeDef":
    origin: MetadataPropertiesTypeDef = {"GeneratedBy": request.training.job_arn}
    return {**origin, "CommitId": commit_id} if commit_id else origin


def _lineage(request: RegisterRequest, evaluation: Evaluation) -> dict[str, str]:
    """CreateModelPackage takes 50 at most."""
    plan = request.plan
    shown = {name: f"{evaluation.metrics[name]:.6f}" for name in SHOWN_METRICS if name in evaluation.metrics}
    return metadata(
        {
            "run_id": plan.run_id,
            "data_version": plan.data_version,
            **_retrained_for(request),
            "code_sha256": plan.code.sha256,
            "training_job": request.training.job_name,
            "definition": f"{plan.uris.definition}definition.json",
            "evaluation": f"{plan.uris.evaluation}evaluation.json",
            "gate": f"{plan.uris.evaluation}gate.json",
            "report": f"{plan.uris.report}report.html",
            "tuning": request.tuning.uri if request.tuning else None,
            "verdict": request.decision.verdict,
            "threshold": None if evaluation.threshold is None else repr(evaluation.threshold),
            **shown,
        }
    )


def _retrained_for(request: RegisterRequest) -> dict[str, str | None]:
    drift = request.plan.drift
    if drift is None:
        return {}
    rows = str(drift.labelled_rows) if drift.labelled_key else None
    return {"retrained_for": "drift", "check_id": drift.check_id, "labelled_rows": rows}
