"""Which columns the two see, and what their trees gain by each."""

from collections.abc import Mapping
from dataclasses import dataclass

from cli.comparing.facts import Document
from sluice.gate.evaluation import FeatureChanges

_SHOWN = 10


@dataclass(frozen=True)
class Gain:
    """Shares of each model's total gain; None where it does not see the feature."""

    feature: str
    left: float | None
    right: float | None


def feature_changes(left: Document | None, right: Document | None) -> FeatureChanges:
    """None, where a definition is not known."""
    if left is None or right is None:
        return FeatureChanges()
    one, other = (_types(definition) for definition in (left, right))
    return FeatureChanges(
        added=tuple(name for name in other if name not in one),
        removed=tuple(name for name in one if name not in other),
        retyped=tuple(f"{name}: {one[name]} → {kind}" for name, kind in other.items() if one.get(name, kind) != kind),
    )


def _types(definition: Document) -> dict[str, str]:
    return {name: feature["type"] for name, feature in definition["data"]["features"].items()}


def gains(left: Document | None, right: Document | None) -> tuple[Gain, ...]:
    """The features that carry most in either, the greatest share first; none where neither was measured."""
    one, other = (_gain(evaluation) for evaluation in (left, right))
    shares = {name: max(one.get(name) or 0.0, other.get(name) or 0.0) for name in (*one, *other)}
    most = sorted(shares, key=lambda name: (-shares[name], name))[:_SHOWN]
    return tuple(Gain(name, one.get(name), other.get(name)) for name in most)


def _gain(evaluation: Document | None) -> Mapping[str, float]:
    return ((evaluation or {}).get("importance") or {}).get("gain") or {}
