"""From the text of `model.yaml` to a `Model`, or to an error that a person can act on."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sluice.definition.model import Model
from sluice.definition.problems import REFUSED, FieldProblem
from sluice.errors import BadInputError


class DefinitionError(BadInputError):
    """`model.yaml` cannot be used; `problems` holds one entry per field."""

    def __init__(self, problems: Iterable[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("model.yaml: " + "; ".join(str(problem) for problem in self.problems))

    @classmethod
    def missing(cls, key: str) -> "DefinitionError":
        return cls([FieldProblem("", f"{key} does not exist: upload a definition, then the data again")])


def parse_definition(text: str | bytes, expected_name: str | None = None) -> Model:
    """Read and validate a definition.

    Raises DefinitionError: not UTF-8, not YAML, or fields that are unknown, missing, of the wrong type or impossible
    together; also when its name is not `expected_name`, the folder it lies in.
    """
    document = _load_yaml(text)
    try:
        model = Model.model_validate(document)
    except ValidationError as error:
        raise DefinitionError(problem for detail in error.errors() for problem in _problems(detail)) from None
    if expected_name is not None and model.name != expected_name:
        raise DefinitionError(
            [FieldProblem("name", f"is {model.name!r}, but the file lies in models/{expected_name}/: make them equal")]
        )
    return model


def _load_yaml(text: str | bytes) -> Mapping[str, Any]:
    try:
        document = yaml.load(text.decode() if isinstance(text, bytes) else text, Loader=_UniqueKeyLoader)  # noqa: S506
    except UnicodeDecodeError as error:
        raise DefinitionError([FieldProblem("", f"is not UTF-8 (byte {error.start}): save it as UTF-8")]) from None
    except yaml.YAMLError as error:
        raise DefinitionError([FieldProblem("", f"is not YAML: {' '.join(str(error).split())}")]) from None
    if not isinstance(document, dict):
        raise DefinitionError([FieldProblem("", "holds no fields: `sluice init data.csv --target …` writes one")])
    return document


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML takes the last of two equal keys in silence; a definition that says a thing twice is refused."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int | float | bool) and key in seen:
                line = key_node.start_mark.line + 1
                raise yaml.constructor.ConstructorError(None, None, f"line {line}: {key!r} stands twice")
            if isinstance(key, str | int | float | bool):
                seen.add(key)
        return super().construct_mapping(node, deep)


_TAGS = (("deployment", 1), ("deployment.rollout", 2), ("tuning", 3))
"""Where in a location pydantic puts the kind that was tried: deployment.serverless.…, tuning.ranges.eta.integer.…"""
_ALTERNATIVES = {
    "mode": "serverless, real-time, asynchronous or multi-model",
    "strategy": "all-at-once, canary, linear, rolling, ab-test or shadow (the last two in mode real-time only)",
    "type": "integer, continuous or categorical",
}


def _location(detail: ErrorDetails) -> list[str]:
    """The field's path: without the kind that was tried, and without the word that a key is meant, not its value."""
    parts = [str(part) for part in detail["loc"]]
    for section, tag in _TAGS:
        if ".".join(parts).startswith(section):
            del parts[tag : tag + 1]
    return [part for part in parts if part != "[key]"]


def _problems(detail: ErrorDetails) -> list[FieldProblem]:
    location = _location(detail)
    path = ".".join(location)
    if detail["type"] == REFUSED:
        return [problem.below(path) for problem in detail["ctx"]["problems"]]
    return [FieldProblem(*_told(detail, location, path))]


def _told(detail: ErrorDetails, location: list[str], path: str) -> tuple[str, str]:
    """The field's path and what is wrong there."""
    kind = detail["type"]
    if kind == "extra_forbidden":
        return path, _unknown_field(detail)
    if kind == "missing":
        return path, "is missing: add it"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        context = detail["ctx"]
        member = str(context["discriminator"]).strip("'")
        return f"{path}.{member}", f"must be {_ALTERNATIVES[member]}"
    message = detail["msg"].removeprefix("Value error, ")
    value = detail.get("input")
    if kind == "value_error" or isinstance(value, dict | list | BaseModel):
        return path, message
    return path, f"{message[:1].lower()}{message[1:]} (it is {value!r})"


def _unknown_field(detail: ErrorDetails) -> str:
    """Known is what the kind that was tried has; of what another kind has it is said which one."""
    parts = [str(part) for part in detail["loc"]]
    name, known = parts[-1], list(getattr(_section(parts[:-1]), "model_fields", {}))
    union = ".".join(parts[:-2])
    kind = f" of {parts[-2]}" if union in _UNIONS else ""
    others = [str(_tag(one)) for one in _kinds(_annotation(parts[:-2])) if name in one.model_fields]
    if kind and others:
        return f"is not a field{kind}: it needs {_MEMBERS[parts[-3]]} {' or '.join(others)}"
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}" if known else "remove it"
    return f"is not a field{kind or ' of the definition'}; {hint}"


_MEMBERS = {"deployment": "mode", "rollout": "strategy"}
_UNIONS = ("deployment", *(f"deployment.{mode}.rollout" for mode in ("real-time", "asynchronous")))


def _section(parents: list[str]) -> Any:
    annotation = _annotation(parents)
    return _value_section(annotation) or annotation


def _annotation(parents: list[str]) -> Any:
    """What stands at that place of an error's location; a discriminated union's kind is named in it."""
    section: Any = Model
    for name in parents:
        kinds = [kind for kind in _kinds(section) if _tag(kind) == name]
        if kinds:
            section = kinds[0]
            continue
        field = getattr(section, "model_fields", {}).get(name)
        # The values of a `dict[str, Section]` lie one deeper, below a key that is no field.
        section = field.annotation if field else _value_section(section)
    return section


def _kinds(annotation: Any) -> list[Any]:
    return [kind for kind in get_args(annotation) if hasattr(kind, "model_fields")]


def _tag(kind: Any) -> str | None:
    """The one value of a kind's discriminator, its first Literal of one word."""
    for name in ("mode", "strategy", "type"):
        if name in kind.model_fields:
            return str(get_args(kind.model_fields[name].annotation)[0])
    return None


def _value_section(annotation: Any) -> Any:
    """The section behind `Section | None`, or of the values of a `dict[str, Section]`, whose keys are no fields."""
    if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
        return annotation
    found = (_value_section(inner) for inner in get_args(annotation))
    return next((section for section in found if section is not None), None)
