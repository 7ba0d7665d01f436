"""Ours: production is to be checked. The model's schedule, `sluice monitor --now` and the end of a batch send it."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope


class CheckRequestedDetail(Detail):
    stage: str
    model: str
    requested_by: str
    batch_id: str | None = None
    """Of the batch whose file and answers are checked; None: what the endpoint captured."""
    result_key: str | None = None
    """With batch_id: the object that holds the batch's rows with their answers."""
    now: bool = False
    """Look at the hours up to this moment, not at the whole hours before it."""


class CheckRequested(Envelope):
    source: Literal["sluice"]
    detail_type: Literal["Check Requested"] = Field(alias="detail-type")
    detail: CheckRequestedDetail

    @property
    def asked_at(self) -> datetime:
        """A schedule writes here when it was to fire: the same firing has the same window, however late it comes."""
        return self.time
