"""Ours: a model is to be trained again without an upload. HandleDrift sends it; the retrain workflow starts with it."""

from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope


class RetrainRequestedDetail(Detail):
    stage: str
    model: str
    check_id: str
    """Of the check that found drift: one retrain at most follows from it."""
    reason: str = Field(min_length=1, max_length=1024)
    labelled_key: str | None = None
    """CSV of captured rows whose truth is known, with the target: it is added to the newest upload."""
    labelled_rows: int = Field(default=0, ge=0)
    """Rows of that file."""
    requested_by: str


class RetrainRequested(Envelope):
    source: Literal["sluice"]
    detail_type: Literal["Retrain Requested"] = Field(alias="detail-type")
    detail: RetrainRequestedDetail
