"""SageMaker's schema of a model card's content. Source: SageMaker Developer Guide, "Model card JSON schema", and
CloudFormation's AWS::SageMaker::ModelCard, which has the same members in other letters."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from localcloud.errors import ApiError

Axis = Annotated[str, StringConstraints(max_length=63)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=63)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Line = Annotated[str, StringConstraints(max_length=1024)]
Text = Annotated[str, StringConstraints(max_length=2048)]
Key = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
Lines = Annotated[list[Line], Field(max_length=15)]
Row = Annotated[list[float], Field(min_length=1, max_length=20)]
Point = Annotated[list[float], Field(min_length=2, max_length=2)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", protected_namespaces=())


class Environment(_Part):
    container_image: Lines | None = None


class ModelOverview(_Part):
    model_id: Line | None = None
    model_name: Line | None = None
    model_description: Line | None = None
    model_version: Annotated[float, Field(ge=1)] | None = None
    problem_type: Line | None = None
    algorithm_type: Line | None = None
    model_creator: Line | None = None
    model_owner: Line | None = None
    model_artifact: Lines | None = None
    inference_environment: Environment | None = None


class Creator(_Part):
    user_profile_name: Axis | None = None


class SourceAlgorithm(_Part):
    algorithm_name: Annotated[str, StringConstraints(max_length=170)]
    model_data_url: Line | None = None


class Container(_Part):
    image: Annotated[str, StringConstraints(max_length=255)]
    model_data_url: Line | None = None
    nearest_model_name: str | None = None


class InferenceSpecification(_Part):
    containers: Annotated[list[Container], Field(min_length=1, max_length=15)]


class ModelPackageDetails(_Part):
    model_package_arn: Annotated[str, StringConstraints(min_length=1, max_length=2048)] | None = None
    model_package_description: Line | None = None
    model_package_group_name: Short | None = None
    model_package_name: Short | None = None
    model_package_version: Annotated[float, Field(ge=1)] | None = None
    model_package_status: Literal["Pending", "InProgress", "Completed", "Failed", "Deleting"] | None = None
    model_approval_status: Literal["Approved", "Rejected", "PendingManualApproval"] | None = None
    approval_description: Line | None = None
    created_by: Creator | None = None
    domain: str | None = None
    task: str | None = None
    source_algorithms: Annotated[list[SourceAlgorithm], Field(min_length=1, max_length=1)] | None = None
    inference_specification: InferenceSpecification | None = None


class IntendedUses(_Part):
    purpose_of_model: Text | None = None
    intended_uses: Text | None = None
    factors_affecting_model_efficiency: Text | None = None
    risk_rating: Literal["High", "Medium", "Low", "Unknown"] | None = None
    explanations_for_risk_rating: Text | None = None


class BusinessDetails(_Part):
    business_problem: Text | None = None
    business_stakeholders: Text | None = None
    line_of_business: Text | None = None


class Function(_Part):
    function: Literal["Maximize", "Minimize"] | None = None
    facet: Axis | None = None
    condition: Axis | None = None


class ObjectiveFunction(_Part):
    function: Function | None = None
    notes: Line | None = None


class TrainingMetric(_Part):
    name: Name
    value: float
    notes: Line | None = None


class HyperParameter(_Part):
    name: Name
    value: Name


class TrainingJobDetails(_Part):
    training_arn: Line | None = None
    training_datasets: Lines | None = None
    training_environment: Environment | None = None
    training_metrics: Annotated[list[TrainingMetric], Field(max_length=50)] | None = None
    user_provided_training_metrics: Annotated[list[TrainingMetric], Field(max_length=50)] | None = None
    hyper_parameters: Annotated[list[HyperParameter], Field(max_length=100)] | None = None
    user_provided_hyper_parameters: Annotated[list[HyperParameter], Field(max_length=100)] | None = None


class TrainingDetails(_Part):
    objective_function: ObjectiveFunction | None = None
    training_observations: Line | None = None
    training_job_details: TrainingJobDetails | None = None


class _Metric(_Part):
    name: Name
    notes: Line | None = None


class SimpleMetric(_Metric):
    type: Literal["number", "string", "boolean"]
    value: float | bool | Axis
    x_axis_name: Axis | None = None
    y_axis_name: Axis | None = None


class LinearGraphMetric(_Metric):
    type: Literal["linear_graph"]
    value: Annotated[list[Point], Field(min_length=1)]
    x_axis_name: Axis | None = None
    y_axis_name: Axis | None = None


class BarChartMetric(_Metric):
    type: Literal["bar_chart"]
    value: Annotated[list[float], Field(min_length=1)]
    x_axis_name: list[Axis] | None = None
    y_axis_name: Axis | None = None


class MatrixMetric(_Metric):
    type: Literal["matrix"]
    value: Annotated[list[Row], Field(min_length=1, max_length=20)]
    x_axis_name: list[Axis] | None = None
    y_axis_name: list[Axis] | None = None


Metric = Annotated[
    SimpleMetric | LinearGraphMetric | BarChartMetric | MatrixMetric,
    Field(discriminator="type"),
]


class MetricGroup(_Part):
    name: Short
    metric_data: list[Metric]


class EvaluationDetail(_Part):
    name: Short
    evaluation_observation: Annotated[str, StringConstraints(max_length=2096)] | None = None
    evaluation_job_arn: Annotated[str, StringConstraints(max_length=256)] | None = None
    datasets: Annotated[list[Line], Field(max_length=10)] | None = None
    metadata: dict[Key, Line] | None = None
    metric_groups: list[MetricGroup] = Field(default_factory=list)


class AdditionalInformation(_Part):
    ethical_considerations: Text | None = None
    caveats_and_recommendations: Text | None = None
    custom_details: dict[Key, Line] | None = None


class CardContent(_Part):
    model_overview: ModelOverview | None = None
    model_package_details: ModelPackageDetails | None = None
    intended_uses: IntendedUses | None = None
    business_details: BusinessDetails | None = None
    training_details: TrainingDetails | None = None
    evaluation_details: list[EvaluationDetail] = Field(default_factory=list)
    additional_information: AdditionalInformation | None = None


_SHOWN_AS_METADATA = {
    "model_overview": ("model_id", "model_name"),
    "intended_uses": ("risk_rating",),
    "model_package_details": ("model_package_group_name", "model_package_arn"),
}
"""botocore's documentation of DescribeModelCard: what IncludedData MetadataOnly leaves."""


def check_content(text: str) -> None:
    """Raises ApiError as SageMaker does for content that is no JSON, or not by the schema."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ApiError("ValidationException", f"The model card's content is not JSON: {error}") from error
    try:
        CardContent.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "content"
        reason = f"The model card's content does not follow the model card JSON schema: {place}: {first['msg']}"
        raise ApiError("ValidationException", reason) from error


def metadata_only(text: str) -> str:
    document: dict[str, Any] = json.loads(text)
    shown = {
        part: {name: document[part][name] for name in names if name in document[part]}
        for part, names in _SHOWN_AS_METADATA.items()
        if part in document
    }
    return json.dumps({part: members for part, members in shown.items() if members})
