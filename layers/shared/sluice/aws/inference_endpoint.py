"""Asks the endpoint behind an alias on behalf of a caller of the inference API."""

from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from sluice.alias import Alias
from sluice.inference.capture import Payload
from sluice.inference.refusals import EndpointGoneError, ModelAnswer, problem_of


class Runtime(Protocol):
    """boto3's sagemaker-runtime client, for which there are no types in the project."""

    def invoke_endpoint(self, **request: Any) -> Any: ...

    def invoke_endpoint_async(self, **request: Any) -> Any: ...


@dataclass(frozen=True)
class Answered:
    payload: Payload
    variant: str | None
    """InvokedProductionVariant."""


@dataclass(frozen=True)
class Accepted:
    """Where an asynchronous endpoint will leave its answer, or why there is none."""

    output_location: str
    failure_location: str | None


@dataclass(frozen=True)
class InferenceEndpoint:
    """Its errors are ProblemError, and EndpointGoneError where there is no such endpoint any more."""

    client: Runtime

    def invoke(self, alias: Alias, sent: Payload, accept: str, inference_id: str) -> Answered:
        request = {"Body": sent.body, "ContentType": sent.content_type, "Accept": accept, "InferenceId": inference_id}
        if alias.target_model:
            request["TargetModel"] = alias.target_model
        try:
            answer = self.client.invoke_endpoint(EndpointName=alias.endpoint_name, **request)
            payload = Payload(answer.get("ContentType") or "", answer["Body"].read())
        except (BotoCoreError, ClientError) as error:
            raise _refusal(error, alias) from error
        return Answered(payload, answer.get("InvokedProductionVariant"))

    def invoke_later(self, alias: Alias, input_uri: str, content_type: str, accept: str, inference_id: str) -> Accepted:
        """The request lies at `input_uri` already."""
        try:
            answer = self.client.invoke_endpoint_async(
                EndpointName=alias.endpoint_name,
                InputLocation=input_uri,
                ContentType=content_type,
                Accept=accept,
                InferenceId=inference_id,
            )
        except (BotoCoreError, ClientError) as error:
            raise _refusal(error, alias) from error
        return Accepted(answer["OutputLocation"], answer.get("FailureLocation"))


def _refusal(error: BotoCoreError | ClientError, alias: Alias) -> Exception:
    if isinstance(error, ReadTimeoutError):
        return problem_of(ModelAnswer("Timeout", str(error)), alias)
    if not isinstance(error, ClientError):
        return problem_of(ModelAnswer("Unreachable", str(error)), alias)
    details: Any = error.response
    code, message = details["Error"]["Code"], details["Error"]["Message"]
    if code == "ValidationError" and "not found" in message and alias.endpoint_name in message:
        return EndpointGoneError(message)
    status = int(details.get("OriginalStatusCode") or 0)
    return problem_of(ModelAnswer(code, message, status, str(details.get("OriginalMessage") or message)), alias)
