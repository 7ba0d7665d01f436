"""`SageMaker Model Package State Change`.

Source: SageMaker Developer Guide, "Events that SageMaker sends to EventBridge". An update that touches only metadata
emits the event again with the approval status unchanged; `UpdatedModelPackageFields` then tells what changed.
"""

from typing import Literal

from pydantic import Field

from sluice.events.envelope import Detail, Envelope

ApprovalStatus = Literal["Approved", "Rejected", "PendingManualApproval"]


class ModelPackageDetail(Detail):
    group: str = Field(alias="ModelPackageGroupName")
    version: int = Field(alias="ModelPackageVersion")
    arn: str = Field(alias="ModelPackageArn")
    status: str = Field(alias="ModelPackageStatus")
    approval_status: ApprovalStatus = Field(alias="ModelApprovalStatus")
    approval_description: str | None = Field(default=None, alias="ApprovalDescription")
    updated_fields: tuple[str, ...] | None = Field(default=None, alias="UpdatedModelPackageFields")
    creation_time: int | str | None = Field(default=None, alias="CreationTime")
    last_modified_time: int | str | None = Field(default=None, alias="LastModifiedTime")


class ModelPackageStateChange(Envelope):
    source: Literal["aws.sagemaker"]
    detail_type: Literal["SageMaker Model Package State Change"] = Field(alias="detail-type")
    detail: ModelPackageDetail

    @property
    def announces_approval_status(self) -> bool:
        """Whether the event tells of a new approval status and not of other metadata."""
        return self.detail.updated_fields is None or "ModelApprovalStatus" in self.detail.updated_fields

    @property
    def idempotency_key(self) -> str:
        """One change of one package: a later approval of the same package is another change."""
        changed = self.detail.last_modified_time or self.detail.creation_time or self.time.isoformat()
        return f"{self.detail.arn}#{self.detail.approval_status}#{changed}"
