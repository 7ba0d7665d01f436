"""Where a model's requests go now: what the inference API and `sluice predict` resolve, one SSM parameter per model.

An endpoint cannot change from instances to serverless or back, so a change of mode is a new endpoint, and the alias
moves once that one answers.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sluice.naming import SINGLE_VARIANT

if TYPE_CHECKING:  # the inference API reads aliases, and starts without the definition's classes
    from sluice.definition.deployment import Mode


@dataclass(frozen=True)
class Alias:
    model: str
    endpoint_name: str
    mode: "Mode"
    version: int
    """Of the champion."""
    definition_uri: str
    """definition.json of that version."""
    variants: Mapping[str, int]
    """The version behind each production variant."""
    target_model: str | None = None
    """Of a multi-model endpoint: the artifact below its prefix."""
    api_captures_percent: int = 0
    """Share of the requests that the inference API keeps, where SageMaker itself captures nothing."""

    def version_behind(self, variant: str | None) -> int:
        """Which version answered, by InvokedProductionVariant."""
        return self.variants.get(variant or SINGLE_VARIANT, self.version)

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Alias":
        """Fields of a newer version of Sluice are left out; raises TypeError or ValueError where one is missing."""
        document: dict[str, Any] = json.loads(text)
        return cls(**{name: document[name] for name in cls.__dataclass_fields__ if name in document})
