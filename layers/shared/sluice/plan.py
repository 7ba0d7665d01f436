"""The run plan: everything that one run's jobs need, worked out once and Assigned once by the state machine."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sluice.definition import Model
from sluice.definition.training import Training
from sluice.naming import ModelPrefix, job_name, package_group_name

_PROCESSING_INSTANCE = "ml.m5.large"
_PROCESSING_VOLUME_GB = 30
_PROCESSING_MAX_SECONDS = 3600


@dataclass(frozen=True)
class CodeVersion:
    """Training code as PublishCode stored it: content-addressed, so a run knows exactly what it ran."""

    sha256: str
    processing_uri: str
    source_uri: str


@dataclass(frozen=True)
class Champion:
    package_arn: str
    model_uri: str


@dataclass(frozen=True)
class Upload:
    """One object version under `models/<name>/raw/`."""

    bucket: str
    key: str
    version_id: str | None
    etag: str
    size: int
    order: str
    """Sorts uploads by when they were made: event time, then S3's sequencer."""

    @property
    def data_version(self) -> str:
        return f"s3://{self.bucket}/{self.key}@{self.version_id or self.etag}"


@dataclass(frozen=True)
class RunUris:
    """The run's prefixes, `s3://…/runs/<run_id>/<what>/`."""

    data: str
    definition: str
    train: str
    validation: str
    test: str
    holdout: str
    codec: str
    baseline: str
    model: str
    evaluation: str
    report: str


@dataclass(frozen=True)
class ProcessingStep:
    job_name: str
    instance_type: str
    instance_count: int
    volume_gb: int
    max_run_seconds: int


@dataclass(frozen=True)
class TrainingStep:
    job_name: str
    hyperparameters: Mapping[str, str]
    instance_type: str
    instance_count: int
    volume_gb: int
    spot: bool
    stopping: Mapping[str, int]
    """SageMaker's StoppingCondition: MaxWaitTimeInSeconds is allowed with spot only."""


@dataclass(frozen=True)
class RunPlan:
    run_id: str
    model: str
    package_group: str
    data_version: str
    upload_order: str
    image_uri: str
    role_arn: str
    kms_key_arn: str | None
    code: CodeVersion
    uris: RunUris
    preprocess: ProcessingStep
    training: TrainingStep
    evaluate: ProcessingStep
    champion: Champion | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Surroundings:
    """What a plan takes from the stack instead of from the definition."""

    stage: str
    bucket: str
    role_arn: str
    image_uri: str
    code: CodeVersion
    kms_key_arn: str | None


def plan_run(
    run_id: str, definition: Model, upload: Upload, surroundings: Surroundings, champion: Champion | None
) -> RunPlan:
    """Turn a definition into the parameters of the run's jobs."""
    stage, name = surroundings.stage, definition.name
    uris = _run_uris(run_id, definition, surroundings.bucket)
    return RunPlan(
        run_id=run_id,
        model=name,
        package_group=package_group_name(stage, name),
        data_version=upload.data_version,
        upload_order=upload.order,
        image_uri=surroundings.image_uri,
        role_arn=surroundings.role_arn,
        kms_key_arn=surroundings.kms_key_arn,
        code=surroundings.code,
        uris=uris,
        preprocess=_processing_step(job_name(stage, name, run_id, "prep")),
        training=_training_step(job_name(stage, name, run_id, "train"), definition.training, surroundings.code),
        evaluate=_processing_step(job_name(stage, name, run_id, "eval")),
        champion=champion,
    )


def definition_document(definition: Model) -> str:
    """`definition.json`: the definition as the jobs read it, defaults written out.

    Features keep their order: it is the order in which an endpoint takes a row without names.
    """
    return json.dumps(definition.model_dump(mode="json"), indent=2)


def _run_uris(run_id: str, definition: Model, bucket: str) -> RunUris:
    prefix = ModelPrefix(definition.name)
    run = f"s3://{bucket}/{prefix.run(run_id)}"
    snapshot = definition.data.mode == "snapshot"
    return RunUris(
        data=f"{run}input/" if snapshot else f"s3://{bucket}/{prefix.raw}",
        definition=f"{run}definition/",
        train=f"{run}train/",
        validation=f"{run}validation/",
        test=f"{run}test/",
        holdout=f"{run}holdout/",
        codec=f"{run}codec/",
        baseline=f"{run}baseline/",
        model=f"{run}model/",
        evaluation=f"{run}evaluation/",
        report=f"{run}report/",
    )


def _processing_step(name: str) -> ProcessingStep:
    return ProcessingStep(name, _PROCESSING_INSTANCE, 1, _PROCESSING_VOLUME_GB, _PROCESSING_MAX_SECONDS)


def _training_step(name: str, training: Training, code: CodeVersion) -> TrainingStep:
    stopping = {"MaxRuntimeInSeconds": training.max_run_seconds}
    if training.max_wait_seconds is not None:
        stopping["MaxWaitTimeInSeconds"] = training.max_wait_seconds
    chosen = {key: str(value) for key, value in training.hyperparameters.items()}
    # Script mode: the container fetches this archive and runs this file of it.
    script = {"sagemaker_program": "train.py", "sagemaker_submit_directory": code.source_uri}
    return TrainingStep(
        job_name=name,
        hyperparameters={**chosen, **script},
        instance_type=training.instance_type,
        instance_count=training.instance_count,
        volume_gb=training.volume_gb,
        spot=training.spot,
        stopping=stopping,
    )
