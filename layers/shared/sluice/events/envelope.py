"""EventBridge's envelope. Source: EventBridge User Guide, "Event structure"."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Detail(BaseModel):
    """AWS adds fields to its events without notice, so what is not known is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Envelope(Detail):
    id: str
    account: str
    region: str
    time: datetime
    resources: tuple[str, ...] = ()
    version: str = "0"
    source: str
    detail_type: str = Field(alias="detail-type")
