"""What a report tells once its version is registered: where it comes from, what it cost, how to decide on it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sluice.prices import job_cost, price_per_hour, price_table


@dataclass(frozen=True)
class Job:
    """One that the run had SageMaker do. step: preprocess, train, tune or evaluate.

    seconds: on each instance; of a tuning job the sum over its training jobs; None where it is not known.
    """

    step: str
    name: str
    instance_type: str
    instance_count: int
    seconds: float | None


@dataclass(frozen=True)
class Lineage:
    """Everything that it takes to make this version again."""

    run_id: str
    data_version: str
    code_sha256: str
    commit_id: str | None
    training_job: str
    training_job_arn: str
    definition: str
    evaluation_uri: str
    hyperparameters: Mapping[str, str]
    retrained_for: str | None = None
    """What a run was for that no upload began."""


@dataclass(frozen=True)
class RunFacts:
    model: str
    version: int
    package_arn: str
    stage: str
    status: str
    registered_at: str
    verdict: str
    summary: str
    checks: Sequence[Mapping[str, Any]]
    lineage: Lineage
    tuning: Mapping[str, Any] | None
    commands: Mapping[str, str]

    def to_json(self, jobs: Sequence[Job], region: str) -> dict[str, Any]:
        return {**asdict(self), **costs(jobs, region)}


def costs(jobs: Sequence[Job], region: str) -> dict[str, Any]:
    """Each job's price, and the run's. A sum that lacks a price would look like a small one: it is null instead."""
    priced = [(job, job_cost(region, job.instance_type, job.instance_count, job.seconds)) for job in jobs]
    known = [cost for _, cost in priced if cost is not None]
    table = price_table()
    return {
        "jobs": [{**asdict(job), "cost_usd": cost} for job, cost in priced],
        "cost": {
            "total_usd": round(sum(known), 6) if jobs and len(known) == len(priced) else None,
            "region": region,
            "source": f"{table.source} ({table.covers})",
            "as_of": table.as_of,
            "unpriced": sorted(
                {job.instance_type for job in jobs if price_per_hour(region, job.instance_type) is None}
            ),
        },
    }
