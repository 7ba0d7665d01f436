"""Ends a validation: the version's approval status, the explanation in front of it, and a notice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.conclude_validation.request import ConcludeRequest
from sluice.audit import Action
from sluice.aws.journal import Journal
from sluice.aws.objects import Objects
from sluice.aws.registry import Registry
from sluice.definition import Model
from sluice.events.model_package import ApprovalStatus
from sluice.validation import Judgement, Verdict, approval_after

Once = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]

_ACTIONS: Mapping[Verdict, Action] = {
    "pass": "MODEL_VALIDATED",
    "fail": "VALIDATION_FAILED",
    "undecided": "VALIDATION_UNDECIDED",
}


@dataclass(frozen=True)
class ConcludeValidation:
    objects: Objects
    registry: Registry
    journal: Journal
    once: Once
    """(key, action) → the action's result, from the first call with that key."""

    def handle(self, request: ConcludeRequest) -> dict[str, Any]:
        """The verdict, its reason and the version's approval status.

        A validation that was stopped while this ran is concluded again, as undecided: what was first stays.
        """
        return self.once(request.execution_arn, lambda: self._conclude(request))

    def _conclude(self, request: ConcludeRequest) -> dict[str, Any]:
        judgement = request.judgement
        status = self._settle(request, judgement)
        self._announce(request, judgement, status)
        return {"verdict": judgement.verdict, "reason": judgement.reason, "status": status}

    def _settle(self, request: ConcludeRequest, judgement: Judgement) -> ApprovalStatus:
        package = self.registry.package(request.package_arn)
        if package.approval_status != "PendingManualApproval":
            return package.approval_status  # somebody decided meanwhile, or an earlier attempt of ours did
        status = self._status(request, judgement)
        described = package.approval_description
        if not described.startswith(judgement.reason):
            described = f"{judgement.reason} {described}".strip()
        self.registry.set_approval(request.package_arn, status, described)
        return status

    def _status(self, request: ConcludeRequest, judgement: Judgement) -> ApprovalStatus:
        definition = Model.model_validate(self.objects.read_json(f"{request.definition_uri}definition.json"))
        gate = self.objects.read_json(f"{request.evaluation_uri}gate.json")
        return approval_after(judgement.verdict, gate["verdict"], definition.approval)

    def _announce(self, request: ConcludeRequest, judgement: Judgement, status: ApprovalStatus) -> None:
        why = f"version {request.version} is {status}. {judgement.reason}"
        if request.left_over:
            why = f"{why} This could not be deleted, delete it by hand: {request.left_over}."
        details = {"run_id": request.run_id, "package": request.package_arn, "status": status}
        action = _ACTIONS[judgement.verdict]
        self.journal.announce(request.model, action, why, details=details, once=request.execution_arn)
