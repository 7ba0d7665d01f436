"""What a request may be sent as, and how SageMaker's data capture names the encoding of each."""

from typing import Final, Literal

from sluice.inference.problem import Problem, ProblemError

Kind = Literal["csv", "json", "json-lines"]

JSON: Final = "application/json"
CONTENT_TYPES: Final = ("application/json", "text/csv", "application/jsonlines")
_KINDS: Final[dict[str, Kind]] = {
    "text/csv": "csv",
    JSON: "json",
    # JSON Lines never was registered; these names are in use, and the model's own code takes them all.
    "application/jsonlines": "json-lines",
    "application/x-ndjson": "json-lines",
    "application/jsonl": "json-lines",
}


def kind_of(content_type: str) -> Kind:
    """By the Content-Type header, its parameters left aside. Raises ProblemError (415)."""
    kind = _KINDS.get(bare(content_type))
    if kind is None:
        sent = f"Content-Type {content_type!r} is" if content_type else "No Content-Type is given; that is"
        detail = f"{sent} not supported: send {', '.join(CONTENT_TYPES)}."
        raise ProblemError(Problem(415, "content-type", "Unsupported content type", detail))
    return kind


def bare(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def capture_encoding(content_type: str) -> Literal["CSV", "JSON", "BASE64"]:
    """SageMaker Developer Guide, "Capture data": what is neither CSV nor JSON is kept in base64."""
    kind = _KINDS.get(bare(content_type))
    if kind is None:
        return "BASE64"
    return "CSV" if kind == "csv" else "JSON"
