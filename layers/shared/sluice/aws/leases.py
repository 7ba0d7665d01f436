"""One active run per model: the lease, and the upload that waits for it."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sluice.aws.table import Item, StateTable, model_key
from sluice.plan import DriftCause, Upload

LEASE_DURATION = timedelta(hours=24)
"""Longer than any run: the last resort when neither FinishRun nor the rule on aborted executions freed it."""
EXECUTION_KEPT = timedelta(days=90)


@dataclass(frozen=True)
class Lease:
    model: str
    run_id: str
    execution_arn: str


@dataclass(frozen=True)
class Leases:
    """Uploads pass through one PENDING slot per model, newest first, and whoever holds the lease takes from it.

    An upload is written to the slot before the lease is tried, and the lease is freed before the slot is looked at
    again. So either the run that ends sees the upload, or the upload's own execution gets the lease: none is lost.
    """

    table: StateTable
    now: Callable[[], datetime]

    def offer(self, model: str, upload: Upload) -> bool:
        """Put the upload into the model's slot; False when a newer one is there already."""
        item: Item = {"pk": model_key(model), "sk": "PENDING", **_upload_item(upload)}
        newer = "attribute_not_exists(pk) OR upload_order <= :order"
        return self.table.put(item, newer, {":order": upload.order})

    def waiting(self, model: str) -> Upload | None:
        item = self.table.get(model_key(model), "PENDING")
        return _upload(item) if item else None

    def taken(self, model: str, order: str) -> None:
        """Empty the slot, unless a newer upload has come into it."""
        self.table.delete(model_key(model), "PENDING", "upload_order = :order", {":order": order})

    def acquire(self, model: str, execution_arn: str, run_id: str) -> Lease | None:
        """Take the lease; the one held already when this execution holds it; None when another run does."""
        now = self.now()
        # Before the lease: an execution that is stopped between the two can then still be found and cleaned up.
        self._remember(execution_arn, model, run_id)
        item: Item = {
            "pk": model_key(model),
            "sk": "LEASE",
            "run_id": run_id,
            "execution_arn": execution_arn,
            "lease_ends": int((now + LEASE_DURATION).timestamp()),
        }
        free = "attribute_not_exists(pk) OR lease_ends < :now"
        if self.table.put(item, free, {":now": int(now.timestamp())}):
            return Lease(model, run_id, execution_arn)
        held = self.table.get(model_key(model), "LEASE")
        if held is None or held["execution_arn"] != execution_arn:
            return None
        return Lease(model, held["run_id"], execution_arn)

    def release(self, lease: Lease) -> bool:
        """Free the lease; False when it is not this execution's any more."""
        return self.table.delete(
            model_key(lease.model), "LEASE", "execution_arn = :execution", {":execution": lease.execution_arn}
        )

    def current(self, model: str) -> Lease | None:
        """The lease in force: one that is over is whoever's asks next."""
        item = self.table.get(model_key(model), "LEASE")
        if item is None or int(item["lease_ends"]) < int(self.now().timestamp()):
            return None
        return Lease(model, item["run_id"], item["execution_arn"])

    def of_execution(self, execution_arn: str) -> Lease | None:
        """The lease that an execution took or tried to take; None when it never got that far."""
        item = self.table.get(_execution_key(execution_arn), "EXECUTION")
        return Lease(item["model"], item["run_id"], execution_arn) if item else None

    def newest_taken(self, model: str) -> str:
        """The order of the newest upload that a run has taken; empty when none has."""
        item = self.table.get(model_key(model), "LATEST")
        return str(item["upload_order"]) if item else ""

    def note_taken(self, model: str, order: str) -> None:
        item: Item = {"pk": model_key(model), "sk": "LATEST", "upload_order": order}
        self.table.put(item, "attribute_not_exists(pk) OR upload_order < :order", {":order": order})

    def _remember(self, execution_arn: str, model: str, run_id: str) -> None:
        expires = int((self.now() + EXECUTION_KEPT).timestamp())
        key = _execution_key(execution_arn)
        item: Item = {"pk": key, "sk": "EXECUTION", "model": model, "run_id": run_id, "expires_at": expires}
        self.table.put(item, "attribute_not_exists(pk)")


def _execution_key(execution_arn: str) -> str:
    return f"EXECUTION#{execution_arn}"


def _upload_item(upload: Upload) -> dict[str, Any]:
    item = asdict(upload)
    item["upload_order"] = item.pop("order")  # ORDER is a reserved word in DynamoDB expressions
    item["drift"] = json.dumps(item["drift"]) if upload.drift else None
    return item


def _upload(item: Item) -> Upload:
    return Upload(
        bucket=item["bucket"],
        key=item["key"],
        version_id=item.get("version_id"),
        etag=item["etag"],
        size=int(item["size"]),
        order=item["upload_order"],
        drift=DriftCause(**json.loads(item["drift"])) if item.get("drift") else None,
    )
