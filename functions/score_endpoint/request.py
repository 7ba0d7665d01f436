"""What the validation's state machine sends to ScoreEndpoint."""

from pydantic import BaseModel, ConfigDict


class ScoreRequest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    endpoint_name: str
    definition_uri: str
    """Prefix that holds `definition.json`."""
    holdout_uri: str
    """Prefix of the test split's raw rows, a file from each host of Preprocess that held some."""
    evaluation_uri: str
    """Prefix that holds `predictions.csv`."""
    tolerance: float
    max_rows: int
