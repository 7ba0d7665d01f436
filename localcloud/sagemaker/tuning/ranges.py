"""The ranges that a tuning job searches: as SageMaker writes them, and as a sampler sees them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from localcloud.sagemaker.jobs.checks import invalid, unique

# SageMaker does not say how `Auto` chooses. Here: over three orders of magnitude, factors count and not differences.
_LOG_FROM_FACTOR: Final = 1000.0
_MAX_RANGES: Final = 30


@dataclass(frozen=True)
class ContinuousRange:
    """`reverse`: 1 - x is sampled instead of x, so that a logarithmic scale has its detail just below 1."""

    name: str
    low: float
    high: float
    log: bool = False
    reverse: bool = False

    @property
    def bounds(self) -> tuple[float, float]:
        """Of what is sampled."""
        return (1 - self.high, 1 - self.low) if self.reverse else (self.low, self.high)

    def write(self, sampled: float) -> str:
        """The hyperparameter's text; 1 - (1 - x) may miss the range by a rounding."""
        value = 1 - sampled if self.reverse else sampled
        return repr(float(min(max(value, self.low), self.high)))

    def read(self, text: str) -> float | None:
        """What would have been sampled; None for what the range does not hold."""
        value = _float(text)
        if value is None or not self.low <= value <= self.high:
            return None
        return 1 - value if self.reverse else value


@dataclass(frozen=True)
class IntegerRange:
    name: str
    low: int
    high: int
    log: bool = False

    def write(self, sampled: int) -> str:
        return str(sampled)

    def read(self, text: str) -> int | None:
        value = _int(text)
        return value if value is not None and self.low <= value <= self.high else None


@dataclass(frozen=True)
class CategoricalRange:
    name: str
    values: tuple[str, ...]

    def write(self, sampled: str) -> str:
        return sampled

    def read(self, text: str) -> str | None:
        return text if text in self.values else None


Range = ContinuousRange | IntegerRange | CategoricalRange


def read_ranges(given: Mapping[str, Any]) -> tuple[Range, ...]:
    """ParameterRanges; ValidationException for what SageMaker refuses in them."""
    found: list[Range] = [
        *(_integer(one) for one in given.get("IntegerParameterRanges", ())),
        *(_continuous(one) for one in given.get("ContinuousParameterRanges", ())),
        *(_categorical(one) for one in given.get("CategoricalParameterRanges", ())),
    ]
    if not found:
        raise invalid("ParameterRanges holds no range: a tuning job needs at least one hyperparameter to search")
    if len(found) > _MAX_RANGES:
        raise invalid(f"ParameterRanges holds {len(found)} ranges; at most {_MAX_RANGES} can be searched")
    unique([one.name for one in found], "Names in ParameterRanges")
    return tuple(found)


def types(given: Mapping[str, Any]) -> dict[str, str]:
    """Each range's type (Integer, Continuous, Categorical) by name."""
    kinds = ("Integer", "Continuous", "Categorical")
    return {one["Name"]: kind for kind in kinds for one in given.get(f"{kind}ParameterRanges", ())}


def combinations(ranges: Sequence[CategoricalRange]) -> int:
    return math.prod(len(one.values) for one in ranges)


def _integer(one: Mapping[str, Any]) -> IntegerRange:
    where = f"IntegerParameterRanges {one['Name']}"
    low, high = (_bound(one, member, where, _int, "an integer") for member in ("MinValue", "MaxValue"))
    _ordered(low, high, where)
    scale = one.get("ScalingType", "Auto")
    if scale == "ReverseLogarithmic":
        raise invalid(f"{where}: ScalingType ReverseLogarithmic is for continuous ranges only")
    return IntegerRange(one["Name"], low, high, log=_is_log(scale, low, high, where))


def _continuous(one: Mapping[str, Any]) -> ContinuousRange:
    where = f"ContinuousParameterRanges {one['Name']}"
    low, high = (_bound(one, member, where, _float, "a number") for member in ("MinValue", "MaxValue"))
    _ordered(low, high, where)
    scale = one.get("ScalingType", "Auto")
    if scale == "ReverseLogarithmic":
        if not (low >= 0 and high < 1):
            raise invalid(
                f"{where}: ScalingType ReverseLogarithmic needs 0 <= MinValue and MaxValue < 1; they are {low}, {high}"
            )
        return ContinuousRange(one["Name"], low, high, log=True, reverse=True)
    return ContinuousRange(one["Name"], low, high, log=_is_log(scale, low, high, where))


def _categorical(one: Mapping[str, Any]) -> CategoricalRange:
    unique(one["Values"], f"CategoricalParameterRanges {one['Name']}: Values")
    return CategoricalRange(one["Name"], tuple(one["Values"]))


def _bound(one: Mapping[str, Any], member: str, where: str, read: Any, noun: str) -> Any:
    value = read(one[member])
    if value is None:
        raise invalid(f"{where}: {member} is {one[member]!r}; it must be {noun}")
    return value


def _ordered(low: float, high: float, where: str) -> None:
    if low > high:
        raise invalid(f"{where}: MinValue {low} is greater than MaxValue {high}")


def _is_log(scale: str, low: float, high: float, where: str) -> bool:
    if scale == "Logarithmic" and low <= 0:
        raise invalid(f"{where}: ScalingType Logarithmic needs a MinValue greater than 0; it is {low}")
    return scale == "Logarithmic" or (scale == "Auto" and low > 0 and high / low >= _LOG_FROM_FACTOR)


def _float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _int(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
