"""What earlier runs left that this run is compared with or goes on from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sluice.aws.objects import Objects, key_of
from sluice.aws.production import ProductionStates
from sluice.aws.registry import Package, Registry
from sluice.aws.runs import Runs
from sluice.aws.training_jobs import JobUnknownError, TrainingJobs
from sluice.definition import DefinitionError, Model
from sluice.definition.hyperparameters import HYPERPARAMETERS
from sluice.definition.problems import FieldProblem
from sluice.plan import Champion, Past, PreviousRun
from sluice.tuning.plan import EarlierSearch

_SEARCHED_RUNS = 20
"""The newest so many are looked through for one that succeeded."""
_NOT_INHERITED = frozenset({"seed", "nthread"})


@dataclass(frozen=True)
class EarlierRuns:
    objects: Objects
    production: ProductionStates
    registry: Registry
    runs: Runs
    jobs: TrainingJobs

    def of(self, definition: Model) -> Past:
        """Raises DefinitionError when the definition names a tuning job that cannot be gone on from."""
        succeeded = [run.plan for run in self.runs.newest(definition.name, _SEARCHED_RUNS) if run.status == "SUCCEEDED"]
        return Past(
            champion=self._champion(definition),
            previous=self._previous(succeeded[0]) if succeeded else None,
            search=self._search(definition, succeeded),
        )

    def _champion(self, definition: Model) -> Champion | None:
        live = self.production.get(definition.name).live
        if live is None:
            return None
        package = self.registry.package(live.package.arn)
        return Champion(
            package_arn=live.package.arn,
            # A job whose input does not exist fails: what is gone is left out, and the evaluate step says so.
            model_uri=self._existing(package.model_uri),
            baseline_uri=_folder(self._existing(package.baseline_uri)),
            hyperparameters=self._hyperparameters(package, definition) if definition.tuning.enabled else None,
        )

    def _existing(self, uri: str | None) -> str | None:
        return uri if uri and self.objects.exists(key_of(uri)) else None

    def _hyperparameters(self, package: Package, definition: Model) -> dict[str, str] | None:
        """The champion's own, for the baseline; None where they are not to be had, or of another algorithm."""
        job = package.metadata.get("training_job")
        try:
            sent = self.jobs.hyperparameters(job) if job else None
        except JobUnknownError:
            return None
        return None if sent is None else inherited(sent, definition.training.algorithm)

    def _previous(self, plan: Mapping[str, Any]) -> PreviousRun | None:
        uri = self._existing(f"{plan['uris']['codec']}counts.json")
        return PreviousRun(plan["run_id"], uri) if uri else None

    def _search(self, definition: Model, succeeded: list[dict[str, Any]]) -> EarlierSearch | None:
        warm_start = definition.tuning.warm_start
        if not definition.tuning.enabled or warm_start is None:
            return None
        if warm_start.job is not None:
            return EarlierSearch(self._named(warm_start.job))
        newest = next((plan["tuning"] for plan in succeeded if plan.get("tuning")), None)
        if newest is None or self.jobs.tuning_status(newest["job_name"]) is None:
            return None
        return EarlierSearch(newest["job_name"], newest)

    def _named(self, job: str) -> str:
        status = self.jobs.tuning_status(job)
        if status is None:
            problem = f"there is no tuning job {job}: correct the name, or remove it to take this model's newest"
        elif status in ("InProgress", "Stopping"):
            problem = f"the tuning job {job} has not ended yet: wait for it, or remove the name"
        else:
            return job
        raise DefinitionError([FieldProblem("tuning.warm_start.job", problem)])


def inherited(sent: Mapping[str, str], algorithm: str) -> dict[str, str] | None:
    """What a definition could have set of a training job's hyperparameters; None where the algorithm is another."""
    if algorithm == "custom":
        return {name: value for name, value in sent.items() if not name.startswith(("sagemaker_", "_"))}
    if sent.get("algorithm") != algorithm:
        return None
    return {name: sent[name] for name in HYPERPARAMETERS[algorithm] if name in sent and name not in _NOT_INHERITED}


def _folder(uri: str | None) -> str | None:
    """Where the object lies: what stands beside it belongs to it."""
    return uri and f"{uri.rpartition('/')[0]}/"
