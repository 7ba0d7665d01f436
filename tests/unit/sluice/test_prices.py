import pytest

from sluice.prices import job_cost, price_per_hour, price_table, serving_prices
from sluice.run_facts import Job, costs


def job(instance_type: str = "ml.m5.large", count: int = 1, seconds: float | None = 3600) -> Job:
    return Job("train", "j", instance_type, count, seconds)


def test_a_job_costs_its_instances_hours() -> None:
    assert job_cost("us-east-1", "ml.m5.xlarge", 2, 1800) == pytest.approx(0.23)


@pytest.mark.parametrize(
    ("region", "instance_type", "seconds"),
    [("us-east-1", "ml.x9.large", 60), ("mars-north-1", "ml.m5.large", 60), ("us-east-1", "ml.m5.large", None)],
)
def test_what_is_not_known_has_no_price_rather_than_none_to_pay(
    region: str, instance_type: str, seconds: float | None
) -> None:
    assert job_cost(region, instance_type, 1, seconds) is None


def test_the_table_says_what_it_is_worth() -> None:
    table = price_table()

    assert table.as_of.startswith("20")
    assert "check" in table.source
    assert "spot" in table.covers
    assert all(price > 0 for region in table.per_hour.values() for price in region.values())


def test_a_larger_instance_of_a_family_never_costs_less() -> None:
    """Of one with one GPU the size tells; g5's 12xlarge has four and breaks the order."""
    sizes = ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "9xlarge", "12xlarge", "18xlarge", "24xlarge"]
    for family in ("ml.m5", "ml.c5", "ml.r5", "ml.t3", "ml.p3"):
        prices = [price for size in sizes if (price := price_per_hour("us-east-1", f"{family}.{size}")) is not None]
        assert prices == sorted(prices)
        assert prices


def test_a_run_costs_what_its_jobs_cost() -> None:
    found = costs([job(), job(count=2, seconds=1800)], "us-east-1")

    assert [one["cost_usd"] for one in found["jobs"]] == [0.115, 0.115]
    assert found["cost"]["total_usd"] == pytest.approx(0.23)
    assert found["cost"]["unpriced"] == []


def test_a_run_with_an_unknown_price_has_no_sum_and_says_which() -> None:
    found = costs([job(), job("ml.x9.large"), job("ml.x9.large")], "us-east-1")

    assert found["cost"]["total_usd"] is None
    assert found["cost"]["unpriced"] == ["ml.x9.large"]
    assert found["jobs"][0]["cost_usd"] == 0.115


def test_a_run_with_an_unknown_time_has_no_sum_though_every_price_is_known() -> None:
    found = costs([job(), job(seconds=None)], "us-east-1")

    assert (found["cost"]["total_usd"], found["cost"]["unpriced"]) == (None, [])


def test_a_region_without_prices_has_none_for_serving_either() -> None:
    assert set(vars(serving_prices("mars-north-1")).values()) == {None}
    known = [price for price in vars(serving_prices("us-east-1")).values() if price is not None]
    assert all(price > 0 for price in known)
    assert known
