"""The result of a scored file, as what a check looks at."""

import json
from dataclasses import dataclass

from sluice.aws.objects import ObjectMissingError, Objects
from sluice.batch import BatchPlan
from sluice.monitoring.check import BATCH, Subject
from sluice.monitoring.inputs import CheckInputs
from sluice.naming import ModelPrefix
from sluice.rollout import PackageRef


@dataclass(frozen=True)
class ScoredFile:
    subject: Subject
    inputs: CheckInputs


@dataclass(frozen=True)
class Batches:
    objects: Objects

    def find(self, model: str, batch_id: str, result_key: str | None) -> ScoredFile | None:
        """None where there is no such batch, or its result is gone. result_key: None for the batch's own."""
        try:
            plan = BatchPlan(**json.loads(self.objects.read(f"{ModelPrefix(model).batch_job(batch_id)}plan.json")))
        except ObjectMissingError:
            return None
        key = plan.result_key
        if result_key not in (None, key) or not self.objects.exists(key):
            return None
        package = PackageRef(plan.package_arn, plan.version)
        return ScoredFile(Subject(package, "batch", BATCH, BATCH), CheckInputs((key,)))
