"""Makes the run's plan and puts in place what its jobs read: the pinned data and the definition."""

import json
from dataclasses import dataclass
from typing import Any

from functions.start_run.past import EarlierRuns
from sluice.aws.leases import Lease
from sluice.aws.objects import Objects
from sluice.definition import Model
from sluice.naming import ModelPrefix
from sluice.plan import DATA_MANIFEST, Surroundings, Upload, definition_document, plan_run


@dataclass(frozen=True)
class Planner:
    objects: Objects
    earlier: EarlierRuns
    surroundings: Surroundings

    def plan(self, lease: Lease, definition: Model, upload: Upload) -> dict[str, Any]:
        past = self.earlier.of(definition)
        run_prefix = ModelPrefix(lease.model).run(lease.run_id)
        self._put_data(run_prefix, definition, upload)
        self.objects.write(f"{run_prefix}definition/definition.json", definition_document(definition))
        return plan_run(lease.run_id, definition, upload, self.surroundings, past).to_json()

    def _put_data(self, run_prefix: str, definition: Model, upload: Upload) -> None:
        if definition.data.mode == "snapshot":
            # A later upload to the same key must not change this run's data under it.
            self.objects.copy(upload, f"{run_prefix}input/{upload.key.rpartition('/')[2]}")
        if upload.drift is None or upload.drift.labelled_key is None:
            return
        labelled = f"{run_prefix}input/captured-{upload.drift.check_id}.csv"
        self.objects.copy_object(f"s3://{self.objects.bucket}/{upload.drift.labelled_key}", labelled)
        if definition.data.mode == "append":
            self._put_manifest(run_prefix, ModelPrefix(definition.name), labelled)

    def _put_manifest(self, run_prefix: str, prefix: ModelPrefix, labelled: str) -> None:
        """All that has been uploaded, and the labelled rows.

        Source of its form: SageMaker API Reference, ProcessingS3Input, S3DataType ManifestFile.
        """
        raw = [key for key in self.objects.keys(prefix.raw) if not key.endswith("/")]
        below = [key.removeprefix(prefix.root) for key in (*raw, labelled)]
        manifest = [{"prefix": f"s3://{self.objects.bucket}/{prefix.root}"}, *below]
        self.objects.write(f"{run_prefix}{DATA_MANIFEST}", json.dumps(manifest))
