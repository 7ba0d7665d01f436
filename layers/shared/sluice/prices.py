"""What instances and endpoints cost, by a dated table beside this module. What it does not know is None, never 0.

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
class ServingPrices:
    """Of one region, in USD. An hour of an endpoint's or a transform job's instance costs what a job's does."""

    serverless_gb_second: float | None = None
    """A second in which a serverless container of 1 GB works on a request."""
    provisioned_gb_second: float | None = None
    """A second for which 1 GB is kept warm."""
    provisioned_used_gb_second: float | None = None
    """A second in which 1 GB that is kept warm works on a request."""
    data_gb: float | None = None
    """A GB that goes into or out of an endpoint."""
    s3_put_1000: float | None = None
    s3_get_1000: float | None = None


@dataclass(frozen=True)
class PriceTable:
    as_of: str
    source: str
    covers: str
    """What job_cost counts."""
    serving_covers: str
    per_hour: Mapping[str, Mapping[str, float]]
    """USD by region and instance type."""
    serving: Mapping[str, ServingPrices]
    """By region."""


@cache
def price_table() -> PriceTable:
    document: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text())
    return PriceTable(
        as_of=document["as_of"],
        source=document["source"],
        covers=document["covers"],
        serving_covers=document["serving_covers"],
        per_hour=document["per_hour"],
        serving={region: ServingPrices(**prices) for region, prices in document["serving"].items()},
    )


def priced_regions() -> list[str]:
    table = price_table()
    return sorted({*table.per_hour, *table.serving})


def price_per_hour(region: str, instance_type: str) -> float | None:
    """USD for an hour of one instance; None where the table has no price."""
    return price_table().per_hour.get(region, {}).get(instance_type)


def serving_prices(region: str) -> ServingPrices:
    """All None where the table has no price."""
    return price_table().serving.get(region, ServingPrices())


def job_cost(region: str, instance_type: str, instance_count: int, seconds: float | None) -> float | None:
    """USD for a job that SageMaker billed for so many seconds on each instance. None where no price or time is known.

    Of a tuning job, seconds is the sum over its training jobs.
    """
    price = price_per_hour(region, instance_type)
    if price is None or seconds is None:
        return None
    return round(price * instance_count * seconds / _SECONDS_PER_HOUR, 6)
