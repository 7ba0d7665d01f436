"""Reads and writes JSON by botocore's shapes, with the service side's checks and its words for what is wrong.

botocore ships the models for clients: its own validator words errors for Python callers and skips patterns, enums and
maxima. A service answers `ValidationException: 1 validation error detected: Value … failed to satisfy constraint: …`.
"""

import base64
import binascii
import functools
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import parse_timestamp

from localcloud.errors import ApiError

# Java's character classes as Python writes them; the set is what the three service models use.
_JAVA_CLASSES = {
    r"\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}": r"\s\S",
    r"\p{L}\p{M}\p{S}\p{N}\p{P}": r"\S",
    r"\p{L}\p{M}\p{Z}\p{N}\p{P}": r"\s\S",
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": r"\s",
    r"\p{Alnum}": "a-zA-Z0-9",
    r"[\p{Print}]": r"[\x20-\x7e]",
    r"\p{Print}": r"[\x20-\x7e]",
    r"\p{ASCII}": r"[\x00-\x7f]",
    r"\uD800\uDC00-\uDBFF\uDFFF": "\U00010000-\U0010ffff",
    r"\z": r"\Z",
}


class _Reader:
    """One pass over a request: Python values out, every broken constraint noted with its path."""

    def __init__(self) -> None:
        self.violations: list[str] = []

    def read(self, shape: Shape, value: Any, path: str) -> Any:
        read: _Read = _READERS.get(shape.type_name, _read_text)
        value = read(self, shape, value, path)
        self._check(shape, value, path)
        return value

    def missing(self, path: str) -> None:
        self.violations.append(f"Value null at '{path}' failed to satisfy constraint: Member must not be null")

    def _check(self, shape: Shape, value: Any, path: str) -> None:
        for complaint in _complaints(shape, value):
            shown = "(bytes)" if isinstance(value, bytes) else value
            if shape.metadata.get("sensitive"):
                shown = "***"
            self.violations.append(f"Value '{shown}' at '{path}' failed to satisfy constraint: {complaint}")


_Read = Callable[[_Reader, Any, Any, str], Any]


def read_request(shape: Shape, document: Any) -> dict[str, Any]:
    """The request's document as Python values, or ApiError: SerializationException, ValidationException."""
    reader = _Reader()
    parsed: dict[str, Any] = reader.read(shape, document, "")
    count = len(reader.violations)
    if count:
        noun = "error" if count == 1 else "errors"
        raise ApiError("ValidationException", f"{count} validation {noun} detected: " + "; ".join(reader.violations))
    return parsed


