"""From an upload to a run plan, or to a reason why nothing runs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.start_run.drift import DriftData
from functions.start_run.planning import Planner
from functions.start_run.request import Answer, StartRunRequest
from sluice.arrival import upload_of
from sluice.aws.journal import Journal
from sluice.aws.leases import Lease, Leases
from sluice.aws.objects import ObjectMissingError, Objects
from sluice.aws.quarantine import Quarantine
from sluice.aws.runs import Runs
from sluice.definition import DefinitionError, Model, parse_definition
from sluice.errors import BadInputError
from sluice.events import ObjectCreated, RetrainRequested
from sluice.events.retrain_requested import RetrainRequestedDetail
from sluice.naming import MODEL_NAME_MAX_LENGTH, ModelPrefix, model_of_raw_key, new_run_id
from sluice.plan import DriftCause, Upload, trained_on
from sluice.uploads import Beginning, Screening, format_of, gunzipped, screen, screen_parquet

SCREENED_BYTES = 64 * 1024 * 1024
"""A file is screened up to here, packed and unpacked, before a job starts; what lies behind, Preprocess checks."""
_PARQUET_ENDS = 8
"""Bytes of a Parquet file that are looked at, at both its ends."""


@dataclass(frozen=True)
class StartRun:
    objects: Objects
    leases: Leases
    runs: Runs
    journal: Journal
    planner: Planner
    drift_data: DriftData
    quarantine: Quarantine
    claim: Callable[[str, str], str]
    """(key, execution) → the execution that claimed the key first."""
    now: Callable[[], datetime]

    def handle(self, request: StartRunRequest) -> Answer:
        if isinstance(request.event, ObjectCreated):
            return self._uploaded(request.event, request.execution_arn)
        if isinstance(request.event, RetrainRequested):
            return self._drifted(request.event.detail, request.execution_arn)
        return self._take_waiting(request.event.detail.model, request.execution_arn)

    def _uploaded(self, event: ObjectCreated, execution_arn: str) -> Answer:
        upload = upload_of(event)
        model = model_of_raw_key(upload.key)
        if model is None:
            return Answer("nothing", f"{upload.key} is not a data file under models/<name>/raw/")
        first = self.claim(event.idempotency_key, execution_arn)
        if first != execution_arn:
            return Answer("duplicate", f"{upload.data_version} is handled by {first}")
        if self.leases.of_execution(execution_arn) is not None:
            # Step Functions retried us after the upload was offered: it may be taken by now, or overwritten.
            return self._take_waiting(model, execution_arn)
        try:
            definition = self._definition(model)
            if definition.data.mode == "snapshot" and not self.objects.is_newest(upload):
                return self._skipped(model, f"{upload.data_version}: a newer version of the file is there already")
            screening = self._screen(upload, definition)
        except BadInputError as error:
            return self._quarantined(model, upload, error)
        except ObjectMissingError as error:
            return Answer("nothing", str(error))
        if screening.left:
            why = f"{upload.data_version}: not looked at before the run: {screening.left}"
            self.journal.record(model, "UPLOAD_PARTLY_SCREENED", why, once=upload.data_version)
        if not self.leases.offer(model, upload):
            return self._skipped(model, f"{upload.data_version}: a newer upload waits already")
        return self._take_waiting(model, execution_arn)

    def _drifted(self, asked: RetrainRequestedDetail, execution_arn: str) -> Answer:
        """As an upload that arrives: one that comes meanwhile is fresher, and wins or follows."""
        first = self.claim(f"retrain/{asked.model}/{asked.check_id}", execution_arn)
        if first != execution_arn:
            return Answer("duplicate", f"the retrain for check {asked.check_id} is handled by {first}")
        if self.leases.of_execution(execution_arn) is not None:
            return self._take_waiting(asked.model, execution_arn)
        try:
            definition = self._definition(asked.model)
            upload = self.drift_data.upload(asked, self.leases.newest_taken(asked.model))
            self._screen(upload, definition)
        except (BadInputError, ObjectMissingError) as error:
            return self._not_retrained(asked.model, asked.check_id, str(error))
        if not self.leases.offer(asked.model, self._with_usable_labels(asked.model, upload, definition)):
            why = f"check {asked.check_id} asked for a retrain: an upload that waits is newer, and its run the freshest"
            return self._skipped(asked.model, why)
        return self._take_waiting(asked.model, execution_arn)

    def _with_usable_labels(self, model: str, upload: Upload, definition: Model) -> Upload:
        """Labelled rows that no run could read are left out: the upload alone is worth a run."""
        drift = upload.drift
        if drift is None or drift.labelled_key is None:
            return upload
        try:
            self._screen(self.drift_data.labelled(upload, drift.labelled_key), definition)
        except (BadInputError, ObjectMissingError) as error:
            why = f"the labelled rows of check {drift.check_id} are left out: {error}"
            self.journal.record(model, "UPLOAD_PARTLY_SCREENED", why, once=drift.check_id)
            return replace(upload, drift=replace(drift, labelled_key=None, labelled_rows=0))
        return upload

    def _not_retrained(self, model: str, check_id: str, reason: str) -> Answer:
        why = f"drift goes on, and the retrain that check {check_id} asked for could not begin: {reason}"
        self.journal.announce(model, "HELP_NEEDED", why, details={"check_id": check_id}, once=f"drift#{check_id}")
        return Answer("nothing", why)

    def _take_waiting(self, model: str, execution_arn: str) -> Answer:
        lease = self.leases.acquire(model, execution_arn, new_run_id(self.now(), model, execution_arn))
        if lease is None:
            self.journal.record(model, "UPLOAD_PENDING", "another run is active: it starts when that one ends")
            return Answer("pending", "a run of this model is active; its end starts the newest waiting upload")
        planned = self.runs.get(model, lease.run_id)
        if planned is not None:  # Step Functions retried us in the same execution
            return self._started(lease, planned.plan)
        upload = self.leases.waiting(model)
        if upload is None:
            self.leases.release(lease)
            return Answer("nothing", "no upload waits")
        return self._plan(lease, upload)

    def _plan(self, lease: Lease, upload: Upload) -> Answer:
        try:
            definition = self._definition(lease.model)
            if definition.data.mode == "snapshot" and upload.order < self.leases.newest_taken(lease.model):
                return self._superseded(lease, upload)
            plan = self.planner.plan(lease, definition, upload)
        except BadInputError as error:
            self._drop(lease, upload)
            if upload.drift:
                return self._not_retrained(lease.model, upload.drift.check_id, str(error))
            return self._quarantined(lease.model, upload, error)
        self.runs.start(plan, lease.execution_arn)
        return self._started(lease, plan)

    def _started(self, lease: Lease, plan: dict[str, Any]) -> Answer:
        """What follows the run's own record; all of it may be repeated."""
        self.leases.taken(lease.model, plan["upload_order"])
        self.leases.note_taken(lease.model, plan["upload_order"])
        reason, details = _why(plan), {"run_id": lease.run_id, "data_version": plan["data_version"]}
        details |= {"check_id": plan["drift"]["check_id"]} if plan.get("drift") else {}
        self.journal.record(lease.model, "RUN_STARTED", reason, details=details, once=lease.run_id)
        return Answer("run", reason, plan)

    def _superseded(self, lease: Lease, upload: Upload) -> Answer:
        self._drop(lease, upload)
        return self._skipped(lease.model, f"{upload.data_version} is older than the data of the last run")

    def _skipped(self, model: str, reason: str) -> Answer:
        self.journal.record(model, "UPLOAD_SUPERSEDED", reason)
        return Answer("nothing", reason)

    def _drop(self, lease: Lease, upload: Upload) -> None:
        self.leases.taken(lease.model, upload.order)
        self.leases.release(lease)

    def _quarantined(self, model: str, upload: Upload, error: BadInputError) -> Answer:
        prefix = ModelPrefix(model)
        where_to = f"s3://{upload.bucket}/{prefix.raw}"
        then = f"Correct the file or {prefix.definition}, then upload the data to {where_to} again."
        where = self.quarantine.put(model, upload, str(error), then)
        details = {"file": upload.data_version, "quarantine": where}
        self.journal.announce(model, "UPLOAD_QUARANTINED", str(error), details=details, once=upload.data_version)
        return Answer("quarantined", str(error))

    def _definition(self, model: str) -> Model:
        if len(model) > MODEL_NAME_MAX_LENGTH:
            raise BadInputError(f"model name {model!r} is longer than {MODEL_NAME_MAX_LENGTH} characters: shorten it")
        key = ModelPrefix(model).definition
        try:
            return parse_definition(self.objects.read(key), expected_name=model)
        except ObjectMissingError:
            raise DefinitionError.missing(key) from None

    def _screen(self, upload: Upload, definition: Model) -> Screening:
        found = format_of(upload.key)
        if found.kind == "parquet":
            head, tail = self.objects.ends(upload, _PARQUET_ENDS)
            return screen_parquet(head, tail, upload.size)
        whole = upload.size <= SCREENED_BYTES
        chunks = self.objects.stream(upload, SCREENED_BYTES)
        text = gunzipped(chunks, whole) if found.gzipped else chunks
        return screen(Beginning(text, SCREENED_BYTES, whole), definition.data, frozenset(definition.evaluation.slices))


def _why(plan: dict[str, Any]) -> str:
    # A plan of a run that began before a deployment names no cause.
    if not plan.get("drift"):
        return f"{plan['data_version']} arrived"
    drift = DriftCause(**plan["drift"])
    return f"check {drift.check_id} found drift: trained again on {trained_on(plan['data_version'], drift)}"
