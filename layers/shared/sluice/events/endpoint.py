"""`SageMaker Endpoint State Change`.

The event spells the status IN_SERVICE where DescribeEndpoint spells it InService, and it may tell of an end state that
is not the one asked for: after a rollback an endpoint is IN_SERVICE on its old config. So a consumer takes from the
event only *which* endpoint to look at.
"""

from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope


class EndpointDetail(Detail):
    name: str = Field(alias="EndpointName")
    arn: str = Field(alias="EndpointArn")
    config_name: str | None = Field(default=None, alias="EndpointConfigName")
    status: str = Field(alias="EndpointStatus")
    failure_reason: str | None = Field(default=None, alias="FailureReason")
    last_modified_time: int | str | None = Field(default=None, alias="LastModifiedTime")


class EndpointStateChange(Envelope):
    source: Literal["aws.sagemaker"]
    detail_type: Literal["SageMaker Endpoint State Change"] = Field(alias="detail-type")
    detail: EndpointDetail
