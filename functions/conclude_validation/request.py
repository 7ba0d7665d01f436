"""What the validation's state machine sends to ConcludeValidation."""

from pydantic import BaseModel, ConfigDict

from sluice.failures import describe_failure
from sluice.validation import Judgement, Verdict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Score(_Part):
    verdict: Verdict
    reason: str


class Failure(_Part):
    """A Step Functions error: what a Catch hands on, or what the state machine found itself."""

    Error: str
    Cause: str = ""


class ConcludeRequest(_Part):
    execution_arn: str
    """Of the validation: it is concluded once."""
    model: str
    version: int
    package_arn: str
    run_id: str
    definition_uri: str
    evaluation_uri: str
    score: Score | None = None
    failure: Failure | None = None
    """Why nothing was scored."""
    left_over: str = ""
    """What could not be deleted, as a person would name it."""

    @property
    def judgement(self) -> Judgement:
        if self.score is not None:
            return Judgement(self.score.verdict, self.score.reason)
        failure = self.failure or Failure(Error="the validation ended without a result")
        return Judgement("undecided", f"Not validated: {describe_failure(failure.Error, failure.Cause)}")
