"""A small valid definition that tests bend."""

from typing import Any

from sluice.definition import Model


def definition_fields(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": "churn",
        "data": {
            "target": "churned",
            "positive_label": "yes",
            "key": "id",
            "features": {"age": {"type": "numeric"}, "plan": {"type": "categorical"}},
        },
    }
    for path, value in changes.items():
        section, _, name = path.partition("__")
        if name:
            fields[section] = {**fields.get(section, {}), name: value}
        else:
            fields[section] = value
    return fields


def definition(**changes: Any) -> Model:
    """`definition(data__mode="append")` sets `data.mode`."""
    return Model.model_validate(definition_fields(**changes))
