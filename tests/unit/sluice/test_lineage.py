from datetime import UTC, datetime
from typing import Any

import pytest

from sluice.audit import Action, AuditEntry
from sluice.lineage import story_of

GROUP = "arn:aws:sagemaker:us-east-1:000000000000:model-package/sluice-dev-churn"
ARN = f"{GROUP}/2"


def entry(action: Action, why: str = "because", **details: str) -> AuditEntry:
    return AuditEntry("churn", action, datetime(2026, 11, 20, tzinfo=UTC), "ann", why, details)


def actions(part: str, *entries: AuditEntry) -> list[str]:
    story: Any = story_of(entries, ARN, 2)
    return [one.action for one in getattr(story, part)]


def test_what_names_the_package_is_told_by_its_part_in_order() -> None:
    entries = [
        entry("RUN_STARTED", package=ARN),
        entry("MODEL_APPROVED", package=ARN),
        entry("DEPLOYED", package=ARN),
        entry("MODEL_REJECTED", package=ARN),
    ]
    assert actions("decisions", *entries) == ["MODEL_APPROVED", "MODEL_REJECTED"]
    assert actions("serving", *entries) == ["DEPLOYED"]
    assert actions("drift", *entries) == []


def test_another_versions_decision_is_not_this_ones_though_it_names_it() -> None:
    other = entry("MODEL_REJECTED", "worse than version 2", package=f"{GROUP}/3", version="3")
    assert actions("decisions", other) == []


@pytest.mark.parametrize(
    "one",
    [
        entry("DEPLOYMENT_STARTED", "version 3 was rejected: back to version 2", package=f"{GROUP}/1"),
        entry("ROLLBACK_REQUESTED", "x", from_version="3", to_version="2"),
        entry("TRIAL_STARTED", "x", champion="v1", challenger="v2"),
        entry("TRIAL_CONCLUDED", "v2 has more errors than v1"),
        entry("TRAFFIC_CHANGED", "x", v2="10 %", v1="90 %"),
    ],
)
def test_what_is_about_two_versions_belongs_to_both(one: AuditEntry) -> None:
    assert actions("serving", one) == [one.action]


@pytest.mark.parametrize(
    "one",
    [
        entry("DEPLOYED", "version 20 is in production", package=f"{GROUP}/20"),
        entry("DEPLOYED", "version 12 is in production"),
        entry("TRAFFIC_CHANGED", "sluice-dev-churn-v2-abc123 is served"),
        entry("TRIAL_STARTED", "x", champion="v1", challenger="v22"),
    ],
)
def test_a_number_that_only_looks_like_it_is_another(one: AuditEntry) -> None:
    assert actions("serving", one) == []
