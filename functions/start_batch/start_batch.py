"""From an upload to the plan of its transform job, or to a reason why nothing is scored."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from functions.start_batch.preparing import Preparing
from functions.start_batch.request import Answer, StartBatchRequest
from sluice.arrival import upload_of
from sluice.aws.journal import Journal
from sluice.aws.objects import ObjectMissingError, Objects
from sluice.aws.production import ProductionStates
from sluice.aws.quarantine import Quarantine
from sluice.aws.version_definitions import VersionDefinitions
from sluice.batch import BatchNames, BatchPlan, plan_batch
from sluice.errors import BadInputError
from sluice.events import ExecutionStatusChange, ObjectCreated
from sluice.naming import ModelPrefix, model_of_batch_key
from sluice.plan import Upload
from sluice.rollout import PackageRef


@dataclass(frozen=True)
class StartBatch:
    objects: Objects
    production: ProductionStates
    definitions: VersionDefinitions
    """That the versions were trained with, not what the bucket holds now."""
    journal: Journal
    quarantine: Quarantine
    claim: Callable[[str, str], str]
    """(key, execution) → the execution that claimed the key first."""
    stage: str
    role_arn: str
    kms_key_arn: str | None

    def handle(self, request: StartBatchRequest) -> Answer:
        if isinstance(request.event, ExecutionStatusChange):
            return self._left_by(request.event)
        return self._uploaded(request.event, request.execution_arn)

    def _left_by(self, event: ExecutionStatusChange) -> Answer:
        """A clean-up needs no more than the names, which the same upload and execution always give."""
        upload = ObjectCreated.model_validate_json(event.detail.input or "{}")
        model = model_of_batch_key(upload.detail.object.key)
        if model is None:
            return Answer("nothing", "the execution that ended scored no file")
        names = BatchNames.of(self.stage, model, upload.time, event.detail.execution_arn)
        return Answer("clean-up", f"its execution ended as {event.detail.status}", {"name": names.name})

    def _uploaded(self, event: ObjectCreated, execution_arn: str) -> Answer:
        upload = upload_of(event)
        model = model_of_batch_key(upload.key)
        if model is None:
            return Answer("nothing", f"{upload.key} is not a file under models/<name>/batch/in/")
        first = self.claim(event.idempotency_key, execution_arn)
        if first != execution_arn:
            return Answer("duplicate", f"{upload.data_version} is handled by {first}")
        names = BatchNames.of(self.stage, model, event.time, execution_arn)
        planned = self._planned(names)
        if planned is not None:  # Step Functions retried us
            return self._started(upload, planned)
        live = self.production.get(model).live
        if live is None:
            return self._not_live(model, upload)
        return self._plan(names, upload, live.package)

    def _plan(self, names: BatchNames, upload: Upload, package: PackageRef) -> Answer:
        definition = self.definitions.of(package.arn)
        try:
            if not self.objects.is_newest(upload):
                return Answer("nothing", f"{upload.data_version}: a newer version of the file is there already")
            prepared = Preparing(self.objects).prepare(upload, definition, names.parts)
            plan = plan_batch(names, definition, package, upload, prepared, self.role_arn, self.kms_key_arn)
        except BadInputError as error:
            return self._quarantined(names.model, upload, error)
        except ObjectMissingError as error:
            return Answer("nothing", str(error))
        self.objects.write(names.plan, json.dumps(plan.to_json(), indent=1))
        return self._started(upload, plan)

    def _planned(self, names: BatchNames) -> BatchPlan | None:
        try:
            return BatchPlan(**json.loads(self.objects.read(names.plan)))
        except ObjectMissingError:
            return None

    def _started(self, upload: Upload, plan: BatchPlan) -> Answer:
        why = f"version {plan.version} scores {plan.rows:,} rows of {upload.data_version}"
        details = {"batch_id": plan.batch_id, "file": upload.data_version, "job": plan.name}
        self.journal.record(plan.model, "BATCH_STARTED", why, details=details, once=plan.batch_id)
        return Answer("batch", why, plan.to_json())

    def _not_live(self, model: str, upload: Upload) -> Answer:
        uri = f"s3://{upload.bucket}/{upload.key}"
        why = (
            f"{upload.data_version} is not scored: no version of {model} is live. The file stays where it is; once a "
            f"version is, score it by copying it onto itself: aws s3 cp {uri} {uri} --metadata-directive REPLACE"
        )
        self.journal.announce(model, "BATCH_FAILED", why, details=_of(upload), once=upload.data_version)
        return Answer("not-live", why)

    def _quarantined(self, model: str, upload: Upload, error: BadInputError) -> Answer:
        prefix = ModelPrefix(model)
        then = f"Correct the file, then upload it to s3://{upload.bucket}/{prefix.batch_in} again."
        where = self.quarantine.put(model, upload, str(error), then)
        details: dict[str, Any] = {**_of(upload), "quarantine": where}
        self.journal.announce(model, "BATCH_FAILED", str(error), details=details, once=upload.data_version)
        return Answer("quarantined", str(error))


def _of(upload: Upload) -> dict[str, str]:
    return {"file": upload.data_version}
