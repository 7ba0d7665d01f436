"""Ours: a version is to leave production. `sluice rollback`, a failed smoke test and whoever else wants it send it."""

from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope


class RollbackRequestedDetail(Detail):
    stage: str
    model: str
    version: int | None = None
    """The version that is to leave; None: whichever serves."""
    to_version: int | None = None
    """None: the last good one."""
    reason: str = Field(min_length=1, max_length=1024)
    requested_by: str


class RollbackRequested(Envelope):
    source: Literal["sluice"]
    detail_type: Literal["Rollback Requested"] = Field(alias="detail-type")
    detail: RollbackRequestedDetail
