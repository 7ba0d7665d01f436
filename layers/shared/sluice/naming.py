"""Names and S3 keys. Every name that two parts of the system share is made here.

Limits by AWS: job names 63 characters, tuning job names 32, endpoint and endpoint config names 63.
With a stage of at most 7 and a model name of at most 24 characters every name below stays within them.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

MODEL_NAME_PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
MODEL_NAME_MAX_LENGTH = 24
MODEL_NAME_RULE = "at most 24 small letters, digits and single hyphens between them, a letter first"
STAGE_PATTERN = r"^[a-z][a-z0-9]{0,6}$"

CHECK_ID_PATTERN = r"(?:\d{12}-[0-9a-f]{4}|\d{6}-[0-9a-f]{10})"
"""Of an endpoint's check, or a batch's."""

INTERMEDIATE_TAG = {"sluice:kind": "intermediate"}
"""The bucket's lifecycle rule expires objects by this tag; registered models, evaluations and reports are kept."""

_RAW_KEY = re.compile(r"^models/(?P<model>[^/]+)/raw/(?P<file>.+)$")
_REPORT_KEY = re.compile(
    r"^models/(?P<model>[^/]+)/monitoring/reports/(?P<source>[^/]+)/.+/constraint_violations\.json$"
)
_BATCH_KEY = re.compile(r"^models/(?P<model>[^/]+)/batch/in/(?P<file>.+)$")

SINGLE_VARIANT = "AllTraffic"
"""The production variant of an endpoint that serves one version."""
ALARM_KINDS = ("server-errors", "model-errors", "latency")
"""What watches a variant. Other alarms of an endpoint move its instances, or stop a rollout."""
MONITOR_KINDS = ("data-quality", "model-quality")
"""What Model Monitor looks at, a schedule each."""
_ENDPOINT_SUFFIX = {"real-time": "--real-time", "asynchronous": "--async"}
"""By deployment mode, because an endpoint cannot change it. No model name has two hyphens in a row."""
_SHARED = "-multi-"


@dataclass(frozen=True)
class ModelPrefix:
    """The S3 keys of one model: everything that belongs to it lies under `models/<name>/`, but for its captures."""

    model: str

    @property
    def root(self) -> str:
        return f"models/{self.model}/"

    @property
    def definition(self) -> str:
        return f"{self.root}model.yaml"

    @property
    def raw(self) -> str:
        return f"{self.root}raw/"

    @property
    def quarantine(self) -> str:
        return f"{self.root}quarantine/"

    @property
    def batch_in(self) -> str:
        return f"{self.root}batch/in/"

    @property
    def batch_out(self) -> str:
        return f"{self.root}batch/out/"

    def batch_job(self, batch_id: str) -> str:
        """What one file's transform job reads and writes; expires."""
        return f"{self.root}batch/jobs/{batch_id}/"

    @property
    def captures(self) -> str:
        """SageMaker and the inference API write `<endpoint>/<variant>/yyyy/mm/dd/hh/…jsonl` below it.

        Not below the root: captures expire, and a lifecycle rule's prefix knows no wildcard for the model's name.
        """
        return f"captures/{self.model}/"

    @property
    def ground_truth(self) -> str:
        """`yyyy/mm/dd/hh/….jsonl` below it."""
        return f"{self.root}ground-truth/"

    @property
    def asynchronous(self) -> str:
        """Its in/, out/ and failures/."""
        return f"{self.root}async/"

    @property
    def trials(self) -> str:
        return f"{self.root}trials/"

    @property
    def monitoring(self) -> str:
        """Its checks/<id>/ (what each check reads) and reports/ (what each found)."""
        return f"{self.root}monitoring/"

    @property
    def reports(self) -> str:
        """Both engines write `<endpoint or batch>/…/yyyy/mm/dd/hh/…/constraint_violations.json` below it."""
        return f"{self.monitoring}reports/"

    def check(self, check_id: str) -> str:
        """What one check is given."""
        return f"{self.monitoring}checks/{check_id}/"

    def run(self, run_id: str) -> str:
        return f"{self.root}runs/{run_id}/"


def is_model_name(text: str) -> bool:
    return len(text) <= MODEL_NAME_MAX_LENGTH and re.fullmatch(MODEL_NAME_PATTERN, text) is not None


def model_of_raw_key(key: str) -> str | None:
    """The model that an uploaded data file belongs to; None for a key that is not `models/<name>/raw/<file>`."""
    match = _RAW_KEY.match(key)
    return match["model"] if match and not key.endswith("/") else None


