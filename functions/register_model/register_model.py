"""Registers every model that trained, also one that failed the gate: rejected, with the reasons."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.register_model.request import RegisterRequest
from sluice.aws.journal import Journal
from sluice.aws.objects import Objects
from sluice.aws.registry import Registry, metadata
from sluice.definition import Model
from sluice.events.model_package import ApprovalStatus
from sluice.gate import SHOWN_METRICS, Evaluation

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import CreateModelPackageInputTypeDef

_CONTENT_TYPES = ["text/csv", "application/json", "application/jsonlines"]
# Script mode: the artifact carries its own inference code, so a version serves the code it was trained with.
_SERVING = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}


@dataclass(frozen=True)
class RegisterModel:
    objects: Objects
    registry: Registry
    journal: Journal

    def handle(self, request: RegisterRequest) -> dict[str, Any]:
        """The package's ARN, version and approval status."""
        plan = request.plan
        definition = Model.model_validate(self.objects.read_json(f"{plan.uris.definition}definition.json"))
        evaluation = Evaluation.from_json(self.objects.read_json(f"{plan.uris.evaluation}evaluation.json"))
        status = _approval_status(request, definition)
        self.registry.ensure_group(plan.package_group, f"Versions of {plan.model}, registered by Sluice")
        package = self.registry.register(_package_request(request, evaluation))
        # CreateModelPackage takes no ApprovalDescription, and the reasons must stand beside the status.
        self.registry.set_approval(package.arn, status, request.decision.summary)
        details = {"run_id": plan.run_id, "package": package.arn, "status": status}
        self.journal.announce(
            plan.model,
            "MODEL_REGISTERED",
            f"version {package.version} is {status}. {request.decision.summary}",
            details=details,
            once=plan.run_id,
        )
        return {"package_arn": package.arn, "version": package.version, "status": status}


def _approval_status(request: RegisterRequest, definition: Model) -> ApprovalStatus:
    if request.decision.verdict == "fail":
        return "Rejected"
    return "Approved" if definition.approval == "automatic" else "PendingManualApproval"


def _package_request(request: RegisterRequest, evaluation: Evaluation) -> "CreateModelPackageInputTypeDef":
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
                "Statistics": {"ContentType": "application/json", "S3Uri": f"{plan.uris.evaluation}evaluation.json"}
            },
            "ModelDataQuality": {
                "Statistics": {"ContentType": "application/json", "S3Uri": f"{plan.uris.baseline}statistics.json"},
                "Constraints": {"ContentType": "application/json", "S3Uri": f"{plan.uris.baseline}constraints.json"},
            },
        },
        "MetadataProperties": {"GeneratedBy": request.training.job_arn},
        "CustomerMetadataProperties": _lineage(request, evaluation),
    }


def _lineage(request: RegisterRequest, evaluation: Evaluation) -> dict[str, str]:
    plan = request.plan
    shown = {name: f"{evaluation.metrics[name]:.6f}" for name in SHOWN_METRICS if name in evaluation.metrics}
    return metadata(
        {
            "run_id": plan.run_id,
            "data_version": plan.data_version,
            "code_sha256": plan.code.sha256,
            "training_job": request.training.job_name,
            "definition": f"{plan.uris.definition}definition.json",
            "evaluation": f"{plan.uris.evaluation}evaluation.json",
            "gate": f"{plan.uris.evaluation}gate.json",
            "report": f"{plan.uris.report}report.html",
            "verdict": request.decision.verdict,
            **shown,
        }
    )
