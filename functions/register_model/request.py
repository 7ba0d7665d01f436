"""What the state machine sends to RegisterModel."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Code(_Part):
    sha256: str


class Uris(_Part):
    definition: str
    evaluation: str
    baseline: str
    report: str


class Plan(_Part):
    """The parts of the run plan that go into the registry."""

    run_id: str
    model: str
    package_group: str
    data_version: str
    image_uri: str
    code: Code
    uris: Uris


class Decision(_Part):
    verdict: Literal["pass", "fail"]
    summary: str


class Training(_Part):
    job_name: str
    job_arn: str
    model_uri: str


class RegisterRequest(_Part):
    plan: Plan
    decision: Decision
    training: Training
