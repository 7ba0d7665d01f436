"""How a batch ended, in words and numbers."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sluice.batch.plan import BatchPlan
from sluice.prices import job_cost, price_table

_ERROR = re.compile(r'\{"error": ?".*"\}')
"""What the serving code answers with 400."""


@dataclass(frozen=True)
class Scored:
    """seconds: that SageMaker bills on each instance; None where it does not say."""

    rows: int
    seconds: float | None


@dataclass(frozen=True)
class Failed:
    reason: str
    then: str = "Upload it again to try again."


def summary(plan: BatchPlan, scored: Scored, region: str) -> dict[str, Any]:
    """`<file>.json`, beside the result. The cost is an estimate by the dated table of list prices, or null."""
    return {
        "model": plan.model,
        "version": plan.version,
        "file": plan.data_version,
        "order": plan.order,
        "batch_id": plan.batch_id,
        "job": plan.name,
        "rows": scored.rows,
        "seconds": scored.seconds,
        "instance_type": plan.instance_type,
        "instance_count": plan.instance_count,
        "cost_usd": job_cost(region, plan.instance_type, plan.instance_count, scored.seconds),
        "prices_as_of": price_table().as_of,
    }


def container_words(messages: Iterable[str]) -> str | None:
    """The first refusal of the serving code among a job's log lines; None where there is none."""
    for message in messages:
        found = _ERROR.search(message)
        if found:
            try:
                return str(json.loads(found[0])["error"])
            except ValueError:
                continue
    return None
