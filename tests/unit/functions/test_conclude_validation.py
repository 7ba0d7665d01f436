"""ConcludeValidation against a registry that a test sets up."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.conclude_validation.conclude_validation import ConcludeValidation
from functions.conclude_validation.request import ConcludeRequest
from sluice.aws.registry import Package
from sluice.events.model_package import ApprovalStatus
from sluice.plan import definition_document
from sluice.rollout import PackageRef
from tests.definitions import definition
from tests.events import load_event
from tests.unit.functions.conftest import BUCKET, StageUnderTest

RUN = "models/churn/runs/1"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sluice-dev-churn/3"
AGREED = {"verdict": "pass", "reason": "It scored 5 test rows as the evaluate step did."}
DIFFERED = {"verdict": "fail", "reason": "It scored 2 of 5 test rows otherwise."}
NEVER_UP = {"Error": "EndpointFailed", "Cause": "the endpoint is Failed: no capacity"}


@dataclass
class FakeRegistry:
    status: ApprovalStatus = "PendingManualApproval"
    description: str = "auc is 0.8400, at least 0.6."
    changes: list[ApprovalStatus] = field(default_factory=list)

    def package(self, arn: str) -> Package:
        ref = PackageRef(arn, 3)
        return Package(
            ref=ref,
            group="sluice-dev-churn",
            approval_status=self.status,
            approval_description=self.description,
            model_uri="s3://m",
            image="image",
            environment={},
            baseline_uri=None,
            metadata={},
            changed_by="somebody",
        )

    def set_approval(self, arn: str, status: ApprovalStatus, reason: str) -> None:
        self.status, self.description = status, reason
        self.changes.append(status)


@dataclass
class Validation:
    stage: StageUnderTest
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    remembered: dict[str, dict[str, Any]] = field(default_factory=dict)

    def set_up(self, gate: str = "pass", **changes: Any) -> None:
        self.stage.put(f"{RUN}/definition/definition.json", definition_document(definition(**changes)))
        self.stage.put(f"{RUN}/evaluation/gate.json", json.dumps({"verdict": gate, "checks": []}))

    def once(self, key: str, action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if key not in self.remembered:
            self.remembered[key] = action()
        return self.remembered[key]

    def conclude(self, execution: str = "arn:1", **result: Any) -> dict[str, Any]:
        registry: Any = self.registry
        function = ConcludeValidation(self.stage.objects, registry, self.stage.journal, self.once)
        request = load_event("conclude_validation") | {
            "execution_arn": execution,
            "package_arn": ARN,
            "version": 3,
            "definition_uri": f"s3://{BUCKET}/{RUN}/definition/",
            "evaluation_uri": f"s3://{BUCKET}/{RUN}/evaluation/",
            "score": None,
            **result,
        }
        return function.handle(ConcludeRequest.model_validate(request))


@pytest.fixture
def validation(stage: StageUnderTest) -> Validation:
    made = Validation(stage)
    made.set_up()
    return made


def test_what_differs_is_rejected_with_the_explanation_in_front(validation: Validation) -> None:
    answer = validation.conclude(score=DIFFERED)

    assert answer == {**DIFFERED, "status": "Rejected"}
    assert validation.registry.description == f"{DIFFERED['reason']} auc is 0.8400, at least 0.6."
    assert validation.stage.actions() == ["VALIDATION_FAILED"]
    assert validation.stage.notices() == ["[sluice] churn: validation failed"]


@pytest.mark.parametrize(
    ("approval", "gate", "status"),
    [
        ("automatic", "pass", "Approved"),
        ("automatic", "needs-human", "PendingManualApproval"),
        ("manual", "pass", "PendingManualApproval"),
    ],
)
def test_what_agrees_is_approved_where_policy_and_gate_say_so(
    validation: Validation, approval: str, gate: str, status: str
) -> None:
    validation.set_up(gate, approval=approval)

    assert validation.conclude(score=AGREED)["status"] == status

    assert validation.registry.description.startswith(AGREED["reason"])
    (entry,) = validation.stage.log.entries("churn")
    assert (entry.action, entry.details["status"]) == ("MODEL_VALIDATED", status)


def test_an_endpoint_that_never_came_up_leaves_the_version_to_a_person(validation: Validation) -> None:
    validation.set_up(approval="automatic")

    answer = validation.conclude(failure=NEVER_UP)

    reason = "Not validated: EndpointFailed: the endpoint is Failed: no capacity"
    assert answer == {"verdict": "undecided", "reason": reason, "status": "PendingManualApproval"}
    assert validation.registry.description.startswith(reason)
    assert validation.stage.notices() == ["[sluice] churn: validation undecided"]


def test_a_failed_functions_own_words_are_told(validation: Validation) -> None:
    cause = json.dumps({"errorType": "DefectError", "errorMessage": "the holdout is gone"})

    answer = validation.conclude(failure={"Error": "DefectError", "Cause": cause})

    assert answer["reason"] == "Not validated: DefectError: the holdout is gone"


def test_what_could_not_be_deleted_is_told(validation: Validation) -> None:
    validation.conclude(score=AGREED, left_over="endpoint sluice-validate-dev-1")

    (entry,) = validation.stage.log.entries("churn")
    assert entry.why.endswith("This could not be deleted, delete it by hand: endpoint sluice-validate-dev-1.")
    assert "deleted" not in validation.registry.description


@pytest.mark.parametrize("decided", ["Approved", "Rejected"])
@pytest.mark.parametrize("score", [AGREED, DIFFERED])
def test_whoever_decided_meanwhile_is_not_overruled(
    validation: Validation, decided: ApprovalStatus, score: dict[str, str]
) -> None:
    validation.registry.status = decided

    answer = validation.conclude(score=score)

    assert answer["status"] == decided
    assert validation.registry.changes == []
    (entry,) = validation.stage.log.entries("churn")
    assert f"version 3 is {decided}. {score['reason']}" in entry.why


def test_a_validation_is_concluded_once(validation: Validation) -> None:
    first = validation.conclude(score=AGREED)

    assert validation.conclude(failure={"Error": "ValidationStopped"}) == first
    assert validation.stage.actions() == ["MODEL_VALIDATED"]


def test_another_validation_of_the_version_is_another_conclusion(validation: Validation) -> None:
    validation.conclude("arn:1", failure={"Error": "ValidationStopped"})

    assert validation.conclude("arn:2", score=AGREED)["verdict"] == "pass"
    assert validation.registry.description.startswith(AGREED["reason"])


def test_an_attempt_after_a_crash_explains_once(validation: Validation) -> None:
    validation.conclude(score=AGREED)
    validation.remembered.clear()

    validation.conclude(score=AGREED)

    assert validation.registry.description.count(AGREED["reason"]) == 1
    assert validation.stage.actions() == ["MODEL_VALIDATED"]
