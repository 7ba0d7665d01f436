"""What the state machine sends to EvaluateGate."""

from pydantic import BaseModel, ConfigDict


class GateRequest(BaseModel):
    model_config = ConfigDict(frozen=True)

    definition_uri: str
    """Prefix that holds `definition.json`: the definition as it was when the run was planned."""
    evaluation_uri: str
    """Prefix that holds `evaluation.json`; `gate.json` is written beside it."""
