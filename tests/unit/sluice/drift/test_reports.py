from datetime import UTC, datetime

import pytest

from sluice.drift.reports import report_of, scheduled_by
from sluice.naming import (
    check_job_name,
    check_of_job,
    job_name,
    model_of_violations_key,
    monitoring_schedule_name,
    new_batch_check_id,
)

REPORTS = "models/churn/monitoring/reports"


def test_our_own_report_names_its_check() -> None:
    key = f"{REPORTS}/sluice-dev-churn/2026/11/20/20/261120210000-3f2a/constraint_violations.json"

    report = report_of("dev", key)

    assert report is not None
    assert (report.model, report.source, report.check_id) == ("churn", "sluice-dev-churn", "261120210000-3f2a")
    assert (report.kind, report.engine) == (None, "scheduled-job")
    assert report.key("constraint_violations.json") == key
    assert model_of_violations_key(key) == "churn"


@pytest.mark.parametrize("kind", ["data-quality", "model-quality"])
def test_model_monitors_report_names_its_schedule_and_hour(kind: str) -> None:
    schedule = monitoring_schedule_name("dev", "churn", kind)

    report = report_of("dev", f"{REPORTS}/sluice-dev-churn/{schedule}/2026/11/20/21/constraint_violations.json")

    assert report is not None
    assert (report.kind, report.engine) == (kind, "model-monitor")
    assert report.hour == datetime(2026, 11, 20, 21, tzinfo=UTC)


def test_two_kinds_of_the_same_hour_are_two_checks() -> None:
    prefix = f"{REPORTS}/sluice-dev-churn/sluice-dev-churn"
    data, model = (
        report_of("dev", f"{prefix}-{kind}/2026/11/20/21/constraint_violations.json")
        for kind in ("data-quality", "model-quality")
    )

    assert data is not None
    assert model is not None
    assert data.check_id != model.check_id


@pytest.mark.parametrize(
    "key",
    [
        f"{REPORTS}/constraint_violations.json",
        f"{REPORTS}/e/2026/11/20/20/constraint_violations.json",
        f"{REPORTS}/e/sluice-prod-churn-data-quality/2026/11/20/21/constraint_violations.json",
        f"{REPORTS}/e/sluice-dev-other-data-quality/2026/11/20/21/constraint_violations.json",
        f"{REPORTS}/e/2026/11/20/20/261120210000-3f2a/drift.json",
    ],
)
def test_other_objects_are_no_report(key: str) -> None:
    assert report_of("dev", key) is None


def test_a_job_names_its_check() -> None:
    name = job_name("dev", "churn-eu", "261120210000-3f2a", "check")

    assert check_of_job("dev", name) == ("churn-eu", "261120210000-3f2a")
    assert check_of_job("prod", name) is None
    assert check_of_job("dev", job_name("dev", "churn", "261120210000-3f2a", "prep")) is None


@pytest.mark.parametrize("model", ["churn-eu", "churn-261120", "a-261120-0123456789"])
def test_a_batchs_check_is_known_by_its_job_and_by_its_report(model: str) -> None:
    check_id = new_batch_check_id("261120113000-0123456789ab", model)

    assert check_of_job("dev", check_job_name("dev", model, check_id)) == (model, check_id)
    key = f"models/{model}/monitoring/reports/batch/2026/11/20/11/{check_id}/constraint_violations.json"
    report = report_of("dev", key)
    assert report is not None
    assert (report.check_id, report.source, report.kind) == (check_id, "batch", None)


def test_a_schedule_of_another_stage_is_nobodys() -> None:
    assert scheduled_by("dev", "sluice-dev-churn-eu-model-quality") == ("churn-eu", "model-quality")
    assert scheduled_by("dev", "sluice-prod-churn-model-quality") is None
