"""The API of transform jobs: Create, Describe, List and Stop."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from localcloud.api import ApiError, Call, Handler
from localcloud.cloud import Cloud
from localcloud.sagemaker.arns import arn
from localcloud.sagemaker.hosting.models import ServedModel
from localcloud.sagemaker.hosting.server import ModelServer, Place
from localcloud.sagemaker.hosting.variants import Server
from localcloud.sagemaker.jobs.records import TERMINAL, JobKind, JobRecords
from localcloud.sagemaker.listing import page, select
from localcloud.sagemaker.tags import TagStore
from localcloud.sagemaker.transform.plan import read_plan
from localcloud.sagemaker.transform.run import MakeServer, TransformRun, description

KIND: Final = JobKind(
    "transform",
    "Transform",
    "transform-job",
    "/aws/sagemaker/TransformJobs",
    "Could not find requested job with name: {name}",
)
_JOIN_SECONDS: Final = 10.0
_SUMMARY: Final = (
    KIND.name, KIND.arn, KIND.status, KIND.end_time(), "CreationTime", "LastModifiedTime", "FailureReason",
)  # fmt: skip


class TransformJobs:
    """`model` finds a model by name (Hosting.model). `close` ends all jobs that run."""

    def __init__(
        self,
        cloud: Cloud,
        tags: TagStore,
        model: Callable[[str], ServedModel],
        make_server: MakeServer | None = None,
    ) -> None:
        self._cloud = cloud
        self._tags = tags
        self._model = model
        self._make_server = make_server or self._model_server
        self._records = JobRecords(KIND, cloud, tags)
        self._runs: dict[str, TransformRun] = {}
        self._starting = threading.Lock()

    def operations(self) -> dict[str, Handler]:
        return {
            "CreateTransformJob": self._create,
            "DescribeTransformJob": self._describe,
            "ListTransformJobs": self._list,
            "StopTransformJob": self._stop,
        }

    def wait(self, name: str, timeout: float | None = None) -> dict[str, Any]:
        """Block until the job has ended; its final description. TimeoutError after `timeout` seconds."""
        return self._records.wait(name, timeout)

    def close(self) -> None:
        with self._starting:
            runs = list(self._runs.values())
        for run in runs:
            run.kill()
        for run in runs:
            run.join(_JOIN_SECONDS)

    def _create(self, call: Call) -> dict[str, Any]:
        request = call.input
        name, job_arn = request[KIND.name], self._arn(request[KIND.name])
        self._cloud.authorize(call.caller, "sagemaker:CreateTransformJob", job_arn)
        self._tags.authorize(call.caller, job_arn, request.get("Tags", ()))
        plan = read_plan(request)
        model = self._model(plan.model)
        if model.multi_model:
            raise ApiError("ValidationException", f"Batch transform does not support multi-model models: {plan.model}")
        model = replace(model, environment={**model.environment, **plan.environment})
        run = TransformRun(self._cloud, name, plan, model, self._records, self._make_server)
        with self._starting:
            self._records.add(description(request, job_arn))
            self._tags.register(job_arn, request.get("Tags", ()))
            self._runs[name] = run
        self._records.announce(name)
        run.start()
        return {KIND.arn: job_arn}

    def _describe(self, call: Call) -> dict[str, Any]:
        name = call.input[KIND.name]
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", self._arn(name))
        described = self._records.describe(name)
        del described["LastModifiedTime"]
        return described

    def _list(self, call: Call) -> dict[str, Any]:
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", "*")
        request = {"SortOrder": "Descending", **call.input}
        shown, token = page(select(self._records.all(), request, KIND.name, KIND.status), request)
        summaries = [{member: job[member] for member in _SUMMARY if member in job} for job in shown]
        return {"TransformJobSummaries": summaries, "NextToken": token}

    def _stop(self, call: Call) -> dict[str, Any]:
        name = call.input[KIND.name]
        self._cloud.authorize(call.caller, f"sagemaker:{call.operation}", self._arn(name))
        status = self._records.describe(name)[KIND.status]
        if status in TERMINAL:
            raise ApiError(
                "ValidationException", f"The request was rejected because the transform job is in status {status}."
            )
        with self._starting:
            run = self._runs[name]
        run.stop()
        return {}

    def _model_server(self, model: ServedModel, place: Place) -> Server:
        return ModelServer(self._cloud, model, place)

    def _arn(self, name: str) -> str:
        return arn(self._cloud, KIND.resource, name)
