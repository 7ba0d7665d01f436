"""Ours: production is to be checked. The model's schedule, `sluice monitor --now` and the end of a batch send it."""

from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import AwareDatetime, Field, model_validator

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
    until: AwareDatetime | None = None
    """Look at the hours up to that moment, the same ones whoever asks, and when."""

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.now and self.until is not None:
            raise ValueError("now and until exclude each other: each says where the hours end")
        return self


class CheckRequested(Envelope):
    source: Literal["sluice"]
    detail_type: Literal["Check Requested"] = Field(alias="detail-type")
    detail: CheckRequestedDetail

    @property
    def asked_at(self) -> datetime:
        """A schedule writes here when it was to fire: the same firing has the same window, however late it comes."""
        return self.time

    @model_validator(mode="after")
    def _of_the_past(self) -> Self:
        """An event's time has whole seconds."""
        until = self.detail.until
        if until is not None and until >= self.time + timedelta(seconds=1):
            raise ValueError(f"until is {until.isoformat()}, later than the request itself, {self.time.isoformat()}")
        return self
