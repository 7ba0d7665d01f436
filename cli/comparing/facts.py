"""What is known of a version, wherever it lies. A document that is gone is said, and the rest still compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.installation import Installation
from sluice.aws.objects import ObjectMissingError
from sluice.aws.registry import Package
from sluice.aws.training_jobs import JobUnknownError, TrainingJobs

Document = Mapping[str, Any]

_OF_THE_PLATFORM = ("sagemaker_", "_tuning_objective_metric")
"""Hyperparameters that say how a job is run, not what it learns with."""


@dataclass(frozen=True)
class VersionFacts:
    """`role` is live, arriving, queued or nothing; `missing` says which documents could not be read."""

    model: str
    number: int
    arn: str
    status: str
    role: str
    metadata: Mapping[str, str]
    definition: Document | None
    evaluation: Document | None
    decision: Document | None
    hyperparameters: Mapping[str, str]
    missing: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"v{self.number}"


def facts_of(installation: Installation, model: str, version: str) -> VersionFacts:
    """Raises BadInputError and OperationFailedError as Installation.package does."""
    package = installation.package(model, version)
    documents = {name: _document(installation, package, name) for name in ("definition", "evaluation", "gate")}
    absent = [name for name, document in documents.items() if document is None]
    sent, told = _hyperparameters(installation, package, documents["definition"])
    return VersionFacts(
        model=model,
        number=package.ref.version,
        arn=package.ref.arn,
        status=package.approval_status,
        role=_role(installation, model, package.ref.arn),
        metadata=package.metadata,
        definition=documents["definition"],
        evaluation=documents["evaluation"],
        decision=documents["gate"],
        hyperparameters=sent,
        missing=tuple([f"{name}.json of v{package.ref.version} is not there any more." for name in absent] + told),
    )


def _document(installation: Installation, package: Package, name: str) -> Document | None:
    uri = package.metadata.get(name)
    if uri is None:
        return None
    try:
        document: Document = installation.objects.read_json(uri)
    except ObjectMissingError:
        return None
    return document


def _hyperparameters(
    installation: Installation, package: Package, definition: Document | None
) -> tuple[dict[str, str], list[str]]:
    """As the training job got them, a search's among them; by the definition where SageMaker knows no such job."""
    jobs = TrainingJobs(installation.aws.client("sagemaker"))
    try:
        return own_hyperparameters(jobs.hyperparameters(package.metadata["training_job"])), []
    except (KeyError, JobUnknownError):
        written = (definition or {}).get("training", {}).get("hyperparameters", {})
        told = f"The training job of v{package.ref.version} is not known any more: its definition's hyperparameters."
        return {name: str(value) for name, value in written.items()}, [told]


def own_hyperparameters(sent: Mapping[str, str]) -> dict[str, str]:
    return {name: str(value) for name, value in sent.items() if not name.startswith(_OF_THE_PLATFORM)}


def _role(installation: Installation, model: str, arn: str) -> str:
    record = installation.production.get(model)
    roles = (("live", record.live), ("arriving", record.arriving), ("queued", record.queued))
    return next((role for role, deployment in roles if deployment and deployment.package.arn == arn), "")
