"""The run plan: everything that one run's jobs need, worked out once and Assigned once by the state machine."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sluice.definition import Model, Processing, Training, Validation
from sluice.naming import ModelPrefix, job_name, package_group_name, tuning_job_name, validation_name
from sluice.tuning.plan import EarlierSearch, TuningStep, plan_tuning, rounds_of_hyperband

SplitFormat = Literal["parquet", "csv"]

DATA_MANIFEST = "input/data.manifest"
"""Below the run's prefix."""

_CONTENT_TYPES: Mapping[SplitFormat, str] = {"parquet": "application/x-parquet", "csv": "text/csv"}


@dataclass(frozen=True)
class CodeVersion:
    """Training code as PublishCode stored it: content-addressed, so a run knows exactly what it ran."""

    sha256: str
    processing_uri: str
    source_uri: str


@dataclass(frozen=True)
class Champion:
    """The live version. Its artifact and its baseline may be gone; hyperparameters are known where its job is."""

    package_arn: str
    model_uri: str | None
    baseline_uri: str | None = None
    """The folder of statistics.json and reference.json."""
    hyperparameters: Mapping[str, str] | None = None


@dataclass(frozen=True)
class PreviousRun:
    """The last run that succeeded, with which this run's data is compared."""

    run_id: str
    counts_uri: str


@dataclass(frozen=True)
class DriftCause:
    """Why a run began without an upload: what a check of production found."""

    check_id: str
    reason: str
    labelled_key: str | None = None
    """CSV of captured rows whose truth is known, which are trained on beside the upload."""
    labelled_rows: int = 0


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
    drift: DriftCause | None = None
    """Where it is not its arrival that begins a run."""

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
    checkpoints: str
    model: str
    search: str
    """Models of the search's jobs; all but the chosen one expire."""
    tuning: str
    evaluation: str
    report: str


DataType = Literal["S3Prefix", "ManifestFile"]
"""How a job finds its files: SageMaker's S3DataType."""


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
    algorithm: str
    image_uri: str
    hyperparameters: Mapping[str, str]
    hyperparameters_of: Literal["definition", "champion"]
    """Whose they are: a tuned run trains its baseline with the champion's."""
    instance_type: str
    instance_count: int
    volume_gb: int
    spot: bool
    stopping: Mapping[str, int]
    """SageMaker's StoppingCondition: MaxWaitTimeInSeconds is allowed with spot only."""


@dataclass(frozen=True)
class ValidationStep:
    """The temporary endpoint, and what it is asked."""

    name: str
    memory_mb: int
    tolerance: float
    max_rows: int


@dataclass(frozen=True)
class RunPlan:
    run_id: str
    model: str
    package_group: str
    data_version: str
    upload_order: str
    cause: Literal["upload", "drift"]
    drift: DriftCause | None
    data_type: DataType
    """Of uris.data."""
    image_uri: str
    """Of SageMaker's XGBoost container: it processes and it serves, whatever the algorithm."""
    split_format: SplitFormat
    split_content_type: str
    role_arn: str
    kms_key_arn: str | None
    code: CodeVersion
    uris: RunUris
    preprocess: ProcessingStep
    training: TrainingStep
    tuning: TuningStep | None
    evaluate: ProcessingStep
    champion: Champion | None
    previous: PreviousRun | None
    validation: ValidationStep | None

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


@dataclass(frozen=True)
class Past:
    """What earlier runs of the model left for this one."""

    champion: Champion | None = None
    previous: PreviousRun | None = None
    search: EarlierSearch | None = None
    """To start the search from."""


def plan_run(run_id: str, definition: Model, upload: Upload, surroundings: Surroundings, past: Past) -> RunPlan:
    """Turn a definition into the parameters of the run's jobs."""
    stage, name = surroundings.stage, definition.name
    uris = _run_uris(run_id, definition, upload, surroundings.bucket)
    # Our own steps read Parquet; any image reads CSV.
    split_format: SplitFormat = "csv" if definition.training.algorithm == "custom" else "parquet"
    return RunPlan(
        run_id=run_id,
        model=name,
        package_group=package_group_name(stage, name),
        data_version=upload.data_version,
        upload_order=upload.order,
        cause="drift" if upload.drift else "upload",
        drift=upload.drift,
        data_type=data_type(definition, upload),
        image_uri=surroundings.image_uri,
        split_format=split_format,
        split_content_type=_CONTENT_TYPES[split_format],
        role_arn=surroundings.role_arn,
        kms_key_arn=surroundings.kms_key_arn,
        code=surroundings.code,
        uris=uris,
        preprocess=_processing_step(
            job_name(stage, name, run_id, "prep"), definition.processing, definition.processing.instance_count
        ),
        training=_training_step(job_name(stage, name, run_id, "train"), definition, surroundings, past.champion),
        tuning=_tuning_step(tuning_job_name(stage, run_id), definition, surroundings.code, past.search),
        evaluate=_processing_step(job_name(stage, name, run_id, "eval"), definition.processing, 1),
        champion=past.champion,
        previous=past.previous,
        validation=_validation_step(validation_name(stage, run_id), definition.validation),
    )


