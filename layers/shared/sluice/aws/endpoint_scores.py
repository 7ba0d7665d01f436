"""Asks an endpoint of ours for scores, CSV in and CSV out."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from sluice.errors import TransientError

_PASSING = frozenset(
    {
        "ThrottlingException",
        "ServiceUnavailable",
        "InternalFailure",
        "ModelNotReadyException",
        "InternalDependencyException",
    }
)
"""SageMaker Runtime API Reference, InvokeEndpoint: errors that are not the model's, and may be gone next time."""


class Runtime(Protocol):
    """boto3's sagemaker-runtime client, for which there are no types in the project."""

    def invoke_endpoint(self, **request: Any) -> Any: ...

    def invoke_endpoint_async(self, **request: Any) -> Any: ...


class EndpointAnswerError(Exception):
    """The endpoint answered, and not with scores. The message says with what."""


class ContainerError(TransientError):
    """The model's container broke down, or did not answer in time. It may be its own doing, and may happen once."""


@dataclass(frozen=True)
class EndpointScores:
    client: Runtime

    def scores(self, endpoint: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[float]]:
        """Of each row its number, or the probability of each class.

        Raises EndpointAnswerError for what the model answers instead (4xx, or no scores), TransientError for whatever
        need not be its doing, a container's 5xx included.
        """
        text = self.answer(endpoint, _csv_text(columns, rows), ContentType="text/csv", Accept="text/csv")
        try:
            return [[float(cell) for cell in line] for line in csv.reader(io.StringIO(text))]
        except ValueError as error:
            raise EndpointAnswerError(f"its answer is not made of numbers ({error})") from None

    def answer(self, endpoint: str, body: bytes, **options: str) -> str:
        """options: InvokeEndpoint's other members. Raises as scores() does."""
        try:
            answer = self.client.invoke_endpoint(EndpointName=endpoint, Body=body, **options)
            return str(answer["Body"].read(), "utf-8", "replace")
        except ReadTimeoutError as error:
            raise ContainerError(f"endpoint {endpoint} did not answer in time: {error}") from error
        except BotoCoreError as error:
            raise TransientError(f"endpoint {endpoint} did not answer: {error}") from error
        except ClientError as error:
            raise _explained(error, endpoint) from error


def _csv_text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue().encode()


def _explained(error: ClientError, endpoint: str) -> Exception:
    answer: Any = error.response
    code, message = answer["Error"]["Code"], answer["Error"]["Message"]
    if code == "ModelError":
        return _of_the_container(answer, endpoint)
    if code in _PASSING:
        return TransientError(f"endpoint {endpoint} could not be asked: {code}: {message}")
    return error


def _of_the_container(answer: Any, endpoint: str) -> Exception:
    """ModelError has the container's own status; SageMaker wraps a timeout and a restart in it too (5xx, 0 or none)."""
    status, message = answer.get("OriginalStatusCode") or 0, answer["Error"]["Message"]
    said = f"it answered {status}: {_words(str(answer.get('OriginalMessage') or message))}"
    if 400 <= status < 500:
        return EndpointAnswerError(said)
    return ContainerError(f"endpoint {endpoint} did not score: {said}")


def _words(body: str) -> str:
    """A refusal of ours is `{"error": sentence}`; whatever else a model answers is told as it is."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    return str(document["error"]) if isinstance(document, dict) and "error" in document else body
