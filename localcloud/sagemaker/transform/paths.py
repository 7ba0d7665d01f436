"""The JSONPath of InputFilter and OutputFilter: $ .name ['a','b'] [1] [0,5:] [-1] [*] and no more.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_NAME: Final = re.compile(r"\.([A-Za-z_]\w*|\*)")
_BRACKET: Final = re.compile(r"\[([^\[\]]*)\]")
_QUOTED: Final = re.compile(r"\s*'([^']*)'\s*")
_SPAN: Final = re.compile(r"\s*(-?\d+)?\s*:\s*(-?\d+)?\s*")
_INDEX: Final = re.compile(r"\s*-?\d+\s*")


class PathError(ValueError):
    """The path cannot be read, or what it names is not there; the message says which."""


@dataclass(frozen=True)
class Names:
    """One name gives its value, several an object of them."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Items:
    """One index gives the item, several or slices an array of them."""

    wanted: tuple[int | slice, ...]


@dataclass(frozen=True)
class Everything:
    """The values of an array or object, as an array."""


Step = Names | Items | Everything


@dataclass(frozen=True)
class Path:
    steps: tuple[Step, ...]

    @property
    def whole(self) -> bool:
        return not self.steps

    @property
    def by_name(self) -> bool:
        return any(isinstance(step, Names) for step in self.steps)

    def select(self, value: Any) -> Any:
        """Raises PathError."""
        for step in self.steps:
            value = _taken(step, value)
        return value


def parse(text: str) -> Path:
    """Raises PathError."""
    if not text.startswith("$"):
        raise PathError(f"{text!r} does not begin with $")
    steps: list[Step] = []
    at = 1
    while at < len(text):
        # A dot before a bracket is allowed.
        start = at + 1 if text.startswith(".[", at) else at
        if match := _NAME.match(text, start):
            steps.append(Everything() if match[1] == "*" else Names((match[1],)))
        elif match := _BRACKET.match(text, start):
            steps.append(_bracket(match[1], text))
        else:
            raise PathError(f"{text!r} has {text[at:]!r}, which is not implemented")
        at = match.end()
    return Path(tuple(steps))


def _bracket(inner: str, text: str) -> Step:
    if inner.strip() == "*":
        return Everything()
    parts = inner.split(",")
    if all(_QUOTED.fullmatch(part) for part in parts):
        return Names(tuple(part.strip().strip("'") for part in parts))
    return Items(tuple(_item(part, text) for part in parts))


def _item(part: str, text: str) -> int | slice:
    if _INDEX.fullmatch(part):
        return int(part)
    if match := _SPAN.fullmatch(part):
        first, last = (int(bound) if bound else None for bound in match.groups())
        return slice(first, last)
    raise PathError(f"{text!r} has [{part}], which is not implemented")


def _taken(step: Step, value: Any) -> Any:
    match step:
        case Names():
            return _named(step.names, value)
        case Items():
            return _indexed(step.wanted, value)
        case Everything():
            if isinstance(value, Mapping):
                return list(value.values())
            if isinstance(value, list):
                return value
    raise PathError("* needs an array or an object")


def _named(names: Sequence[str], value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise PathError(f"{names[0]!r} is looked for in what is no object")
    missing = [name for name in names if name not in value]
    if missing:
        raise PathError(f"there is no {missing[0]!r}")
    return value[names[0]] if len(names) == 1 else {name: value[name] for name in names}


def _indexed(wanted: Sequence[int | slice], value: Any) -> Any:
    if not isinstance(value, list):
        raise PathError("an index is looked for in what is no array")
    taken: list[Any] = []
    for one in wanted:
        if isinstance(one, slice):
            taken += value[one]
        elif -len(value) <= one < len(value):
            taken.append(value[one])
        else:
            raise PathError(f"index {one} is outside of {len(value)} items")
    return taken[0] if len(wanted) == 1 and not isinstance(wanted[0], slice) else taken
