"""Ends a batch, once: the result and what it took, or the reason why there is none."""

import json
from dataclasses import dataclass
from typing import Any

from functions.finish_batch.joining import IncompleteAnswersError, Joining
from functions.finish_batch.request import FinishBatchRequest
from sluice.arrival import upload_of
from sluice.aws.event_bus import EventBus
from sluice.aws.journal import Journal
from sluice.aws.objects import ObjectMissingError, Objects
from sluice.aws.transform_jobs import TransformJob, TransformJobs
from sluice.aws.version_definitions import VersionDefinitions
from sluice.batch import BatchNames, BatchPlan, Failed, Scored, container_words, summary
from sluice.errors import BadInputError, DefectError
from sluice.events.check_requested import CheckRequestedDetail
from sluice.failures import describe_failure
from sluice.naming import INTERMEDIATE_TAG, model_of_batch_key
from sluice.plan import Upload


@dataclass(frozen=True)
class FinishBatch:
    objects: Objects
    jobs: TransformJobs
    journal: Journal
    definitions: VersionDefinitions
    bus: EventBus
    stage: str
    region: str

    def handle(self, request: FinishBatchRequest) -> dict[str, Any]:
        """Judged by what the job says of itself: a batch that was finished before is finished the same way again."""
        upload = upload_of(request.event)
        model = model_of_batch_key(upload.key)
        if model is None:
            raise DefectError(f"{upload.key} is no file that is scored")
        names = BatchNames.of(self.stage, model, request.event.time, request.execution_arn)
        plan = self._plan(names)
        if plan is None:
            return self._failed(names, upload, Failed(self._reason(request, None)), request.left_over)
        outcome = self._outcome(request, names, plan)
        self._tag_answers(names)
        if isinstance(outcome, Failed):
            return self._failed(names, upload, outcome, request.left_over)
        return self._finished(plan, outcome, request.left_over)

    def _plan(self, names: BatchNames) -> BatchPlan | None:
        """None where the execution ended before there was one."""
        try:
            return BatchPlan(**json.loads(self.objects.read(names.plan)))
        except ObjectMissingError:
            return None

    def _outcome(self, request: FinishBatchRequest, names: BatchNames, plan: BatchPlan) -> Scored | Failed:
        job = self.jobs.describe(names.name)
        if job is None or job.status != "Completed":
            return Failed(self._reason(request, job))
        if self._is_overtaken(plan):
            return Failed("a newer upload of the same name was scored meanwhile", "Its result stays.")
        try:
            return Scored(Joining(self.objects).join(plan, names), job.seconds)
        except IncompleteAnswersError as error:
            return Failed(str(error))

    def _reason(self, request: FinishBatchRequest, job: TransformJob | None) -> str:
        """The container's own words where it refused a row; SageMaker says "see the logs" of that."""
        words = container_words(self.jobs.messages(job.name)) if job and job.status == "Failed" else None
        if words:
            return words
        if job and job.status == "Failed" and job.failure_reason:
            return f"transform job {job.name} ended as {job.status}: {job.failure_reason}"
        if request.failure is None:
            return "the batch ended without a result"
        return describe_failure(request.failure.Error, request.failure.Cause)

    def _is_overtaken(self, plan: BatchPlan) -> bool:
        """Whether the result that is there is of a newer upload."""
        try:
            return bool(json.loads(self.objects.read(f"{plan.result_key}.json"))["order"] > plan.order)
        except ObjectMissingError:
            return False

    def _tag_answers(self, names: BatchNames) -> None:
        for key in self.objects.keys(names.answers):
            self.objects.tag(key, INTERMEDIATE_TAG)

    def _finished(self, plan: BatchPlan, scored: Scored, left_over: str) -> dict[str, Any]:
        document = summary(plan, scored, self.region)
        self.objects.write(f"{plan.result_key}.json", json.dumps(document, indent=1))
        result = f"s3://{self.objects.bucket}/{plan.result_key}"
        why = f"version {plan.version} scored {scored.rows:,} rows of {plan.data_version}: {result}{_told(left_over)}"
        details = {"result": result, "rows": str(scored.rows), "batch_id": plan.batch_id, "job": plan.name}
        self.journal.announce(plan.model, "BATCH_FINISHED", why, details=details, once=plan.batch_id)
        self._have_checked(plan)
        return {"outcome": "finished", "reason": why, "result": result, **document}

    def _have_checked(self, plan: BatchPlan) -> None:
        """By the version that scored it. A batch has one check, however often this is asked for."""
        try:
            if not self.definitions.of(plan.package_arn).monitoring.enabled:
                return
        except BadInputError:
            return  # the result is there; a version whose definition is gone is checked nowhere
        detail = CheckRequestedDetail(
            stage=self.stage,
            model=plan.model,
            requested_by=f"batch {plan.batch_id}",
            batch_id=plan.batch_id,
            result_key=plan.result_key,
        )
        self.bus.put("Check Requested", detail.model_dump(mode="json"))

    def _failed(self, names: BatchNames, upload: Upload, failed: Failed, left_over: str) -> dict[str, Any]:
        why = f"{upload.data_version} is not scored: {failed.reason.rstrip('.')}. {failed.then}{_told(left_over)}"
        details = {"file": upload.data_version, "batch_id": names.batch_id, "job": names.name}
        self.journal.announce(names.model, "BATCH_FAILED", why, details=details, once=names.batch_id)
        return {"outcome": "failed", "reason": why}


def _told(left_over: str) -> str:
    return f" This could not be deleted, delete it by hand: {left_over}." if left_over else ""