def definition_document(definition: Model) -> str:
    """`definition.json`: the definition as the jobs read it, defaults written out.

    Features keep their order: it is the order in which an endpoint takes a row without names.
    """
    return json.dumps(definition.model_dump(mode="json"), indent=2)


def data_type(definition: Model, upload: Upload) -> DataType:
    """Files of two places are named one by one; StartRun writes the list."""
    labelled = upload.drift is not None and upload.drift.labelled_key is not None
    return "ManifestFile" if labelled and definition.data.mode == "append" else "S3Prefix"


def _data(run: str, definition: Model, upload: Upload, raw: str) -> str:
    if data_type(definition, upload) == "ManifestFile":
        return f"{run}{DATA_MANIFEST}"
    return f"{run}input/" if definition.data.mode == "snapshot" else raw


def _run_uris(run_id: str, definition: Model, upload: Upload, bucket: str) -> RunUris:
    prefix = ModelPrefix(definition.name)
    run = f"s3://{bucket}/{prefix.run(run_id)}"
    return RunUris(
        data=_data(run, definition, upload, f"s3://{bucket}/{prefix.raw}"),
        definition=f"{run}definition/",
        train=f"{run}train/",
        validation=f"{run}validation/",
        test=f"{run}test/",
        holdout=f"{run}holdout/",
        codec=f"{run}codec/",
        baseline=f"{run}baseline/",
        checkpoints=f"{run}checkpoints/",
        model=f"{run}model/",
        search=f"{run}model/search/",
        tuning=f"{run}tuning/",
        evaluation=f"{run}evaluation/",
        report=f"{run}report/",
    )


def _processing_step(name: str, processing: Processing, instances: int) -> ProcessingStep:
    return ProcessingStep(name, processing.instance_type, instances, processing.volume_gb, processing.max_run_seconds)


def _training_step(name: str, definition: Model, surroundings: Surroundings, champion: Champion | None) -> TrainingStep:
    training = definition.training
    stopping = {"MaxRuntimeInSeconds": training.max_run_seconds}
    if training.max_wait_seconds is not None:
        stopping["MaxWaitTimeInSeconds"] = training.max_wait_seconds
    of_champion = champion.hyperparameters if champion and definition.tuning.enabled else None
    own = training.hyperparameters if of_champion is None else of_champion
    return TrainingStep(
        job_name=name,
        algorithm=training.algorithm,
        image_uri=training.image or surroundings.image_uri,
        hyperparameters=sent_hyperparameters(own, definition, surroundings.code),
        hyperparameters_of="definition" if of_champion is None else "champion",
        instance_type=training.instance_type,
        instance_count=training.instance_count,
        volume_gb=training.volume_gb,
        spot=training.spot,
        stopping=stopping,
    )


def _tuning_step(name: str, definition: Model, code: CodeVersion, parent: EarlierSearch | None) -> TuningStep | None:
    if not definition.tuning.enabled:
        return None
    searched = definition.tuning.ranges_for(definition.training.algorithm)
    kept = {key: value for key, value in definition.training.hyperparameters.items() if key not in searched}
    static = sent_hyperparameters(kept, definition, code)
    if definition.training.algorithm != "custom":
        static |= {"checkpoint_rounds": "0"}
        rounds = rounds_of_hyperband(definition)
        static |= {"num_round": str(rounds)} if rounds and "num_round" not in searched else {}
    return plan_tuning(name, definition, static, parent)


def _validation_step(name: str, validation: Validation) -> ValidationStep | None:
    if not validation.enabled:
        return None
    return ValidationStep(name, validation.memory_mb, validation.tolerance, validation.max_rows)


def sent_hyperparameters(own: Mapping[str, int | float | str], definition: Model, code: CodeVersion) -> dict[str, str]:
    """What the container hands to train.py as `--name value`; a custom image gets `own` only."""
    chosen = {key: str(value) for key, value in own.items()}
    if definition.training.algorithm == "custom":
        return chosen
    # Script mode: the container fetches this archive and runs this file of it.
    script = {"sagemaker_program": "train.py", "sagemaker_submit_directory": code.source_uri}
    return {**chosen, **_set_by_the_platform(definition, definition.training), **script}


def _set_by_the_platform(definition: Model, training: Training) -> dict[str, str]:
    settings = {
        "algorithm": training.algorithm,
        "class_weight": training.class_weight,
        "checkpoint_rounds": str(training.checkpoint_interval),
        "memory_share": f"{training.memory_share:g}",
    }
    if training.monotone_constraints:
        settings["monotone_constraints"] = training.constraints_argument
    if definition.data.task == "binary":
        settings["decision_threshold"] = definition.evaluation.decision_threshold
    return settings


def trained_on(data_version: str, drift: DriftCause | None) -> str:
    """The data of a run, for a person."""
    if drift is None or drift.labelled_key is None:
        return data_version
    return f"{data_version} + {drift.labelled_rows:,} labelled rows of check {drift.check_id}"
