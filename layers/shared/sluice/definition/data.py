"""`data`: what the columns of an uploaded file mean and how its rows are split."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from sluice.definition.section import Section

Ratio = Annotated[float, Field(ge=0, le=1)]

DEFAULT_MISSING_VALUES = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")


class Feature(Section):
    type: Literal["numeric", "categorical"] = Field(description="How the column's cells are read.")


class Split(Section):
    """Shares of the rows. A row's split is a hash of its key, so it never changes when data is appended."""

    train: Ratio = Field(default=0.7, description="Share of rows for training.")
    validation: Ratio = Field(default=0.2, description="Share for early stopping and tuning.")
    test: Ratio = Field(default=0.1, description="Share for the gate: never seen in training.")
    seed: int = Field(default=42, ge=0, description="Part of the hash: another seed, another split.")

    @model_validator(mode="after")
    def _sums_to_one(self) -> Self:
        if not math.isclose(self.train + self.validation + self.test, 1.0, abs_tol=1e-6):
            raise ValueError(
                f"train + validation + test is {self.train + self.validation + self.test:g}: make them sum to 1"
            )
        if min(self.train, self.validation, self.test) <= 0:
            raise ValueError("each of train, validation and test must be above 0: all three are used by every run")
        return self


class Data(Section):
    target: str = Field(min_length=1, description="Column to predict.")
    task: Literal["binary"] = Field(default="binary", description="Kind of prediction.")
    positive_label: str | int = Field(description="The target's value that counts as 1; in quotes when it is a word.")
    features: dict[str, Feature] = Field(min_length=1, description="Columns the model sees, by name.")
    drop: tuple[str, ...] = Field(default=(), description="Columns that are known and not used.")
    key: str | None = Field(default=None, description="Column that identifies a row; unique in a file.")
    mode: Literal["snapshot", "append"] = Field(
        default="snapshot",
        description="snapshot: the newest file is the data set. append: all files under raw/ together are.",
    )
    split: Split = Field(default_factory=Split)
    missing_values: tuple[str, ...] = Field(
        default=DEFAULT_MISSING_VALUES, description="Cells that mean 'not known', after trimming spaces."
    )
    max_reject_ratio: Ratio = Field(default=0.01, description="Share of unreadable rows above which a run fails.")
    max_categories: int = Field(default=64, ge=2, description="Levels kept per categorical feature.")
    rare_level_min_count: int = Field(
        default=5, ge=1, description="Training rows a level needs to get a code of its own."
    )

    @field_validator("positive_label", mode="before")
    @classmethod
    def _is_not_a_yaml_boolean(cls, value: object) -> object:
        if isinstance(value, bool):
            raise ValueError(f"YAML reads this word as {str(value).lower()}: write it in quotes, as it is in the file")
        return value

    @model_validator(mode="after")
    def _columns_have_one_role(self) -> Self:
        roles: dict[str, str] = {self.target: "target"}
        named = [(self.key, "key")] if self.key else []
        named += [(column, "drop") for column in self.drop] + [(column, "features") for column in self.features]
        for column, role in named:
            if column in roles:
                raise ValueError(f"column {column!r} is in both {roles[column]} and {role}: give it one role")
            roles[column] = role
        return self

    @property
    def columns(self) -> frozenset[str]:
        """Every column that a file may hold."""
        return frozenset((self.target, *self.features, *self.drop, *([self.key] if self.key else [])))

    @property
    def required_columns(self) -> frozenset[str]:
        """The columns that a file must hold: dropped ones may be absent."""
        return self.columns - frozenset(self.drop)
