"""`training`: which algorithm learns, with what, on which machines."""

import json
from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from sluice.definition.hyperparameters import HYPERPARAMETERS, unknown_hyperparameter
from sluice.definition.problems import FieldProblem, refuse
from sluice.definition.section import Section

SPOT_CHECKPOINT_ROUNDS = 50
"""Rounds between checkpoints of spot training that names none: an interruption costs seconds, not the whole job."""

LONGEST_HYPERPARAMETER = 2500
"""Characters. SageMaker API Reference, CreateTrainingJob, HyperParameters."""


class Training(Section):
    algorithm: Literal["xgboost", "sklearn-random-forest", "custom"] = Field(
        default="xgboost", description="What learns. custom: your own `image`, which leaves an artifact like ours."
    )
    image: str | None = Field(
        default=None,
        pattern=r"^[^\s:@]+(:[0-9]+)?[^\s@]*(@sha256:[0-9a-f]{64})?$",
        max_length=255,
        description="custom only: URI of the training image, in this account's ECR.",
    )
    hyperparameters: dict[str, int | float | str] = Field(
        default_factory=dict, description="Passed to training as they are; what is absent keeps train.py's default."
    )
    class_weight: Literal["none", "balanced"] = Field(
        default="none", description="balanced: rows of rare classes count more, so that every class counts the same."
    )
    monotone_constraints: dict[str, Literal["increasing", "decreasing"]] = Field(
        default_factory=dict,
        description="By numeric feature: the prediction never falls (increasing) or rises (decreasing) as it grows.",
    )
    instance_type: str = Field(default="ml.m5.large", pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")
    instance_count: int = Field(
        default=1, ge=1, le=100, description="Instances that train one model, each on its share of the rows."
    )
    volume_gb: int = Field(default=30, ge=1, le=16384, description="Disk per instance, in GB.")
    spot: bool = Field(default=False, description="Managed spot training: cheaper, may be interrupted.")
    max_run_seconds: int = Field(default=3600, ge=60, le=2_419_200, description="The job is stopped after this.")
    max_wait_seconds: int | None = Field(
        default=None, description="Spot only: run time plus waiting for capacity; at least max_run_seconds."
    )
    checkpoint_rounds: int | None = Field(
        default=None,
        ge=0,
        le=100_000,
        description="Rounds between checkpoints, from which an interrupted job goes on to the model of one that ran "
        "through; another number, another model, as with another seed. 0: none. "
        f"Absent: {SPOT_CHECKPOINT_ROUNDS} with spot, else none.",
    )
    memory_share: float = Field(
        default=0.6,
        gt=0,
        le=1,
        description="Share of the machine's memory that training data may take; what is larger is read from disk.",
    )

    @property
    def checkpoint_interval(self) -> int:
        """Rounds between checkpoints; 0: none."""
        if self.checkpoint_rounds is not None:
            return self.checkpoint_rounds
        return SPOT_CHECKPOINT_ROUNDS if self.spot and self.algorithm == "xgboost" else 0

    @property
    def constraints_argument(self) -> str:
        """monotone_constraints as train.py's hyperparameter.

        Encoded twice: the container decodes each value once, and would pass an object on as name=value,name=value.
        """
        return json.dumps(json.dumps(self.monotone_constraints))

    @model_validator(mode="after")
    def _spot_needs_a_wait(self) -> Self:
        if self.spot and (self.max_wait_seconds is None or self.max_wait_seconds < self.max_run_seconds):
            raise ValueError(
                f"spot needs max_wait_seconds of at least max_run_seconds: write max_wait_seconds: "
                f"{2 * self.max_run_seconds}"
            )
        if not self.spot and self.max_wait_seconds is not None:
            raise ValueError("max_wait_seconds is for spot training only: remove it or write spot: true")
        return self

    @model_validator(mode="after")
    def _fits_the_algorithm(self) -> Self:
        refuse(self._image_problems())
        refuse([*self._hyperparameter_problems(), *self._length_problems()])
        refuse([*self._forest_problems(), *self._custom_problems()])
        return self

    def _image_problems(self) -> Iterator[FieldProblem]:
        if self.algorithm == "custom" and self.image is None:
            yield FieldProblem("image", "is missing: algorithm custom needs the URI of your training image")
        if self.algorithm != "custom" and self.image is not None:
            yield FieldProblem(
                "image", f"is for algorithm custom only, and algorithm is {self.algorithm}: remove it or write custom"
            )

    def _hyperparameter_problems(self) -> Iterator[FieldProblem]:
        for name, value in self.hyperparameters.items():
            problem = unknown_hyperparameter(self.algorithm, name)
            if problem is None and self.algorithm != "custom":
                problem = HYPERPARAMETERS[self.algorithm][name].problem(value)
            if problem is not None:
                yield FieldProblem(f"hyperparameters.{name}", problem)

    def _length_problems(self) -> Iterator[FieldProblem]:
        sent = {f"hyperparameters.{name}": str(value) for name, value in self.hyperparameters.items()}
        for path, text in {**sent, "monotone_constraints": self.constraints_argument}.items():
            if len(text) > LONGEST_HYPERPARAMETER:
                yield FieldProblem(
                    path,
                    f"takes {len(text):,} characters, and SageMaker {LONGEST_HYPERPARAMETER:,} at most: write less",
                )

    def _forest_problems(self) -> Iterator[FieldProblem]:
        if self.algorithm != "sklearn-random-forest":
            return
        if self.checkpoint_rounds:
            yield FieldProblem("checkpoint_rounds", "a random forest is not grown in rounds: remove it or write 0")
        if self.instance_count > 1:
            yield FieldProblem("instance_count", "a random forest is grown on one instance: write 1")

    def _custom_problems(self) -> Iterator[FieldProblem]:
        if self.algorithm != "custom":
            return
        instead = (
            "does not reach a custom image: remove it, and say it in training.hyperparameters in your image's words"
        )
        for name, given in (
            ("class_weight", self.class_weight != "none"),
            ("monotone_constraints", bool(self.monotone_constraints)),
        ):
            if given:
                yield FieldProblem(name, instead)
