"""What a retrain for drift would find: data to train on, and what goes on already."""

from collections.abc import Sequence
from dataclasses import dataclass

from sluice.aws.leases import Leases
from sluice.aws.objects import Objects
from sluice.aws.production import ProductionRecord
from sluice.aws.registry import Registry, version_of
from sluice.aws.runs import Run, Runs
from sluice.drift import Obstacle, TrainingData
from sluice.naming import ModelPrefix

_LOOKED_THROUGH = 20
"""Runs, the newest ones."""


@dataclass(frozen=True)
class Prospects:
    objects: Objects
    leases: Leases
    runs: Runs
    registry: Registry
    stage: str
    registry_account: str | None
    """Where versions are trained; None where that is this account."""

    def data(self, model: str, labelled_rows: int, known_rows: int) -> TrainingData:
        newest = self.objects.newest(ModelPrefix(model).raw)
        if newest is None:
            return TrainingData(None, None, labelled_rows, known_rows)
        upload = f"s3://{self.objects.bucket}/{newest.key}@{newest.version_id or newest.etag}"
        trained = any(run.data_version == upload for run in self._succeeded(model))
        return TrainingData(None if trained else upload, upload, labelled_rows, known_rows)

    def obstacle(self, record: ProductionRecord) -> Obstacle | None:
        if self.registry_account:
            where = f"versions are trained in account {self.registry_account}: upload newer data there"
            return Obstacle("elsewhere", where)
        return self._under_way(record) or self._waiting(record)

    def _under_way(self, record: ProductionRecord) -> Obstacle | None:
        lease = self.leases.current(record.model)
        run = self.runs.get(record.model, lease.run_id) if lease else None
        if lease and (run is None or run.status == "RUNNING"):
            on = f" on {run.data_version}" if run else ""
            return Obstacle("under-way", f"run {lease.run_id} is under way{on}: its version comes first")
        # Nothing ends that would start what waits without a lease: the retrain's own run takes the newest.
        upload = self.leases.waiting(record.model) if lease else None
        if upload:
            return Obstacle("under-way", f"{upload.data_version} waits to be trained on: its version comes first")
        coming = next(filter(None, (record.arriving, record.queued, record.trial)), None)
        if coming and (record.live is None or coming.package != record.live.package):
            return Obstacle("under-way", f"version {coming.package.version} is on its way into production")
        return None

    def _waiting(self, record: ProductionRecord) -> Obstacle | None:
        """The newest version, where it is newer than the live one and nobody has decided on it."""
        arn = next((run.package_arn for run in self._succeeded(record.model) if run.package_arn), None)
        live = record.live.package.version if record.live else 0
        if arn is None or version_of(arn) <= live or self.registry.status(arn) != "PendingManualApproval":
            return None
        version, model = version_of(arn), record.model
        command = f"sluice approve {model} v{version} --stage {self.stage}"
        return Obstacle("waits-for-approval", f"version {version} was trained since and waits for a yes: `{command}`")

    def _succeeded(self, model: str) -> Sequence[Run]:
        return [run for run in self.runs.newest(model, _LOOKED_THROUGH) if run.status == "SUCCEEDED"]
