"""What the serving version takes and answers, read from its definition.json.

As a plain document: the definition's own classes cost a cold start 0.1 s, and who wrote the file has checked it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sluice.errors import DefectError

NUMERIC = "numeric"

_ANSWERS: Mapping[str, Mapping[str, str]] = {
    "binary": {"probability": "of the positive label", "label": "by the model's threshold"},
    "multiclass": {"label": "the likeliest class", "probabilities": "of each class"},
    "regression": {"prediction": "a number"},
}


@dataclass(frozen=True)
class Schema:
    task: str
    features: Mapping[str, str]
    """numeric or categorical, by name, in the order of rows without names."""
    ignored: frozenset[str] = frozenset()
    """Columns that a record may hold and the model does not look at: target, key, weight, dropped ones."""
    missing_values: frozenset[str] = frozenset()
    own_container: bool = False
    """Of the user's: it alone knows what it takes and answers."""
    target: str = ""
    positive_label: str | None = None

    @classmethod
    def from_json(cls, text: bytes | str) -> "Schema":
        """Raises DefectError for what is no definition.json."""
        try:
            return cls._from_document(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DefectError(f"the deployed version's definition.json cannot be read: {error!r}") from error

    @classmethod
    def _from_document(cls, document: Mapping[str, Any]) -> "Schema":
        data = document["data"]
        features = {name: feature["type"] for name, feature in data["features"].items()}
        named = (data["target"], data.get("key"), data.get("weight"), (data.get("split") or {}).get("column"))
        slices = (document.get("evaluation") or {}).get("slices") or ()
        return cls(
            task=data.get("task", "binary"),
            features=features,
            ignored=frozenset(name for name in (*named, *data.get("drop", ()), *slices) if name) - features.keys(),
            missing_values=frozenset(data.get("missing_values", ())),
            own_container=(document.get("training") or {}).get("algorithm") == "custom",
            target=data["target"],
            positive_label=None if data.get("positive_label") is None else str(data["positive_label"]),
        )

    @property
    def known(self) -> frozenset[str]:
        return self.ignored.union(self.features)

    def describe(self) -> dict[str, Any]:
        """For people and programs that want to send records."""
        return {
            "task": self.task,
            "target": self.target,
            **({"positive_label": self.positive_label} if self.positive_label else {}),
            "features": [{"name": name, "type": kind} for name, kind in self.features.items()],
            "ignored_columns": sorted(self.ignored),
            "missing_values": sorted(self.missing_values),
            "prediction": {} if self.own_container else dict(_ANSWERS.get(self.task, {})),
        }