def model_of_batch_key(key: str) -> str | None:
    """The model that is to score the file; None for a key that is not `models/<name>/batch/in/<file>`."""
    match = _BATCH_KEY.match(key)
    return match["model"] if match and not key.endswith("/") else None


def model_of_violations_key(key: str) -> str | None:
    """The model that a check was about; None for a key that is no report's constraint_violations.json."""
    match = _REPORT_KEY.match(key)
    return match["model"] if match else None


def new_check_id(at: datetime, model: str, cause: str) -> str:
    """`YYMMDDhhmmss-xxxx` in UTC of the window's end. The same cause at the same second gives the same id."""
    return new_run_id(at, model, cause)


def new_batch_check_id(batch_id: str, model: str) -> str:
    """`YYMMDD-` and 10 digits: as long as any check's, because its job's name has no more room.

    The digits stand for the moment too. Four would not tell a thousand files of one second apart.
    """
    digest = hashlib.sha256(f"{model}\0{batch_id}".encode()).hexdigest()
    return f"{batch_id[:6]}-{digest[:10]}"


def schedule_name(stage: str, model: str) -> str:
    """Of the model's EventBridge schedule: one per model, whichever version serves."""
    return f"sluice-{stage}-{model}-monitor"


def monitoring_schedule_name(stage: str, model: str, kind: str) -> str:
    """Of a Model Monitor schedule. kind: data-quality or model-quality."""
    return f"sluice-{stage}-{model}-{kind}"


def monitoring_job_definition_name(stage: str, model: str, kind: str, version: int) -> str:
    """A version has its own, because its baseline is its own and job definitions do not change."""
    return f"{monitoring_schedule_name(stage, model, kind)}-v{version}"


def schedule_group(stage: str) -> str:
    """Of all the stage's schedules: it goes with the stack, and they with it."""
    return f"sluice-{stage}"


def model_of_schedule(stage: str, name: str) -> str | None:
    """The model that an EventBridge or Model Monitor schedule watches; None where it is not one of this stage's."""
    prefix = f"sluice-{stage}-"
    kind = next((one for one in ("-monitor", *(f"-{each}" for each in MONITOR_KINDS)) if name.endswith(one)), None)
    model = name[len(prefix) : -len(kind)] if kind and name.startswith(prefix) else ""
    return model if is_model_name(model) else None


def model_of_job_definition(stage: str, name: str) -> str | None:
    """The model that a monitoring job definition was made for; None where it is not one of this stage's."""
    schedule, dash, version = name.rpartition("-v")
    return model_of_schedule(stage, schedule) if dash and version.isdecimal() else None


def check_job_name(stage: str, model: str, check_id: str) -> str:
    """Of a check's processing job. Its last word is short because the name has room for five letters."""
    return job_name(stage, model, check_id, "check")


def check_of_job(stage: str, job: str) -> tuple[str, str] | None:
    """The model and the check behind such a job; None where it is not one of this stage's."""
    match = re.fullmatch(rf"sluice-{re.escape(stage)}-(?P<model>.+)-(?P<check_id>{CHECK_ID_PATTERN})-check", job)
    return (match["model"], match["check_id"]) if match and is_model_name(match["model"]) else None


def new_run_id(at: datetime, model: str, execution: str) -> str:
    """`YYMMDDhhmmss-xxxx` in UTC, 17 characters. The same execution at the same second gives the same id."""
    digest = hashlib.sha256(f"{model}\0{execution}".encode()).hexdigest()
    return f"{at:%y%m%d%H%M%S}-{digest[:4]}"


def new_batch_id(at: datetime, model: str, execution: str) -> str:
    """`YYMMDDhhmmss-` and 12 digits: a thousand files may be uploaded within a second, each its own batch."""
    digest = hashlib.sha256(f"{model}\0{execution}".encode()).hexdigest()
    return f"{at:%y%m%d%H%M%S}-{digest[:12]}"


def batch_name(stage: str, batch_id: str) -> str:
    """Of the transform job and its model, without the Sluice model's name, for which 63 characters have no room.

    No model name begins with a hyphen: these names are nobody else's.
    """
    return f"sluice-{stage}--batch-{batch_id}"


def job_name(stage: str, model: str, run_id: str, step: str) -> str:
    return f"sluice-{stage}-{model}-{run_id}-{step}"


