"""The API of tuning jobs: Create, Describe, List and Stop, and the list of one's training jobs."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Caller, Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.jobs import training
from localcloud.sagemaker.jobs.checks import require
from localcloud.sagemaker.jobs.records import TERMINAL, JobKind, JobRecords
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.tags import TagStore
from localcloud.sagemaker.tuning import warm_start
from localcloud.sagemaker.tuning.children import child_name, child_request, definition_held
from localcloud.sagemaker.tuning.outcome import Summary, counters, value_of
from localcloud.sagemaker.tuning.plan import read_plan
from localcloud.sagemaker.tuning.run import TrainingJobs, TuningRun
from localcloud.sagemaker.tuning.warm_start import Parent

KIND: Final = JobKind(
    kind="tuning",
    prefix="HyperParameterTuning",
    resource="hyper-parameter-tuning-job",
    log_group="",
    unknown="Amazon SageMaker can't find a tuning job called {name}. Type another name.",
    unknown_code="ResourceNotFound",
    title="HyperParameter Tuning",
)

_JOIN_SECONDS: Final = 5.0
_SUMMARY: Final = (
    KIND.name, KIND.arn, KIND.status, KIND.end_time(), "CreationTime", "LastModifiedTime", "TrainingJobStatusCounters",
    "ObjectiveStatusCounters",
)  # fmt: skip
_SORTED_BY: Final = {"Name": "TrainingJobName", "CreationTime": "CreationTime", "Status": "TrainingJobStatus"}


class TuningJobs:
    """Hyperparameter tuning jobs. `close` ends all that run, and their training jobs."""

    def __init__(self, cloud: Cloud, tags: TagStore, jobs: TrainingJobs) -> None:
        self._cloud = cloud
        self._tags = tags
        self._jobs = jobs
        self._records = JobRecords(KIND, cloud, tags)
        self._runs: dict[str, TuningRun] = {}
        self._starting = threading.Lock()

    def operations(self) -> dict[str, Handler]:
        return {
            "CreateHyperParameterTuningJob": self._create,
            "DescribeHyperParameterTuningJob": self._describe,
            "ListHyperParameterTuningJobs": self._list,
            "StopHyperParameterTuningJob": self._stop,
            "ListTrainingJobsForHyperParameterTuningJob": self._list_training_jobs,
        }

    def wait(self, name: str, timeout: float | None = None) -> dict[str, Any]:
        """Block until the tuning job has ended; its final description. TimeoutError after `timeout` seconds."""
        return self._records.wait(name, timeout)

    def close(self) -> None:
        runs = list(self._runs.values())
        for run in runs:
            run.kill()
        for run in runs:
            run.join(_JOIN_SECONDS)

    def _create(self, call: Call) -> dict[str, Any]:
        request = call.input
        name, tuning_job_arn = request[KIND.name], self._arn(request[KIND.name])
        self._authorize_create(call.caller, request, tuning_job_arn)
        plan = read_plan(request)
        training.validate(child_request(request, child_name(name, 1), {}))
        parents = [self._parent(parent) for parent in warm_start.parent_names(request)]
        for parent in parents:
            warm_start.check(request, parent)
        # Nobody's session yet: whether SageMaker may assume the role is said now, not by the first training job.
        self._cloud.assume_role(request["TrainingJobDefinition"]["RoleArn"], "SageMaker")
        run = TuningRun(request, plan, tuning_job_arn, self._jobs, self._records, parents)
        with self._starting:
            self._records.add(described(request, tuning_job_arn))
            self._tags.register(tuning_job_arn, request.get("Tags", ()))
            self._runs[name] = run
        self._records.announce(name)
        run.start()
        return {KIND.arn: tuning_job_arn}

    def _describe(self, call: Call) -> dict[str, Any]:
        name = call.input[KIND.name]
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", self._arn(name))
        return self._described_now(name)

    def _list(self, call: Call) -> dict[str, Any]:
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", "*")
        chosen = select(self._records.all(), {"SortBy": "Name", **call.input}, KIND.name, KIND.status)
        shown, token = page(chosen, call.input)
        summaries = [_summary(self._described_now(job[KIND.name])) for job in shown]
        return {"HyperParameterTuningJobSummaries": summaries, "NextToken": token}

    def _stop(self, call: Call) -> dict[str, Any]:
        name = call.input[KIND.name]
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", self._arn(name))
        status = self._records.describe(name)[KIND.status]
        if status in TERMINAL:
            raise ApiError(
                "ValidationException",
                f"The request was rejected because the hyperparameter tuning job is in status {status}.",
            )
        self._run(name).stop()
        return {}

    def _list_training_jobs(self, call: Call) -> dict[str, Any]:
        name = call.input[KIND.name]
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", self._arn(name))
        self._records.describe(name)
        shown, token = page(_chosen(self._run(name).summaries(), call.input), call.input)
        return {"TrainingJobSummaries": shown, "NextToken": token}

    def _authorize_create(self, caller: Caller, request: Mapping[str, Any], tuning_job_arn: str) -> None:
        self._cloud.authorize(caller, "sagemaker:CreateHyperParameterTuningJob", tuning_job_arn)
        self._tags.authorize(caller, tuning_job_arn, request.get("Tags", ()))
        role = require(request, "TrainingJobDefinition", "RoleArn")
        self._cloud.authorize(caller, "iam:PassRole", role, {"iam:PassedToService": "sagemaker.amazonaws.com"})

    def _described_now(self, name: str) -> dict[str, Any]:
        described = self._records.describe(name)
        return described if described[KIND.status] in TERMINAL else described | self._run(name).progress()

    def _parent(self, name: str) -> Parent:
        return Parent(self._records.describe(name), self._run(name).summaries())

    def _run(self, name: str) -> TuningRun:
        with self._starting:
            return self._runs[name]

    def _arn(self, name: str) -> str:
        return arn(self._cloud, KIND.resource, name)


def described(request: Mapping[str, Any], tuning_job_arn: str) -> dict[str, Any]:
    """A new tuning job's description."""
    now = datetime.now(UTC)
    held = {name: value for name, value in request.items() if name != "Tags"}
    return {
        **held,
        "TrainingJobDefinition": definition_held(request),
        KIND.arn: tuning_job_arn,
        KIND.status: "InProgress",
        "CreationTime": now,
        "LastModifiedTime": now,
        **counters([]),
    }


def _summary(described: Mapping[str, Any]) -> dict[str, Any]:
    config = described["HyperParameterTuningJobConfig"]
    shown = {member: described[member] for member in _SUMMARY if member in described}
    return shown | {"Strategy": config["Strategy"], "ResourceLimits": config["ResourceLimits"]}


def _chosen(summaries: list[Summary], request: Mapping[str, Any]) -> list[Summary]:
    wanted = request.get("StatusEquals")
    chosen = [one for one in summaries if wanted in (None, one["TrainingJobStatus"])]
    sort_by, descending = request.get("SortBy", "Name"), request.get("SortOrder") == "Descending"
    if sort_by == "FinalObjectiveMetricValue":
        measured = [one for one in chosen if one["ObjectiveStatus"] == "Succeeded"]
        return sorted(measured, key=value_of, reverse=descending)
    member = _SORTED_BY[sort_by]
    return sorted(chosen, key=lambda one: str(one[member]), reverse=descending)
