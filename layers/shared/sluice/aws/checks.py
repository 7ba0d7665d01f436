"""Checks of production: when each was asked for, what it found, and what followed from it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Literal, get_args

from sluice.aws.table import Item, StateTable, model_key
from sluice.monitoring.check import BATCH, Source

CheckStatus = Literal["RUNNING", "ENDED", "FAILED"]
Verdict = Literal["drift", "no-drift", "not-enough-data"]

KEPT = timedelta(days=400)
_PREFIX: Mapping[Source, str] = {"captures": "CHECK#", "batch": "BATCH_CHECK#"}
"""Of the sort key."""


@dataclass(frozen=True)
class Check:
    model: str
    check_id: str
    source: str
    """The endpoint's name; "batch" of a batch."""
    engine: str
    started_at: datetime
    window_start: datetime
    window_end: datetime
    status: CheckStatus = "RUNNING"
    version: int | None = None
    package_arn: str | None = None
    job_name: str | None = None
    report_prefix: str | None = None
    """The S3 key prefix of its files."""
    verdict: Verdict | None = None
    summary: str | None = None
    violations: tuple[Mapping[str, Any], ...] = ()
    """As constraint_violations.json holds them; of many the first 50."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """For trends: see drift.json's trend."""
    response: str | None = None
    """ignore, notify or retrain."""
    response_reason: str | None = None
    responded_at: datetime | None = None

    @property
    def of(self) -> Source:
        return "batch" if self.source == BATCH else "captures"


@dataclass(frozen=True)
class Checks:
    table: StateTable
    now: Callable[[], datetime]

    def start(self, check: Check) -> bool:
        """Write it down before its job starts; False where it is there already."""
        return self.table.put(self._item(check), "attribute_not_exists(pk)")

    def put(self, check: Check) -> None:
        """As it stands now: a check that is judged twice is judged the same."""
        self.table.put(self._item(replace(check, violations=check.violations[:50])))

    def find(self, model: str, check_id: str) -> Check | None:
        return next((check for check in self.newest(model) if check.check_id == check_id), None)

    def of_window(self, of: Source, model: str, window_end: datetime, check_id: str) -> Check | None:
        """The check itself, without looking through the others."""
        item = self.table.get(model_key(model), _sort_key(of, window_end, check_id))
        return _check(item) if item else None

    def newest(self, model: str, limit: int | None = None) -> list[Check]:
        """Of endpoints and batches, the newest window first."""
        both = (self.newest_of(of, model, limit) for of in get_args(Source))
        return sorted(chain.from_iterable(both), key=lambda check: check.window_end, reverse=True)[:limit]

    def newest_of(self, of: Source, model: str, limit: int | None = None) -> list[Check]:
        """Batches lie apart: a thousand of them a day hide no check of what an endpoint captured."""
        found = self.table.query(model_key(model), _PREFIX[of], newest_first=True, limit=limit)
        return [_check(item) for item in found]

    def _item(self, check: Check) -> Item:
        return {
            "pk": model_key(check.model),
            "sk": _sort_key(check.of, check.window_end, check.check_id),
            "model": check.model,
            "check_id": check.check_id,
            "source": check.source,
            "engine": check.engine,
            "started_at": check.started_at.isoformat(),
            "window_start": check.window_start.isoformat(),
            "window_end": check.window_end.isoformat(),
            "check_status": check.status,
            "version": check.version,
            "package_arn": check.package_arn,
            "job_name": check.job_name,
            "report_prefix": check.report_prefix,
            "verdict": check.verdict,
            "summary": check.summary,
            "violations": json.dumps([dict(each) for each in check.violations]),
            "figures": json.dumps(dict(check.figures)),
            "response": check.response,
            "response_reason": check.response_reason,
            "responded_at": check.responded_at.isoformat() if check.responded_at else None,
            "expires_at": int((self.now() + KEPT).timestamp()),
        }


def _sort_key(of: Source, window_end: datetime, check_id: str) -> str:
    return f"{_PREFIX[of]}{window_end.isoformat(timespec='seconds')}#{check_id}"


def _check(item: Item) -> Check:
    return Check(
        model=item["model"],
        check_id=item["check_id"],
        source=item["source"],
        engine=item["engine"],
        started_at=datetime.fromisoformat(item["started_at"]),
        window_start=datetime.fromisoformat(item["window_start"]),
        window_end=datetime.fromisoformat(item["window_end"]),
        status=item["check_status"],
        version=int(item["version"]) if "version" in item else None,
        package_arn=item.get("package_arn"),
        job_name=item.get("job_name"),
        report_prefix=item.get("report_prefix"),
        verdict=item.get("verdict"),
        summary=item.get("summary"),
        violations=tuple(json.loads(item["violations"])),
        figures=json.loads(item["figures"]),
        response=item.get("response"),
        response_reason=item.get("response_reason"),
        responded_at=datetime.fromisoformat(item["responded_at"]) if item.get("responded_at") else None,
    )
