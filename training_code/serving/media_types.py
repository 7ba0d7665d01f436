"""What a request may be sent as, and how its Accept header says what the answer shall hold.

The containers hand a script the content type and the Accept header and nothing else, so the choices are parameters of
Accept: `application/json; output=probability; contributions=true`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from serving.bad_request import BadRequest

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
# JSON Lines never was registered; these names are in use.
_KINDS = dict.fromkeys((JSON_LINES, "application/x-ndjson", "application/jsonl"), JSON_LINES) | {CSV: CSV, JSON: JSON}
_WILDCARDS = {"*/*": JSON, "application/*": JSON, "text/*": CSV}
_SPOKEN = f"{CSV}, {JSON} or {JSON_LINES}"

PROBABILITY, LABEL, BOTH = "probability", "label", "both"
_CHOICES = {"output": (PROBABILITY, LABEL, BOTH), "contributions": ("true", "false")}
# Of HTTP itself: they change nothing here.
_HTTP = ("q", "charset", "header")


@dataclass(frozen=True)
class Wanted:
    """kind: CSV, JSON or JSON_LINES; media_type: the name for it that was asked for; output None: not chosen."""

    kind: str
    media_type: str
    output: str | None
    contributions: bool


@lru_cache(maxsize=64)
def content_kind(header: str | None) -> str:
    """CSV, JSON or JSON_LINES. Parameters are left aside: "text/csv; charset=utf-8" is CSV."""
    kind = _KINDS.get((header or JSON).split(";")[0].strip().lower())
    if kind is None:
        raise BadRequest(f"Content type {header!r} is not supported: send {_SPOKEN}.")
    return kind


@lru_cache(maxsize=64)
def wanted(header: str | None) -> Wanted:
    """The first type in the Accept header that we can answer with. BadRequest names an unknown parameter or value."""
    for choice in (header or JSON).split(","):
        media_type, *parameters = (part.strip() for part in choice.split(";"))
        name = media_type.lower()
        kind = _KINDS.get(name) or _WILDCARDS.get(name)
        if kind is not None:
            chosen = _parameters(parameters)
            answered = kind if name in _WILDCARDS else name
            return Wanted(kind, answered, chosen.get("output"), chosen.get("contributions") == "true")
    raise BadRequest(f"Accept {header!r} is not supported: ask for {_SPOKEN}.")


def _parameters(parts: list[str]) -> Mapping[str, str]:
    chosen: dict[str, str] = {}
    for part in filter(None, parts):
        name, _, value = (text.strip().lower() for text in part.partition("="))
        if name in _HTTP:
            continue
        if name not in _CHOICES:
            raise BadRequest(f"Accept has the parameter {name!r}, which is not known: give {' or '.join(_CHOICES)}.")
        value = value.strip('"')
        if value not in _CHOICES[name]:
            raise BadRequest(f"Accept has {name}={value!r}, which is not known: give {', '.join(_CHOICES[name])}.")
        if chosen.setdefault(name, value) != value:
            raise BadRequest(f"Accept has {name} twice, with different values: give it once.")
    return chosen
