"""What is wrong with a definition: a field's path, and what to write there."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

REFUSED = "refused"
"""The error type under which `refusal` travels through pydantic; its context holds the problems."""


@dataclass(frozen=True)
class FieldProblem:
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message

    def below(self, parent: str) -> "FieldProblem":
        return FieldProblem(".".join(part for part in (parent, self.path) if part), self.message)


def refuse(problems: Iterable[FieldProblem]) -> None:
    """Raise, from a validator, all that is wrong between fields; paths are relative to the validator's section."""
    found = tuple(problems)
    if found:
        told = "; ".join(map(str, found))
        raise PydanticCustomError(REFUSED, "{told}", {"told": told, "problems": found})
