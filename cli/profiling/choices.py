"""What looking at the data decides. Every choice carries the evidence that a person can check it by."""

from dataclasses import dataclass
from typing import Literal

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
    """`positive` is the target's text in the file; `evidence` says why it is the positive one."""

    name: str
    positive: str
    negative: str
    evidence: str


@dataclass(frozen=True)
class Proposal:
    rows: int
    target: TargetChoice
    key: KeyChoice | None
    features: tuple[FeatureChoice, ...]
    dropped: tuple[DropChoice, ...]
    extra_missing_values: tuple[str, ...]
    warnings: tuple[str, ...]
