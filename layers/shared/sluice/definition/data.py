"""`data`: what the columns of an uploaded file mean and how its rows are split."""

import math
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from sluice.definition.problems import FieldProblem, refuse
from sluice.definition.section import Section

Ratio = Annotated[float, Field(ge=0, le=1)]
Task = Literal["binary", "multiclass", "regression"]

DEFAULT_MISSING_VALUES = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")


class Feature(Section):
    type: Literal["numeric", "categorical"] = Field(description="How the column's cells are read.")


class Split(Section):
    """Shares of the rows.

    With method hash a row's split is a hash of its key, so it never changes when data is appended. With the other
    methods it may: where the cuts lie depends on all rows.
    """

    train: Ratio = Field(default=0.7, description="Share of rows for training.")
    validation: Ratio = Field(default=0.2, description="Share for early stopping, the threshold and tuning.")
    test: Ratio = Field(default=0.1, description="Share for the gate: never seen in training.")
    seed: int = Field(default=42, ge=0, description="Part of the hash: another seed, another split.")
    method: Literal["hash", "stratified", "time"] = Field(
        default="hash",
        description="hash: by the key. stratified: by the key within each value of `column`, so that every split has "
        "the same mix. time: by `column`, the oldest rows for training, the newest for the test.",
    )
    column: str | None = Field(
        default=None,
        min_length=1,
        description="stratified: the column whose values are mixed evenly (default: the target). time: the column of "
        "timestamps, ISO 8601 or seconds since 1970.",
    )

    @model_validator(mode="after")
    def _sums_to_one(self) -> Self:
        if not math.isclose(self.train + self.validation + self.test, 1.0, abs_tol=1e-6):
            raise ValueError(
                f"train + validation + test is {self.train + self.validation + self.test:g}: make them sum to 1"
            )
        if min(self.train, self.validation, self.test) <= 0:
            raise ValueError("each of train, validation and test must be above 0: all three are used by every run")
        return self

    @model_validator(mode="after")
    def _column_fits_the_method(self) -> Self:
        if self.method == "time" and self.column is None:
            refuse([FieldProblem("column", "is missing: name the column of timestamps that the split follows")])
        if self.method == "hash" and self.column is not None:
            refuse(
                [FieldProblem("column", "is not used by method hash: remove it, or write method: stratified or time")]
            )
        return self


class Missing(Section):
    """What a missing cell becomes; learned from the training rows only."""

    numeric: Literal["keep", "median"] = Field(
        default="keep", description="keep: XGBoost learns which way a missing number goes. median: the training rows'."
    )
    categorical: Literal["keep", "level"] = Field(
        default="keep", description="keep: as for numbers. level: 'not known' is a level like any other."
    )


class Data(Section):
    target: str = Field(min_length=1, description="Column to predict.")
    task: Task = Field(
        default="binary", description="Kind of prediction: one of two classes, one of several, or a number."
    )
    positive_label: str | int | None = Field(
        default=None, description="Binary only: the target's value that counts as 1; in quotes when it is a word."
    )
    features: dict[str, Feature] = Field(min_length=1, description="Columns the model sees, by name.")
    drop: tuple[str, ...] = Field(default=(), description="Columns that are known and not used.")
    key: str | None = Field(default=None, description="Column that identifies a row; unique in a file.")
    weight: str | None = Field(
        default=None, min_length=1, description="Column of sample weights: how much a row counts in training, ≥ 0."
    )
    mode: Literal["snapshot", "append"] = Field(
        default="snapshot",
        description="snapshot: the newest file is the data set. append: all files under raw/ together are.",
    )
    split: Split = Field(default_factory=Split)
    missing: Missing = Field(default_factory=Missing)
    missing_values: tuple[str, ...] = Field(
        default=DEFAULT_MISSING_VALUES, description="Cells that mean 'not known', after trimming spaces."
    )
    max_reject_ratio: Ratio = Field(default=0.01, description="Share of unreadable rows above which a run fails.")
    max_categories: int = Field(default=64, ge=2, le=65_535, description="Levels kept per categorical feature.")
    rare_level_min_count: int = Field(
        default=5, ge=1, description="Training rows a level needs to get a code of its own."
    )

    @field_validator("missing_values")
    @classmethod
    def _are_as_trimmed_as_cells(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value.strip() for value in values))

    @field_validator("positive_label", mode="before")
    @classmethod
    def _is_not_a_yaml_boolean(cls, value: object) -> object:
        if isinstance(value, bool):
            raise ValueError(f"YAML reads this word as {str(value).lower()}: write it in quotes, as it is in the file")
        return value

    @model_validator(mode="after")
    def _columns_have_one_role(self) -> Self:
        roles: dict[str, str] = {self.target: "target"}
        named = [(column, role) for column, role in ((self.key, "key"), (self.weight, "weight")) if column]
        named += [(column, "drop") for column in self.drop] + [(column, "features") for column in self.features]
        for column, role in named:
            if column in roles:
                raise ValueError(f"column {column!r} is in both {roles[column]} and {role}: give it one role")
            roles[column] = role
        return self

    @model_validator(mode="after")
    def _fits_the_task(self) -> Self:
        refuse(self._task_problems())
        return self

    def _task_problems(self) -> Iterator[FieldProblem]:
        if self.task == "binary" and self.positive_label in (None, ""):
            yield FieldProblem("positive_label", "is missing: add it, the target's value that counts as 1")
        if self.task != "binary" and self.positive_label is not None:
            yield FieldProblem("positive_label", f"is for binary tasks only, and task is {self.task}: remove it")
        split = self.split
        if self.task == "regression" and split.method == "stratified" and split.column in (None, self.target):
            yield FieldProblem(
                "split.column", "a number cannot be stratified by: name a column of few values, or write method: hash"
            )

    @property
    def columns(self) -> frozenset[str]:
        """Every column that a file may hold."""
        return frozenset((*self._used, *self.drop))

    @property
    def required_columns(self) -> frozenset[str]:
        """The columns that a file must hold: dropped ones may be absent, unless the split follows them."""
        return frozenset(self._used)

    @property
    def _used(self) -> tuple[str, ...]:
        optional = (self.key, self.weight, self.split.column)
        return (self.target, *self.features, *(column for column in optional if column))
