"""Why a request was not answered, as a problem document: RFC 9457, "Problem Details for HTTP APIs"."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:sluice:problem:"


@dataclass(frozen=True)
class Problem:
    """`kind` is what programs tell problems apart by; `detail` says what is wrong, where, and what to do."""

    status: int
    kind: str
    title: str
    detail: str
    errors: Sequence[str] = ()
    """Of a request's records, each with its row and column."""
    retry_after: int | None = None
    """Seconds after which the same request may succeed."""

    def to_json(self, instance: str) -> str:
        """`instance`: which occurrence this is, by the request's id in the access log."""
        document: dict[str, Any] = {
            "type": f"{_TYPE}{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": f"urn:sluice:request:{instance}",
        }
        if self.errors:
            document["errors"] = list(self.errors)
        return json.dumps(document, ensure_ascii=False)


class ProblemError(Exception):
    """The request ends here, with this answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def unknown_model(model: str) -> ProblemError:
    detail = f"There is no model {model!r}. Upload its definition to models/<name>/model.yaml, or correct the name."
    return ProblemError(Problem(404, "unknown-model", "Unknown model", detail))


def nothing_deployed(model: str) -> ProblemError:
    detail = f"No version of {model} serves yet. Approve one (sluice models {model}) and wait for its deployment."
    return ProblemError(Problem(409, "nothing-deployed", "Nothing deployed", detail))


def bad_request(detail: str, errors: Sequence[str] = ()) -> ProblemError:
    return ProblemError(Problem(400, "bad-request", "The request cannot be scored", detail, errors))


def too_large(detail: str) -> ProblemError:
    return ProblemError(Problem(413, "too-large", "Too large", detail))


def defect() -> Problem:
    detail = "The API failed. Send it again; if it stays so, look for the instance in the function's log."
    return Problem(500, "defect", "Internal error", detail)
