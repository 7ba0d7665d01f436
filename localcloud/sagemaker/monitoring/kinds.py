"""The two kinds of monitoring that run here, and how the API calls them."""

from dataclasses import dataclass
from typing import Any, Final

HOUR: Final = 3600


@dataclass(frozen=True)
class Kind:
    """`prefix` begins the operations' and members' names; `title` is a MonitoringType.

    `longest_hourly` is what MaxRuntimeInSeconds may be on an hourly schedule: model quality takes two jobs.
    """

    prefix: str
    resource: str
    analysis: str
    job: str
    namespace: str
    longest_hourly: int

    @property
    def title(self) -> str:
        return self.prefix

    def member(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def endpoint_input(self, definition: Any) -> Any:
        return definition[self.member("JobInput")]["EndpointInput"]

    def output(self, definition: Any) -> Any:
        return definition[self.member("JobOutputConfig")]["MonitoringOutputs"][0]["S3Output"]

    def max_seconds(self, definition: Any) -> int:
        seconds: int = definition.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", self.longest_hourly)
        return seconds


# The namespaces as CloudWatch has them; AWS's pages write them with and without a slash in front.
DATA_QUALITY: Final = Kind(
    "DataQuality",
    "data-quality-job-definition",
    "DATA_QUALITY",
    "data-quality-monitoring",
    "aws/sagemaker/Endpoints/data-metrics",
    HOUR,
)
MODEL_QUALITY: Final = Kind(
    "ModelQuality",
    "model-quality-job-definition",
    "MODEL_QUALITY",
    "model-quality-monitoring",
    "aws/sagemaker/Endpoints/model-metrics",
    HOUR // 2,
)
KINDS: Final = {kind.title: kind for kind in (DATA_QUALITY, MODEL_QUALITY)}
