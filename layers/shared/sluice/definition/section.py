"""What every section of the definition has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen, and closed: a field that is not known is a mistake to report, not to ignore."""

    model_config = ConfigDict(frozen=True, extra="forbid")
