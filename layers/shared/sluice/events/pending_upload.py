"""Ours: a run has ended and an upload that arrived meanwhile waits. FinishRun starts the state machine with it."""

from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope


class PendingUploadDetail(Detail):
    model: str
    finished_run_id: str = Field(description="The run whose end releases the upload.")


class PendingUpload(Envelope):
    source: Literal["sluice"]
    detail_type: Literal["Pending Upload"] = Field(alias="detail-type")
    detail: PendingUploadDetail
