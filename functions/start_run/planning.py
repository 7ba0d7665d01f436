"""Makes the run's plan and puts in place what its jobs read: the pinned data and the definition."""

from dataclasses import dataclass
from typing import Any

from sluice.aws.leases import Lease
from sluice.aws.objects import Objects
from sluice.aws.production import ProductionStates
from sluice.aws.registry import Registry
from sluice.definition import Model
from sluice.naming import ModelPrefix
from sluice.plan import Champion, Surroundings, Upload, definition_document, plan_run


@dataclass(frozen=True)
class Planner:
    objects: Objects
    production: ProductionStates
    registry: Registry
    surroundings: Surroundings

    def plan(self, lease: Lease, definition: Model, upload: Upload) -> dict[str, Any]:
        run_prefix = ModelPrefix(lease.model).run(lease.run_id)
        if definition.data.mode == "snapshot":
            # A later upload to the same key must not change this run's data under it.
            self.objects.copy(upload, f"{run_prefix}input/{upload.key.rpartition('/')[2]}")
        self.objects.write(f"{run_prefix}definition/definition.json", definition_document(definition))
        champion = self._champion(lease.model)
        return plan_run(lease.run_id, definition, upload, self.surroundings, champion).to_json()

    def _champion(self, model: str) -> Champion | None:
        live = self.production.get(model).live
        if live is None:
            return None
        return Champion(live.package.arn, self.registry.package(live.package.arn).model_uri)