def write_response(shape: Shape | None, value: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as JSON: members that are None left out, times as epoch seconds.

    A member that the model does not know, lacks or types otherwise is our defect: TypeError names it.
    """
    if shape is None:
        return {}
    written: dict[str, Any] = _write(shape, value, shape.name)
    return written


def _read_structure(reader: _Reader, shape: StructureShape, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _serialization(path, value, "a structure")
    prefix = f"{path}." if path else ""
    unknown = sorted(name for name in value if name not in shape.members)
    if unknown:
        # AWS ignores them; here a misspelt or too new parameter must not look as if it worked.
        message = f"Unknown parameter '{prefix}{unknown[0]}'; {shape.name} has no such member"
        raise ApiError("ValidationException", message)
    parsed = {}
    for name, member in shape.members.items():
        place = prefix + name[0].lower() + name[1:]
        if value.get(name) is not None:
            parsed[name] = reader.read(member, value[name], place)
        elif name in shape.required_members:
            reader.missing(place)
    if shape.metadata.get("union") and len(parsed) != 1:
        reader.violations.append(f"Value at '{path}' failed to satisfy constraint: exactly one member must be set")
    return parsed


def _read_list(reader: _Reader, shape: ListShape, value: Any, path: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _serialization(path, value, "a list")
    return [reader.read(shape.member, item, f"{path}.{index}.member") for index, item in enumerate(value, 1)]


def _read_map(reader: _Reader, shape: MapShape, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _serialization(path, value, "a map")
    return {
        reader.read(shape.key, key, path): reader.read(shape.value, item, f"{path}.{key}.member")
        for key, item in value.items()
    }


def _read_text(_reader: _Reader, _shape: Shape, value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise _serialization(path, value, "a String")
    return value


def _read_whole(_reader: _Reader, _shape: Shape, value: Any, path: str) -> int:
    # Step Functions' JSONata and some clients send 1.0 for 1.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _serialization(path, value, "an Integer")
    return value


def _read_number(_reader: _Reader, _shape: Shape, value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _serialization(path, value, "a Double")
    return float(value)


def _read_boolean(_reader: _Reader, _shape: Shape, value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise _serialization(path, value, "a Boolean")
    return value


def _read_timestamp(_reader: _Reader, _shape: Shape, value: Any, path: str) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        moment: datetime = parse_timestamp(value)
        return moment.astimezone(UTC)
    except (ValueError, TypeError, RuntimeError) as exc:
        raise _serialization(path, value, "a Timestamp") from exc


def _read_blob(_reader: _Reader, _shape: Shape, value: Any, path: str) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError) as exc:
        raise _serialization(path, value, "a Blob") from exc


_READERS: dict[str, _Read] = {
    "structure": _read_structure,
    "list": _read_list,
    "map": _read_map,
    "integer": _read_whole,
    "long": _read_whole,
    "float": _read_number,
    "double": _read_number,
    "boolean": _read_boolean,
    "timestamp": _read_timestamp,
    "blob": _read_blob,
}


def _serialization(path: str, value: Any, wanted: str) -> ApiError:
    place = path or "(request)"
    message = f"Value of type {type(value).__name__} at '{place}' can not be converted to {wanted}"
    return ApiError("SerializationException", message)


def _complaints(shape: Shape, value: Any) -> list[str]:
    rules = shape.metadata
    found = []
    if rules.get("enum") and value not in rules["enum"]:
        found.append(f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]")
    if "pattern" in rules and isinstance(value, str) and not _pattern(rules["pattern"]).fullmatch(value):
        found.append(f"Member must satisfy regular expression pattern: {rules['pattern']}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return found + _out_of_range(rules, value, "have value")
    if isinstance(value, str | bytes | list | dict):
        return found + _out_of_range(rules, len(value), "have length")
    return found


def _out_of_range(rules: Mapping[str, Any], measure: float, what: str) -> list[str]:
    if "min" in rules and measure < rules["min"]:
        return [f"Member must {what} greater than or equal to {rules['min']}"]
    if "max" in rules and measure > rules["max"]:
        return [f"Member must {what} less than or equal to {rules['max']}"]
    return []


@functools.cache
def _pattern(java: str) -> re.Pattern[str]:
    """The service matches a pattern against the whole value, anchors or not."""
    for theirs, ours in _JAVA_CLASSES.items():
        java = java.replace(theirs, ours)
    # CustomerMetadata's patterns end in ${1,128}: a count after the anchor, which Java reads as nothing.
    return re.compile(re.sub(r"\$\{\d+,\d+\}$", "$", java))


def _write(shape: Shape, value: Any, path: str) -> Any:
    if isinstance(shape, StructureShape):
        return _write_structure(shape, value, path)
    if isinstance(shape, ListShape):
        _expect(value, list | tuple, shape, path)
        return [_write(shape.member, item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(shape, MapShape):
        _expect(value, Mapping, shape, path)
        return {key: _write(shape.value, item, f"{path}.{key}") for key, item in value.items()}
    return _write_scalar(shape, value, path)


def _write_structure(shape: StructureShape, value: Any, path: str) -> dict[str, Any]:
    _expect(value, Mapping, shape, path)
    present = {name: item for name, item in value.items() if item is not None}
    unknown, missing = present.keys() - shape.members.keys(), set(shape.required_members) - present.keys()
    if unknown or missing:
        raise TypeError(f"{path}: unknown members {sorted(unknown)}, missing members {sorted(missing)}")
    return {name: _write(shape.members[name], item, f"{path}.{name}") for name, item in present.items()}


def _write_scalar(shape: Shape, value: Any, path: str) -> Any:
    if shape.type_name == "timestamp":
        _expect(value, datetime, shape, path)
        return round(value.timestamp(), 3)
    if shape.type_name == "blob":
        _expect(value, bytes, shape, path)
        return base64.b64encode(value).decode()
    _expect(value, _SCALARS.get(shape.type_name, str), shape, path)
    if shape.metadata.get("enum") and value not in shape.metadata["enum"]:
        raise TypeError(f"{path}: '{value}' is none of {shape.metadata['enum']}")
    return value


_SCALARS: dict[str, Any] = {"integer": int, "long": int, "float": int | float, "double": int | float, "boolean": bool}


def _expect(value: Any, kind: Any, shape: Shape, path: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{path}: {type(value).__name__} where the model has {shape.type_name}")
