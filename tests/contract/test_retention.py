"""What expires, and that nothing does which is still read."""

from typing import Any

from sluice.definition.monitoring import Monitoring
from sluice.naming import INTERMEDIATE_TAG, ModelPrefix
from tests.template import resolved, template

PREFIX = ModelPrefix("churn")


def expiring() -> list[dict[str, Any]]:
    rules = resolved(template()["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"])["Rules"]
    return [rule for rule in rules if "ExpirationInDays" in rule]


def test_captures_expire_and_nothing_else_does_by_its_key() -> None:
    prefixes = [rule["Prefix"] for rule in expiring() if "Prefix" in rule]

    assert prefixes
    assert all(PREFIX.captures.startswith(prefix) for prefix in prefixes)
    kept = (PREFIX.root, PREFIX.raw, PREFIX.ground_truth, PREFIX.reports, PREFIX.batch_out, PREFIX.run("r"))
    assert not [key for key in kept if key.startswith(tuple(prefixes))]


def test_what_expires_without_a_prefix_is_tagged() -> None:
    wanted = [{"Key": key, "Value": value} for key, value in INTERMEDIATE_TAG.items()]

    assert [rule["TagFilters"] for rule in expiring() if "Prefix" not in rule] == [wanted]


def test_captures_stay_as_long_as_late_labels_are_joined_with_them() -> None:
    """A check reads the captures of its window and of `lateness_hours` before."""
    (lateness,) = (one.le for one in Monitoring.model_fields["lateness_hours"].metadata if hasattr(one, "le"))
    days = template()["Parameters"]["CaptureRetentionDays"]["MinValue"]

    assert days * 24 > lateness + 24
