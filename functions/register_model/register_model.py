"""Registers every model that trained, also one that failed the gate: rejected, with the reasons."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.register_model.package_request import package_request
from functions.register_model.request import RegisterRequest
from sluice.aws.journal import Journal
from sluice.aws.objects import ObjectMissingError, Objects, key_of
from sluice.aws.registry import Registry
from sluice.definition import Model
from sluice.errors import DefectError
from sluice.events.model_package import ApprovalStatus
from sluice.gate import Evaluation
from sluice.plan import DriftCause, trained_on
from sluice.report_page import ReportPage
from sluice.review import LINK_SECONDS, Review
from sluice.run_facts import Lineage, RunFacts
from sluice.sharing import group_policy


@dataclass(frozen=True)
class Surroundings:
    """What a version takes from the stack. commit_id: of its code, None where the deployment did not say.

    consumers: ids of the accounts that may deploy its versions.
    """

    stage: str
    region: str
    commit_id: str | None
    consumers: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegisterModel:
    objects: Objects
    registry: Registry
    journal: Journal
    surroundings: Surroundings
    now: Callable[[], datetime]

    def handle(self, request: RegisterRequest) -> dict[str, Any]:
        """The package's ARN, version and approval status.

        Raises DefectError, before anything is registered, when a step before left not all that it should.
        """
        plan = request.plan
        definition = Model.model_validate(self.objects.read_json(f"{plan.uris.definition}definition.json"))
        evaluation = Evaluation.from_json(self.objects.read_json(f"{plan.uris.evaluation}evaluation.json"))
        page, tuning = self._report(request), self._tuning(request)
        status = _approval_status(request, definition)
        self.registry.ensure_group(plan.package_group, f"Versions of {plan.model}, registered by Sluice")
        package = self.registry.register(package_request(request, evaluation, self.surroundings.commit_id))
        self._share(plan.package_group, package.arn)
        review = Review(self.surroundings.stage, plan.model, package.version, package.arn)
        self._complete(page, request, self._facts(request, review, status, tuning))
        self._decide(package.arn, status, request.decision.summary)
        self._tell(request, review, status, _next_step(status, request, definition))
        return {"package_arn": package.arn, "version": package.version, "status": status}

    def _share(self, group: str, package_arn: str) -> None:
        """Before a version is approved: a consumer that hears of it must be able to read it."""
        if self.surroundings.consumers:
            self.registry.share(group, group_policy(package_arn, self.surroundings.consumers))

    def _decide(self, package_arn: str, status: ApprovalStatus, reasons: str) -> None:
        """Last of what may fail for good, because an approval deploys. A repeated call changes no decision since made.

        CreateModelPackage takes no ApprovalDescription, and the reasons must stand beside the status.
        """
        package = self.registry.package(package_arn)
        if package.approval_status == "PendingManualApproval" and not package.approval_description:
            self.registry.set_approval(package_arn, status, reasons)

    def _report(self, request: RegisterRequest) -> ReportPage:
        key = _report_key(request)
        try:
            return ReportPage.parse(self.objects.read(key).decode(), key)
        except ObjectMissingError as error:
            raise DefectError(f"the evaluate step succeeded without writing its report: {error}") from None

    def _tuning(self, request: RegisterRequest) -> Mapping[str, Any] | None:
        if request.tuning is None:
            return None
        try:
            document: Mapping[str, Any] = self.objects.read_json(request.tuning.uri)
        except ObjectMissingError as error:
            raise DefectError(f"the search was decided without writing down its trials: {error}") from None
        return document

    def _facts(
        self, request: RegisterRequest, review: Review, status: ApprovalStatus, tuning: Mapping[str, Any] | None
    ) -> RunFacts:
        return RunFacts(
            model=review.model,
            version=review.version,
            package_arn=review.package_arn,
            stage=review.stage,
            status=status,
            registered_at=self.now().isoformat(timespec="seconds"),
            verdict=request.decision.verdict,
            summary=request.decision.summary,
            checks=[dict(check) for check in request.decision.checks],
            lineage=_lineage(request, self.surroundings.commit_id),
            tuning=tuning,
            commands=review.commands,
        )

    def _complete(self, page: ReportPage, request: RegisterRequest, facts: RunFacts) -> None:
        """A repeated call fills it again: the same facts, but for the time."""
        html = page.filled(facts.to_json(request.jobs, self.surroundings.region))
        self.objects.write(_report_key(request), html, "text/html; charset=utf-8")

    def _tell(self, request: RegisterRequest, review: Review, status: ApprovalStatus, next_step: str) -> None:
        """Once: a version that was to end drift, and may not, is a call for help and no news beside it."""
        why = f"version {review.version} is {status}{next_step}. {request.decision.summary}"
        details = {"run_id": request.plan.run_id, "package": review.package_arn, "status": status}
        once, drift = request.plan.run_id, request.plan.drift
        link = review.message(self.objects.presigned(_report_key(request), LINK_SECONDS))
        if drift is None or status != "Rejected":
            self.journal.announce(review.model, "MODEL_REGISTERED", why, details=details, once=once, link=link)
            return
        self.journal.record(review.model, "MODEL_REGISTERED", why, details=details, once=once)
        help_needed = f"drift goes on, and version {review.version}, which was trained for it, was refused: "
        self.journal.announce(
            review.model,
            "HELP_NEEDED",
            f"{help_needed}{request.decision.summary}",
            details={**details, "check_id": drift.check_id},
            once=f"drift#{once}",
            link=link,
        )


def _approval_status(request: RegisterRequest, definition: Model) -> ApprovalStatus:
    """A version that is validated first is approved by the validation."""
    if request.decision.verdict == "fail":
        return "Rejected"
    at_once = definition.approval == "automatic" and not definition.validation.enabled
    return "Approved" if request.decision.verdict == "pass" and at_once else "PendingManualApproval"


def _next_step(status: ApprovalStatus, request: RegisterRequest, definition: Model) -> str:
    """What goes on with it, in the middle of a sentence."""
    if status != "PendingManualApproval":
        return ""
    who = ": the gate leaves it to you" if request.decision.verdict == "needs-human" else ""
    return f"{who}, after its validation on an endpoint of its own" if definition.validation.enabled else who


def _lineage(request: RegisterRequest, commit_id: str | None) -> Lineage:
    plan, training = request.plan, request.training
    return Lineage(
        run_id=plan.run_id,
        data_version=trained_on(plan.data_version, DriftCause(**plan.drift.model_dump()) if plan.drift else None),
        code_sha256=plan.code.sha256,
        commit_id=commit_id,
        training_job=training.job_name,
        training_job_arn=training.job_arn,
        definition=f"{plan.uris.definition}definition.json",
        evaluation_uri=f"{plan.uris.evaluation}evaluation.json",
        hyperparameters=dict(training.hyperparameters),
        retrained_for=f"drift, found by check {plan.drift.check_id}: {plan.drift.reason}" if plan.drift else None,
    )


def _report_key(request: RegisterRequest) -> str:
    return f"{key_of(request.plan.uris.report)}report.html"
