from datetime import UTC, datetime, timedelta

from cli.refused_uploads import newest_refusal
from sluice.audit import Action, AuditEntry
from sluice.aws.runs import Run

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN = Run("churn", "261120120000-aaaa", "arn", "SUCCEEDED", "s3://b/k@v", NOON.isoformat(), {})


def entry(action: Action, minutes: float) -> AuditEntry:
    return AuditEntry("churn", action, NOON + timedelta(minutes=minutes), "sluice", f"at {minutes}")


def test_a_refusal_after_the_run_started_is_what_the_person_waits_for() -> None:
    history = [entry("UPLOAD_QUARANTINED", -5), entry("RUN_STARTED", 0), entry("UPLOAD_QUARANTINED", 3)]

    refusal = newest_refusal(history, RUN)

    assert refusal is not None
    assert refusal.why == "at 3"


def test_a_refusal_before_the_run_is_old_news() -> None:
    assert newest_refusal([entry("UPLOAD_QUARANTINED", -5), entry("RUN_STARTED", 0)], RUN) is None


def test_without_a_run_any_refusal_counts() -> None:
    assert newest_refusal([entry("UPLOAD_QUARANTINED", -5)], None) is not None
    assert newest_refusal([], None) is None
