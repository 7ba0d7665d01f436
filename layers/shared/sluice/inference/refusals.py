"""What SageMaker answers instead of predictions, as the problem that the API's caller is told of.

Error names: SageMaker Runtime API Reference, InvokeEndpoint and InvokeEndpointAsync.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from sluice.alias import Alias
from sluice.errors import DefectError
from sluice.inference.problem import Problem, ProblemError

_BUSY = frozenset(
    {"ServiceUnavailable", "ServiceUnavailableException", "ModelNotReadyException", "Unreachable", "InternalFailure"}
    | {"InternalDependencyException", "InternalServerException"}
)
_THROTTLED = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException"})


class EndpointGoneError(Exception):
    """There is no such endpoint (any more): the alias may have moved."""


@dataclass(frozen=True)
class ModelAnswer:
    """`status` and `said` are the container's own, 0 and empty where it was not reached."""

    code: str
    message: str
    status: int = 0
    said: str = ""


def problem_of(answer: ModelAnswer, alias: Alias) -> Exception:
    """DefectError for what neither the caller nor the passing of time can mend: missing rights, a request of ours."""
    if answer.code == "ModelError":
        return _by_the_container(answer, alias)
    if answer.code == "Timeout":
        return _timeout(alias)
    if answer.code in _THROTTLED:
        detail = f"{alias.model} gets more requests than its endpoint takes. Send fewer at a time, and this one again."
        return ProblemError(Problem(429, "throttled", "Too many requests", detail, retry_after=1))
    if answer.code in _BUSY:
        return busy(alias.model)
    return DefectError(f"endpoint {alias.endpoint_name} cannot be asked: {answer.code}: {answer.message}")


def busy(model: str) -> ProblemError:
    detail = f"{model}'s endpoint does not answer now: it may be starting. Send the request again in some seconds."
    return ProblemError(Problem(503, "unavailable", "Endpoint unavailable", detail, retry_after=5))


def not_json(alias: Alias, content_type: str) -> ProblemError:
    detail = f"Version {alias.version} of {alias.model} answers {content_type or 'nothing'}, not application/json."
    return ProblemError(Problem(502, "model-failed", "The model failed", f"{detail} Its inference code must."))


def _by_the_container(answer: ModelAnswer, alias: Alias) -> ProblemError:
    said = _words(answer.said)
    if 400 <= answer.status < 500:
        return ProblemError(Problem(400, "bad-request", "The request cannot be scored", said))
    if answer.status in (502, 503, 504) or not answer.status:  # SageMaker words a restart and a timeout so, too
        return busy(alias.model)
    detail = (
        f"Version {alias.version} of {alias.model} failed with {answer.status}. "
        f"Its log says why: /aws/sagemaker/Endpoints/{alias.endpoint_name}"
    )
    return ProblemError(Problem(502, "model-failed", "The model failed", detail))


def _timeout(alias: Alias) -> ProblemError:
    detail = f"{alias.model} did not answer in time. Send fewer records at a time; for many, use batch scoring."
    return ProblemError(Problem(504, "timeout", "The model did not answer in time", detail, retry_after=5))


def _words(body: str) -> str:
    """A refusal of ours is `{"error": sentence}`; whatever else a model says is told on one line, without tags."""
    try:
        document: Any = json.loads(body)
        return str(document["error"])
    except (ValueError, KeyError, TypeError):
        text = re.sub(r"<[^>]+>", " ", body) if body.lstrip().startswith("<") else body
        return " ".join(text.split())[:500]
