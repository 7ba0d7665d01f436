"""Runs: what was planned and how it ended."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sluice.aws.table import Item, StateTable, model_key

RunStatus = Literal["RUNNING", "SUCCEEDED", "FAILED"]


@dataclass(frozen=True)
class Run:
    model: str
    run_id: str
    execution_arn: str
    status: RunStatus
    data_version: str
    started_at: str
    plan: dict[str, Any]
    finished_at: str | None = None
    verdict: str | None = None
    package_arn: str | None = None
    cause: str | None = None


@dataclass(frozen=True)
class Runs:
    table: StateTable
    now: Callable[[], datetime]

    def start(self, plan: dict[str, Any], execution_arn: str) -> None:
        """Write the run before its first job starts; a second call changes nothing."""
        item: Item = {
            "pk": model_key(plan["model"]),
            "sk": f"RUN#{plan['run_id']}",
            "run_id": plan["run_id"],
            "run_status": "RUNNING",
            "execution_arn": execution_arn,
            "data_version": plan["data_version"],
            "started_at": self.now().isoformat(timespec="seconds"),
            "plan": json.dumps(plan),
        }
        self.table.put(item, "attribute_not_exists(pk)")

    def get(self, model: str, run_id: str) -> Run | None:
        item = self.table.get(model_key(model), f"RUN#{run_id}")
        return _run(model, item) if item else None

    def newest(self, model: str, limit: int | None = None) -> list[Run]:
        """The model's runs, the newest first."""
        items = self.table.query(model_key(model), "RUN#", newest_first=True, limit=limit)
        return [_run(model, item) for item in items]

    def finish(
        self, run: Run, status: RunStatus, verdict: str | None, package_arn: str | None, cause: str | None
    ) -> bool:
        """Record the end; False when it was recorded before."""
        item: Item = {
            "pk": model_key(run.model),
            "sk": f"RUN#{run.run_id}",
            "run_id": run.run_id,
            "run_status": status,
            "execution_arn": run.execution_arn,
            "data_version": run.data_version,
            "started_at": run.started_at,
            "plan": json.dumps(run.plan),
            "finished_at": self.now().isoformat(timespec="seconds"),
            "verdict": verdict,
            "package_arn": package_arn,
            "cause": cause,
        }
        return self.table.put(item, "run_status = :running", {":running": "RUNNING"})


def _run(model: str, item: Item) -> Run:
    return Run(
        model=model,
        run_id=item["run_id"],
        execution_arn=item["execution_arn"],
        status=item["run_status"],
        data_version=item["data_version"],
        started_at=item["started_at"],
        plan=json.loads(item["plan"]),
        finished_at=item.get("finished_at"),
        verdict=item.get("verdict"),
        package_arn=item.get("package_arn"),
        cause=item.get("cause"),
    )
