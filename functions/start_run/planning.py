"""Makes the run's plan and puts in place what its jobs read: the pinned data and the definition."""

from dataclasses import dataclass
from typing import Any

from functions.start_run.past import EarlierRuns
from sluice.aws.leases import Lease
from sluice.aws.objects import Objects
from sluice.definition import Model
from sluice.naming import ModelPrefix
from sluice.plan import Surroundings, Upload, definition_document, plan_run


@dataclass(frozen=True)
class Planner:
    objects: Objects
    earlier: EarlierRuns
    surroundings: Surroundings

    def plan(self, lease: Lease, definition: Model, upload: Upload) -> dict[str, Any]:
        past = self.earlier.of(definition)
        run_prefix = ModelPrefix(lease.model).run(lease.run_id)
        if definition.data.mode == "snapshot":
            # A later upload to the same key must not change this run's data under it.
            self.objects.copy(upload, f"{run_prefix}input/{upload.key.rpartition('/')[2]}")
        self.objects.write(f"{run_prefix}definition/definition.json", definition_document(definition))
        return plan_run(lease.run_id, definition, upload, self.surroundings, past).to_json()
