"""Metric math, as far as alarms here know it: + - * / ( ), comparisons, IF and FILL, over data points of equal periods.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Values = Sequence[float | None]
"""One per period, oldest first; None where there is no data point."""

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*|\.\d+)|(?P<name>[A-Za-z_]\w*)|(?P<sign><=|>=|==|!=|[-+*/(),<>])|(?P<other>\S))"
)
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_ARITHMETIC: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


class ExpressionError(ValueError):
    """The expression cannot be read, or needs what is not implemented; the message names it."""


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Reference:
    id: str


@dataclass(frozen=True)
class Operation:
    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Condition:
    test: "Node"
    then: "Node"
    otherwise: "Node | None"
    """None: no data point where the test is false."""


@dataclass(frozen=True)
class Fill:
    inner: "Node"
    value: float | None
    """None: REPEAT, the latest one before."""


Node = Number | Reference | Operation | Condition | Fill


def parse(text: str) -> Node:
    """Raises ExpressionError."""
    return _Parser(text).whole()


def references(node: Node) -> Iterator[str]:
    match node:
        case Reference():
            yield node.id
        case Operation():
            yield from references(node.left)
            yield from references(node.right)
        case Condition():
            for part in (node.test, node.then, node.otherwise):
                if part is not None:
                    yield from references(part)
        case Fill():
            yield from references(node.inner)


def evaluate(node: Node, series: Mapping[str, Values], length: int) -> list[float | None]:
    """`series` holds `length` values for every id that the expression names."""
    match node:
        case Number():
            return [node.value] * length
        case Reference():
            return list(series[node.id])
        case Operation():
            pairs = zip(evaluate(node.left, series, length), evaluate(node.right, series, length), strict=True)
            return [_operate(node.sign, left, right) for left, right in pairs]
        case Condition():
            return _choose(node, series, length)
        case Fill():
            return _filled(evaluate(node.inner, series, length), node.value)


def _operate(sign: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or (sign == "/" and right == 0):
        return None
    if sign in _COMPARISONS:
        return float(_COMPARISONS[sign](left, right))
    return _ARITHMETIC[sign](left, right)


def _choose(node: Condition, series: Mapping[str, Values], length: int) -> list[float | None]:
    tests, then = evaluate(node.test, series, length), evaluate(node.then, series, length)
    otherwise = evaluate(node.otherwise, series, length) if node.otherwise else [None] * length
    return [
        None if test is None else (yes if test else no) for test, yes, no in zip(tests, then, otherwise, strict=True)
    ]


def _filled(values: Values, value: float | None) -> list[float | None]:
    if value is not None:
        return [value if one is None else one for one in values]
    latest: float | None = None
    repeated = []
    for one in values:
        latest = latest if one is None else one
        repeated.append(latest)
    return repeated


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [(match.lastgroup or "", match[match.lastgroup or 0]) for match in _TOKEN.finditer(text)]
        self._at = 0

    def whole(self) -> Node:
        node = self._comparison()
        if self._at < len(self._tokens):
            raise self._error(f"{self._tokens[self._at][1]!r} is not expected there, or not implemented")
        return node

    def _comparison(self) -> Node:
        left = self._sum()
        sign = self._take_if(*_COMPARISONS)
        return Operation(sign, left, self._sum()) if sign else left

    def _sum(self) -> Node:
        node = self._product()
        while sign := self._take_if("+", "-"):
            node = Operation(sign, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._signed()
        while sign := self._take_if("*", "/"):
            node = Operation(sign, node, self._signed())
        return node

    def _signed(self) -> Node:
        if self._take_if("-"):
            return Operation("-", Number(0.0), self._signed())
        return self._primary()

    def _primary(self) -> Node:
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        self._at += 1
        if kind == "number":
            return Number(float(text))
        if kind == "name":
            return self._function(text) if self._take_if("(") else Reference(text)
        if text == "(":
            node = self._comparison()
            self._need(")")
            return node
        raise self._error(f"{text!r} is not expected there, or not implemented" if text else "it ends too early")

    def _function(self, name: str) -> Node:
        if name == "IF":
            test = self._comparison()
            self._need(",")
            then = self._comparison()
            otherwise = self._comparison() if self._take_if(",") else None
            self._need(")")
            return Condition(test, then, otherwise)
        if name == "FILL":
            return self._fill()
        raise self._error(f"the function {name} is not implemented by the local cloud; it has IF and FILL")

    def _fill(self) -> Node:
        inner = self._comparison()
        self._need(",")
        if self._take_if("REPEAT"):
            self._need(")")
            return Fill(inner, None)
        value = _constant(self._signed())
        if value is None:
            raise self._error("FILL takes a number or REPEAT here; LINEAR and series are not implemented")
        self._need(")")
        return Fill(inner, value)

    def _take_if(self, *texts: str) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at][1] in texts:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return ""

    def _need(self, text: str) -> None:
        if not self._take_if(text):
            raise self._error(f"{text!r} is missing")

    def _error(self, what: str) -> ExpressionError:
        return ExpressionError(f"the expression {self._text!r}: {what}")


def _constant(node: Node) -> float | None:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Operation) and node.left == Number(0.0) and isinstance(node.right, Number):
        return -node.right.value
    return None
