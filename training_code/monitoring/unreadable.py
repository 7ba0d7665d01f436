"""Lines and requests that could not be read: counted, and the first ones shown."""

from monitoring.observed import Unreadable

SHOWN = 5
SHOWN_CHARACTERS = 200


class UnreadableLog:
    def __init__(self) -> None:
        self._count = 0
        self._examples: list[tuple[str, int, str]] = []

    def add(self, file: str, line: int, reason: str) -> None:
        self._count += 1
        self._keep([(file, line, reason[:SHOWN_CHARACTERS])])

    def join(self, other: "UnreadableLog") -> None:
        self._count += other._count
        self._keep(other._examples)

    def found(self) -> Unreadable:
        return Unreadable(self._count, tuple(self._examples))

    def _keep(self, examples: list[tuple[str, int, str]]) -> None:
        self._examples = sorted([*self._examples, *examples])[:SHOWN]
