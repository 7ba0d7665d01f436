"""What looking at the data decides. Every choice carries the evidence that a person can check it by."""

from dataclasses import dataclass
from typing import Literal

from sluice.definition import Task

FeatureType = Literal["numeric", "categorical"]


@dataclass(frozen=True)
class FeatureChoice:
    name: str
    type: FeatureType
    evidence: str


@dataclass(frozen=True)
class DropChoice:
    name: str
    evidence: str


@dataclass(frozen=True)
class KeyChoice:
    name: str
    evidence: str


@dataclass(frozen=True)
class TargetChoice:
    """`classes` are the target's texts in the file, of a binary target the positive one last; none of a regression."""

    name: str
    task: Task
    classes: tuple[str, ...]
    evidence: str

    @property
    def positive(self) -> str | None:
        return self.classes[1] if self.task == "binary" else None


@dataclass(frozen=True)
class Proposal:
    rows: int
    target: TargetChoice
    key: KeyChoice | None
    features: tuple[FeatureChoice, ...]
    dropped: tuple[DropChoice, ...]
    extra_missing_values: tuple[str, ...]
    warnings: tuple[str, ...]