def tuning_job_name(stage: str, run_id: str) -> str:
    """Without the model, for which 32 characters have no room: the run id's end is made of its name."""
    return f"sluice-{stage}-{run_id}"


def endpoint_name(stage: str, model: str, mode: str = "serverless") -> str:
    """Of the model's own endpoint in that deployment mode; multi-model endpoints have their group's name."""
    return f"sluice-{stage}-{model}{_ENDPOINT_SUFFIX.get(mode, '')}"


def mode_of_endpoint(endpoint: str) -> str:
    """The deployment mode that an endpoint's name was made for."""
    if f"-{_SHARED}" in endpoint:  # no model name has two hyphens in a row
        return "multi-model"
    return next((mode for mode, suffix in _ENDPOINT_SUFFIX.items() if endpoint.endswith(suffix)), "serverless")


def shared_endpoint_name(stage: str, group: str) -> str:
    return f"sluice-{stage}-{_SHARED}{group}"


def shared_models_prefix(group: str) -> str:
    """Where the artifacts of a multi-model endpoint lie."""
    return f"multi-model/{group}/"


def target_model(model: str, version: int) -> str:
    """A version's artifact below that prefix. A new name each: an instance keeps what it has loaded."""
    return f"{model}-v{version}.tar.gz"


def variant_of(version: int) -> str:
    """The production variant that serves a version beside another one."""
    return f"v{version}"


def version_behind(variant: str) -> int | None:
    """The version that such a variant serves; None of one that is not called by its version."""
    number = variant.removeprefix("v")
    return int(number) if number != variant and number.isdecimal() else None


def alias_parameter(stage: str, model: str) -> str:
    """The SSM parameter that says where a model's requests go."""
    return f"{alias_path(stage)}/{model}/alias"


def alias_path(stage: str) -> str:
    """Above all aliases of the stage."""
    return f"/sluice/{stage}"


def alarm_name(endpoint: str, variant: str, kind: str) -> str:
    return f"{endpoint}/{variant}/{kind}"


def recall_alarm_name(endpoint: str) -> str:
    """The alarm by which DeployModel tells SageMaker to end a rollout."""
    return alarm_name(endpoint, SINGLE_VARIANT, "recall")


def validation_name(stage: str, run_id: str) -> str:
    """Of the temporary endpoint and all that belongs to it. No stage is called "validate": a name has 7 characters."""
    return f"sluice-validate-{stage}-{run_id}"


def model_card_name(stage: str, model: str, version: int) -> str:
    """One card a version. At most 63 characters, as every name of SageMaker's."""
    return f"sluice-{stage}-{model}-v{version}"


def package_group_name(stage: str, model: str) -> str:
    return f"sluice-{stage}-{model}"


def model_of_group(stage: str, group: str) -> str | None:
    """The model behind a package group; None when it is not one of this stage's."""
    prefix = f"sluice-{stage}-"
    return group[len(prefix) :] if group.startswith(prefix) and len(group) > len(prefix) else None


def model_of_endpoint(stage: str, endpoint: str) -> str | None:
    """The model that an endpoint is for; None where it is shared or not one of this stage's."""
    model = (model_of_group(stage, endpoint) or "").partition("--")[0]
    return None if model.startswith("-") or not model else model


def belongs_to(stage: str, endpoint: str) -> bool:
    """Whether an endpoint is one of this stage's, a model's own or a shared one."""
    return model_of_endpoint(stage, endpoint) is not None or group_of_endpoint(stage, endpoint) is not None


def group_of_endpoint(stage: str, endpoint: str) -> str | None:
    """The group that a multi-model endpoint is for; None where it is not one of this stage's."""
    prefix = f"sluice-{stage}-{_SHARED}"
    return endpoint[len(prefix) :] if endpoint.startswith(prefix) else None


def endpoint_config_name(stage: str, model: str, version: int, cause: str) -> str:
    """A new name for each deployment, the same one when the same cause is handled twice.

    `cause` identifies what asked for the deployment, so that a redelivered event finds the config it made.
    """
    return f"{endpoint_name(stage, model)}-v{version}-{hashlib.sha256(cause.encode()).hexdigest()[:6]}"


def shared_config_name(stage: str, group: str, content: str) -> str:
    """Of a multi-model endpoint: the same content has the same name, whichever model asks for it."""
    return f"{shared_endpoint_name(stage, group)}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
