"""What instances cost, by a dated table beside this module. What it does not know is None, never 0.

The table says what it covers and where it comes from. Spot instances cost less than it says: how much less changes by
the hour.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class PriceTable:
    as_of: str
    source: str
    covers: str
    per_hour: Mapping[str, Mapping[str, float]]
    """USD by region and instance type."""


@cache
def price_table() -> PriceTable:
    document: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text())
    return PriceTable(document["as_of"], document["source"], document["covers"], document["per_hour"])


def price_per_hour(region: str, instance_type: str) -> float | None:
    """USD for an hour of one instance; None where the table has no price."""
    return price_table().per_hour.get(region, {}).get(instance_type)


def job_cost(region: str, instance_type: str, instance_count: int, seconds: float | None) -> float | None:
    """USD for a job that SageMaker billed for so many seconds on each instance. None where no price or time is known.

    Of a tuning job, seconds is the sum over its training jobs.
    """
    price = price_per_hour(region, instance_type)
    if price is None or seconds is None:
        return None
    return round(price * instance_count * seconds / _SECONDS_PER_HOUR, 6)
